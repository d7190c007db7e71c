"""At -O2: whatever the DWARF gives a location for at a stop prints, and is what the Wasm machine holds.

The locations are read from the original module by LLVM's dumper; the machine's locals and operands by
`monitor`, which goes past DWARF, registers and windows.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jit.wasm.module import parse_module
from tests.gdb.locations import Function, Variable, functions
from tests.gdb.session import Gdb, Results, debug, debug_natively, plain, serving
from tests.gdb.test_session import ISSUED
from tests.guests.fixtures import Builder

LLDB = Path(__file__).parents[1] / "lldb"
CODE = 0xE0000000
STOPS = ("fib", "sum_of_ages", "scale", "widen", "read_line")
_WASM = re.compile(r"DW_OP_WASM_location 0x([02]) 0x([0-9a-f]+), DW_OP_stack_value$")
_CONSTANT = re.compile(r"DW_OP_(?:consts \+?(-?\d+)|lit(\d+)), DW_OP_stack_value$")
_INTEGERS = ("char", "int", "unsigned", "long", "size_t", "*")


@pytest.fixture(autouse=True)
def dumper() -> None:
    if shutil.which("llvm-dwarfdump-22") is None:
        pytest.skip("llvm-dwarfdump-22 is not installed")


def test_the_session_a_user_starts_with(guest: Builder, native_twin: Builder) -> None:
    ours = debug(guest("session", "O2"), ISSUED)
    theirs = debug_natively(native_twin("session", "O0"), ISSUED)
    for command in ("c", "print *p", "x/s p->name", "print n"):
        assert plain(ours.all(command)[0]) == plain(theirs.all(command)[0]), command
    assert ours["info locals"] == "left = <optimized out>\nright = <optimized out>"
    assert plain(ours["finish"]) == plain(theirs["finish"])


@pytest.mark.parametrize("version", [4, 5])
def test_what_is_left_of_a_struct_is_shown(guest: Builder, version: int) -> None:
    program = guest("partial", "O1", flags=(f"-gdwarf-{version}",), folder=Path(__file__).parent)
    said = debug(program, ("break 11", "c", "print p", "print p.b", "break 14", "c", "info locals"))
    assert said["print p"] == "$1 = {a = 2, b = <optimized out>}"
    assert said["print p.b"] == "$2 = <optimized out>"
    assert "l = {a = 4, d = <optimized out>, c = <optimized out>}" in said["info locals"]


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
def test_a_negative_short_is_set_to_a_positive_one(guest: Builder, opt: str) -> None:
    commands = ("break mark", "c", "up", "print s", "set var s = 5", "print s", "delete", "c")
    with serving(guest("narrow", opt, folder=Path(__file__).parent)) as server:
        server.end_input()
        said = Gdb(server.port, commands).results()
        output = server.output()
    assert said.all("print s") == ["$1 = -4", "$2 = 5"]
    assert output.splitlines()[0] == "50"


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
def test_a_breakpoint_in_a_loop_is_hit_each_time(guest: Builder, opt: str) -> None:
    """Optimised, the line begins with the op of the loop, which runs once."""
    commands = ("break branches.c:66", *["continue"] * 7, "info breakpoints")
    results = debug(guest("branches", opt, folder=LLDB), commands)
    assert "already hit 6 times" in results["info breakpoints"]


@pytest.mark.parametrize("opt", ["O1", "O2"])
def test_steps_come_back_to_the_line_of_a_loop(
    guest: Builder, native_twin: Builder, opt: str
) -> None:
    commands = ("break main", "continue", *["next"] * 9)
    ours = debug(guest("branches", opt, folder=LLDB), commands)
    theirs = debug_natively(native_twin("branches", opt, folder=LLDB), commands)
    assert ours.all("next") == theirs.all("next")
    assert len(set(ours.all("next"))) == 2


def session(places: list[list[str]]) -> list[str]:
    """Give the commands that stop in every function and then go on for two lines.

    `places` are the commands to be given at each stop.
    """
    commands = []
    stops = iter(places)
    for function in STOPS:
        for move in (("tbreak " + function, "continue"), ("next",), ("next",)):
            commands += [*move, *next(stops)]
    return commands


def dwarf_pcs(results: Results, payload: int) -> list[int]:
    texts = results.all("print/x $pc")
    return [int(text.split(" = ")[1], 16) - CODE - payload for text in texts]


def value_in(monitor: str, index: int) -> str:
    """Return a value from the lines of `monitor locals` or `monitor stack`."""
    [line] = [line for line in monitor.splitlines() if re.match(rf"{index}\b", line)]
    return line.split(": ")[1]


def check(variable: Variable, expression: str, shown: str, locals_: str, stack: str) -> bool:
    """Compare what gdb shows with the machine; say whether the location is of a shape known here."""
    assert "optimized out" not in shown and " = " in shown, (variable, shown)
    text = shown.split(" = ", 1)[1]
    if wasm := _WASM.match(expression):
        type_, value, bits = value_in(
            locals_ if wasm[1] == "0" else stack, int(wasm[2], 16)
        ).split()
    elif constant := _CONSTANT.match(expression):
        type_, value = "i32", constant[1] or constant[2]
        bits = f"({int(value) & 0xFFFFFFFF:#x})"
    else:
        return False
    if variable.type in ("double", "float"):
        assert type_ == {"double": "f64", "float": "f32"}[variable.type]
        assert float(text) == float(value), variable
    else:
        assert variable.type.endswith(_INTEGERS), variable
        size = 64 if "long long" in variable.type else 32
        assert int(text, 16) == int(bits.strip("()"), 16) % (1 << size), variable
    return True


def test_every_variable_with_a_location_prints_what_the_machine_holds(guest: Builder) -> None:
    program = guest("session", "O2")
    info = parse_module(program.program.read_bytes())
    assert info.code_section is not None
    known = list(functions(program.program))
    first = debug(program, session([["print/x $pc"]] * (3 * len(STOPS))), "read")
    pcs = dwarf_pcs(first, info.code_section[0])
    wanted = [variables_at(known, pc) for pc in pcs]
    places = [
        [
            "monitor locals",
            "monitor stack",
            *(f"print{'' if v.type in ('double', 'float') else '/x'} {v.name}" for v, _ in found),
        ]
        for found in wanted
    ]
    second = debug(program, session(places), "read")
    outputs = iter(second.outputs)
    compared = 0
    for found in wanted:
        locals_ = next(text for said, text in outputs if said == "monitor locals")
        _, stack = next(outputs)
        for variable, expression in found:
            said, shown = next(outputs)
            assert said.split()[1] == variable.name
            compared += check(variable, expression, shown.strip(), locals_, stack)
    assert compared > 15


def variables_at(known: list[Function], pc: int) -> list[tuple[Variable, str]]:
    """Return the variables that have a location at a DWARF address, with that location."""
    function = next((f for f in known if f.low <= pc < f.high), None)
    found = []
    for variable in function.variables if function else ():
        expression = variable.expression(pc)
        if expression is not None:
            found.append((variable, expression))
    return found


@pytest.mark.parametrize("function", STOPS[:4])
def test_arguments_are_those_of_the_native_program(
    guest: Builder, native_twin: Builder, function: str
) -> None:
    commands = [f"break {function}", "c", "info args", "delete", "finish"]
    ours = debug(guest("session", "O2"), commands)
    theirs = debug_natively(native_twin("session", "O0"), commands)
    assert plain(ours["info args"]) == plain(theirs["info args"])
    assert plain(ours["finish"].splitlines()[-1]) == plain(theirs["finish"].splitlines()[-1])
