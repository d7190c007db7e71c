"""What commands are about: the guest at its stop, and how users name its frames and functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from jit import Instance
from jit.debug.debugger import Debugger, RegisteredModule
from jit.debug.frames import FrameHandle

Lines: TypeAlias = Iterator[str]

_MOST_DIGITS = 20  # of 64 bits


class MonitorError(Exception):
    """A command that does not exist or cannot be done; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A guest that stands still; `dwarf` tells what became of its debug information."""

    debugger: Debugger
    dwarf: Callable[[], Lines]

    def frame(self, words: list[str]) -> FrameHandle:
        """Return the frame a user names by number, the innermost for no name."""
        index = number(words[0]) if words else 0
        frame = self.debugger.frame(index)
        if frame is None:
            raise MonitorError(f"there is no frame {index}")
        return frame

    def instances(self) -> Iterator[tuple[int, Instance]]:
        """Yield the instances with their numbers, that of the innermost frame first."""
        frame = self.debugger.frame(0)
        here = None if frame is None else frame.instance()
        numbered = list(enumerate(self.debugger.instances()))
        yield from sorted(numbered, key=lambda known: known[1] is not here)

    def function(self, text: str) -> tuple[Instance, int]:
        """Return the function a user names, by index or name, and the instance to find it in.

        An index is one of the innermost frame's instance; a name is looked for there first. What is
        in brackets may be left out of a name that is then still the only one.
        """
        instances = [instance for _, instance in self.instances()]
        if not instances:
            raise MonitorError("there are no functions yet")
        if text.isdecimal() and len(text) <= _MOST_DIGITS:
            count = len(instances[0].module.info.func_types)
            if int(text) >= count:
                raise MonitorError(f"there is no function {text}: there are {count}")
            return instances[0], int(text)
        for instance in instances:
            index = _named(instance, text)
            if index is not None:
                return instance, index
        raise MonitorError(f"there is no function {text!r}")

    def module_of(self, instance: Instance) -> RegisteredModule:
        """Return an instance's module."""
        return next(m for m in self.debugger.modules() if m.module is instance.module)


def _named(instance: Instance, text: str) -> int | None:
    """Return the index of a module's function with a name."""
    info = instance.module.info
    for export in info.exports:
        if export.kind == "func" and export.name == text:
            return export.index
    names = [(index, info.func_name(index)) for index in range(len(info.func_types))]
    whole = [index for index, name in names if text in (name, f"func{index}")]
    if whole:
        return whole[-1]  # the module's own, should an import have the same name
    short = [index for index, name in names if name.partition("(")[0] == text]
    if len(short) > 1:
        all_names = ", ".join(info.func_name(index) for index in short)
        raise MonitorError(f"{text!r} may be any of {all_names}")
    return short[0] if short else None


def number(text: str) -> int:
    """Return a number, decimal or hexadecimal."""
    try:
        found = int(text, 0)
    except ValueError:
        found = -1
    if not 0 <= found < 1 << 64:
        raise MonitorError(f"{text!r} is no number")
    return found
