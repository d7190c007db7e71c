"""The table of `monitor` commands, the same in every view: a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from gdbstub.monitor.values import shown
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError
from jit.debug.frames import FrameHandle


class MonitorError(Exception):
    """A command that does not exist or cannot be done; the text is for the user."""


Lines: TypeAlias = Iterator[str]


class Command(NamedTuple):
    """A command: its words as the user gives them, what it shows, and what makes its lines."""

    name: str
    arguments: str
    help: str
    run: Callable[[Debugger, list[int]], Lines]


def run_command(debugger: Debugger, text: str, output: Callable[[str], None]) -> None:
    """Run a command and give its lines to `output`. Raises `MonitorError`.

    Commands may be shortened as long as they are told apart.
    """
    words = text.split() or ["help"]
    found = [command for command in COMMANDS if command.name.startswith(words[0])]
    if not found:
        raise MonitorError(f"there is no command {words[0]!r}; try: monitor help")
    if len(found) > 1:
        names = ", ".join(command.name for command in found)
        raise MonitorError(f"{words[0]!r} may be any of {names}")
    command = found[0]
    try:
        numbers = [int(word, 0) for word in words[1:]]
    except ValueError:
        numbers = []
        if words[1:]:
            raise MonitorError(f"usage: monitor {command.name} {command.arguments}") from None
    if len(numbers) > bool(command.arguments):
        raise MonitorError(f"usage: monitor {command.name} {command.arguments}".rstrip())
    try:
        for line in command.run(debugger, numbers):
            output(line + "\n")
    except DebugError as error:
        raise MonitorError(str(error)) from error


def _help(debugger: Debugger, numbers: list[int]) -> Lines:
    for command in COMMANDS:
        yield f"{command.name + ' ' + command.arguments:16} {command.help}"


def _modules(debugger: Debugger, numbers: list[int]) -> Lines:
    for registered in debugger.modules():
        info = registered.info
        name = registered.module.name or "(no name)"
        yield (
            f"#{registered.index} {name}: {len(info.data)} bytes, {len(info.bodies)} functions,"
            f" {info.num_imported_funcs} imported, {len(info.globals)} globals"
        )


def _frames(debugger: Debugger, numbers: list[int]) -> Lines:
    most = numbers[0] if numbers else 20
    for index in range(most):
        frame = debugger.frame(index)
        if frame is None:
            return
        yield f"#{index} {_place(debugger, frame)}"
    if debugger.frame(most) is not None:
        yield f"(more: monitor frames {2 * most})"


def _place(debugger: Debugger, frame: FrameHandle) -> str:
    place = frame.wasm_function_index_and_pc()
    if place is None:
        return "(host)"
    info = debugger.module_of(frame).info
    index = info.num_imported_funcs + place[0]
    return (
        f"function {index} {info.func_name(index)}, pc {place[1]:#x}"
        f" (+{place[1] - info.bodies[place[0]].start:#x}),"
        f" {frame.num_locals()} locals, {frame.num_stacks()} operands"
    )


def _locals(debugger: Debugger, numbers: list[int]) -> Lines:
    frame = _frame(debugger, numbers)
    place = frame.wasm_function_index_and_pc()
    info = debugger.module_of(frame).info
    names = {}
    if place is not None:
        names = info.names.locals.get(info.num_imported_funcs + place[0], {})
    for index in range(frame.num_locals()):
        name = f" ${names[index]}" if index in names else ""
        yield f"{index}{name}: {shown(frame.local_type(index), frame.local_bits(index))}"


def _stack(debugger: Debugger, numbers: list[int]) -> Lines:
    frame = _frame(debugger, numbers)
    if not frame.num_stacks():
        yield "(empty)"
    for index in reversed(range(frame.num_stacks())):
        yield f"{index}: {shown(frame.stack_type(index), frame.stack_bits(index))}"


def _globals(debugger: Debugger, numbers: list[int]) -> Lines:
    frame = _frame(debugger, numbers)
    info = debugger.module_of(frame).info
    instance = frame.instance()
    for index, type_ in enumerate(info.globals):
        name = f" ${info.names.globals[index]}" if index in info.names.globals else ""
        mutable = "mut " if type_.mutable else ""
        yield f"{index}{name}: {mutable}{shown(type_.valtype, debugger.global_bits(instance, index))}"


def _frame(debugger: Debugger, numbers: list[int]) -> FrameHandle:
    index = numbers[0] if numbers else 0
    frame = debugger.frame(index)
    if frame is None:
        raise MonitorError(f"there is no frame {index}")
    return frame


# fmt: off
COMMANDS = (
    #       name       arguments  what it shows                                        lines
    Command("help",    "",        "these commands",                                    _help),
    Command("modules", "",        "the modules, in order of registration",             _modules),
    Command("frames",  "[COUNT]", "frames as Wasm sees them, 20 unless told",          _frames),
    Command("locals",  "[FRAME]", "locals of a frame, 0 the innermost",                _locals),
    Command("stack",   "[FRAME]", "operand stack of a frame, top first",               _stack),
    Command("globals", "[FRAME]", "globals of a frame's instance",                     _globals),
)
# fmt: on
