"""The table of `monitor` commands, the same in every view: a row each."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import NamedTuple

from gdbstub.monitor import calls, code, state, writes
from gdbstub.monitor.subject import Lines, MonitorError, Subject
from jit.debug.errors import DebugError


class Command(NamedTuple):
    """A command: its words as the user gives them, what it shows, and what makes its lines.

    An argument in brackets may be left out; one followed by dots may be any number.
    """

    name: str
    arguments: str
    help: str
    run: Callable[[Subject, list[str]], Lines]

    @property
    def counts(self) -> tuple[int, int | None]:
        """How many arguments it takes, at least and at most; None for any number."""
        words = self.arguments.split()
        least = sum(not word.startswith("[") for word in words)
        return least, None if self.arguments.endswith("...]") else len(words)


def run_command(subject: Subject, text: str) -> Lines:
    """Run a command and yield its lines, each as it is made. Raises `MonitorError`, there and then.

    Commands may be shortened as long as they are told apart.
    """
    try:
        words = shlex.split(text) or ["help"]
    except ValueError as error:
        raise MonitorError(f"{text!r}: {error}") from None
    command = _find(words[0])
    least, most = command.counts
    if not least <= len(words) - 1 or (most is not None and len(words) - 1 > most):
        raise MonitorError(f"usage: monitor {command.name} {command.arguments}".rstrip())
    try:
        for line in command.run(subject, words[1:]):
            yield line + "\n"
    except DebugError as error:
        raise MonitorError(str(error)) from error


def _find(word: str) -> Command:
    found = [command for command in COMMANDS if command.name.startswith(word)]
    exact = [command for command in found if command.name == word]
    if not found:
        raise MonitorError(f"there is no command {word!r}; try: monitor help")
    if len(found) > 1 and not exact:
        names = ", ".join(command.name for command in found)
        raise MonitorError(f"{word!r} may be any of {names}")
    return (exact or found)[0]


def _help(subject: Subject, words: list[str]) -> Lines:
    for command in COMMANDS:
        yield f"{command.name + ' ' + command.arguments:28} {command.help}"
    yield "FUNCTION is a name (in quotes if it has spaces) or an index, PC an offset in the module's file."
    yield f"In a call nothing stops, breakpoints included; after {calls.TIME_LIMIT:g} s it is ended."


# fmt: off
COMMANDS = (
    #       name           arguments          what it shows                                     lines
    Command("help",        "",                "these commands",                                 _help),
    Command("frames",      "[COUNT]",         "frames as Wasm sees them, 20 unless told",       state.frames),
    Command("locals",      "[FRAME]",         "locals of a frame, 0 the innermost",             state.locals_),
    Command("stack",       "[FRAME]",         "operand stack of a frame, top first",            state.stack),
    Command("globals",     "[FRAME]",         "globals of a frame's instance",                  state.globals_),
    Command("memories",    "",                "memories and their sizes",                       state.memories),
    Command("tables",      "[COUNT]",         "tables and the functions in them, 20 each",      state.tables),
    Command("modules",     "",                "the modules, in order of registration",          code.modules),
    Command("disassemble", "[FUNCTION|PC]",   "ops of a function, the innermost frame's if none is named", code.disassemble),
    Command("dwarf",       "",                "what became of the debug information",           code.dwarf),
    Command("stats",       "",                "what the engine has compiled and done",          code.stats),
    Command("set",         "local|stack|global|table PLACE VALUE [FRAME]", "write one of these, by index; a table's slot gets a FUNCTION or null", writes.set_),
    Command("call",        "FUNCTION [ARGUMENT...]", "call a function with numbers, by its Wasm signature", calls.call),
)
# fmt: on
