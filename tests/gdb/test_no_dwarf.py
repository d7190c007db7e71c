"""A module without DWARF in stock gdb: a listing is its source, and everything works op by op."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.gdb.session import debug
from tests.guests.build import Guest
from tests.guests.fixtures import Builder

NAMED = ("-Wl,--strip-debug",)
NAMELESS = ("-Wl,--strip-all",)
LOCATION = re.compile(r"^(\d+)\t(.*)$", re.MULTILINE)


@pytest.fixture
def stripped(guest: Builder) -> Guest:
    """Give the C program of the sessions without DWARF."""
    return guest("session", flags=NAMED)


def source(guest: Guest) -> list[str]:
    """Return the lines of the listing, the first at index 1."""
    found = re.search(r"^Located in (/.*\.wat)$", debug(guest, ("info source",)).text, re.MULTILINE)
    assert found is not None
    path = Path(found[1])
    return ["", *path.read_text().splitlines()]


def steps(text: str) -> tuple[int, str]:
    """Return the line that gdb stands on, and its text."""
    found = LOCATION.findall(text)
    return int(found[-1][0]), found[-1][1].strip()


def disassembly(guest: Guest) -> dict[int, str]:
    """Return the mnemonics of all ops by their offset, as LLVM's disassembler has them."""
    dump = subprocess.run(
        ["llvm-objdump-22", "-d", str(guest.program)], capture_output=True, text=True, check=True
    ).stdout
    rows = re.findall(r"^ +([0-9a-f]+): (?:[0-9a-f]{2} ?)+ *\t(\S+)", dump, re.MULTILINE)
    return {int(offset, 16): mnemonic for offset, mnemonic in rows}


def test_a_step_is_one_op(stripped: Guest) -> None:
    commands = ["break fib", "c", "print/x $pc"]
    commands += ["step", "print/x $pc"] * 12
    ours = debug(stripped, commands)
    ops = disassembly(stripped)
    pcs = [int(text.split("0x")[1], 16) - 0xE0000000 for text in ours.all("print/x $pc")]
    following = sorted(ops)
    first = following.index(pcs[0])
    straight = pcs[: next((n for n, pc in enumerate(pcs) if ops[pc].startswith("br")), None)]
    assert straight == following[first : first + len(straight)]
    assert len(straight) > 5
    lines = [steps(text) for text in (ours["c"], *ours.all("step"))]
    for pc, (_, text) in zip(pcs, lines, strict=True):
        assert text.split()[0].removesuffix(")") == ops[pc]


def test_functions_locals_and_frames(stripped: Guest) -> None:
    commands = ("break fib", "c", "info args", "info locals", "bt", "up", "info args", "finish")
    ours = debug(stripped, commands)
    assert re.search(r"Breakpoint 1 at 0xe\w+: file /.*/session.wat, line \d+\.", ours["break fib"])
    assert re.match(r"local0 = -?\d+", ours["info args"])
    assert re.search(r"^local\d+ = ", ours["info locals"], re.MULTILINE)
    frames = ours["bt"].splitlines()
    assert frames[0].startswith("#0  fib (local0=")
    assert re.match(r"#1 .* in main \(", frames[1])
    assert len(frames) == 2


def test_locals_are_written_and_results_shown(stripped: Guest) -> None:
    commands = (
        "break fib",
        "c",
        "set var local0 = 1",
        "print local0",
        "print sizeof(local0)",
        "whatis local0",
        "delete",
        "finish",
    )
    ours = debug(stripped, commands)
    assert ours["print local0"] == "$1 = 1"
    assert ours["print sizeof(local0)"] == "$2 = 4"
    assert ours["whatis local0"] == "type = i32"
    assert "Value returned is $3 = 1" in ours["finish"]


def test_what_a_function_takes_is_not_guessed(stripped: Guest) -> None:
    commands = (
        "break fib",
        "c",
        "delete",
        "up",
        "print fib",
        "print fib(4)",
        "print (int)fib(4, 0)",
    )
    ours = debug(stripped, commands)
    assert re.fullmatch(r"\$1 = \{<text variable, no debug info>\} 0xe\w+ <fib>", ours["print fib"])
    assert "has unknown return type; cast the call" in ours["print fib(4)"]
    assert ours["print (int)fib(4, 0)"].startswith("$2 = ")


def test_functions_are_found_by_pattern(stripped: Guest) -> None:
    ours = debug(stripped, ("rbreak ^fib", "c", "info functions ^fib"))
    assert ours["rbreak ^fib"].count("Breakpoint") == 1
    assert re.search(r"^Breakpoint 1, fib \(local0=", ours["c"], re.MULTILINE)
    assert ours["info functions ^fib"].endswith("\ti32 fib.wat(i32, i32);")


def test_breakpoints_by_line(stripped: Guest) -> None:
    first = debug(stripped, ("break fib", "c"))
    line, text = steps(first["c"])
    ours = debug(
        stripped,
        (f"break session.wat:{line + 2}", "c", f"list {line},{line + 2}", "info breakpoints"),
    )
    listing = source(stripped)
    assert listing[line].strip() == text
    assert steps(ours["c"]) == (line + 2, listing[line + 2].strip())
    shown = [row.split("\t", 1)[1] for row in ours[f"list {line},{line + 2}"].splitlines()]
    assert shown == listing[line : line + 3]


def test_a_watched_local(stripped: Guest) -> None:
    ours = debug(stripped, ("break fib", "c", "delete", "watch local2", "c", "info line"))
    assert re.search(r"Old value = 0\nNew value = \d+", ours.all("c")[1])


def test_conditions_on_locals(stripped: Guest) -> None:
    ours = debug(stripped, ("break fib if local0 == 2", "c", "print local0"))
    assert ours["print local0"] == "$1 = 2"


def test_next_steps_over_a_call_and_step_into_it(stripped: Guest) -> None:
    first = debug(stripped, ("break fib", "c"))
    line, _ = steps(first["c"])
    listing = source(stripped)
    call = next(n for n in range(line, len(listing)) if listing[n].strip() == "call $fib")
    at_call = ("break fib", "c", "delete", f"break session.wat:{call}", "c", "delete")
    ours = debug(stripped, (*at_call, "next"))
    assert steps(ours["next"]) == (call + 1, listing[call + 1].strip())
    ours = debug(stripped, (*at_call, "step"))
    assert steps(ours["step"])[0] == line


def test_functions_without_names(guest: Builder) -> None:
    program = guest("session", flags=NAMELESS)
    ours = debug(program, ("break func9", "info functions func1", "c", "info symbol $pc"))
    assert re.match(r"Breakpoint 1 at 0xe", ours["break func9"])
    assert "func10" in ours["info functions func1"]
    assert ours["info symbol $pc"].startswith("func9 in section .text")


def test_the_vmctx_has_a_type(stripped: Guest) -> None:
    commands = (
        "break fib",
        "c",
        "print $vmctx",
        "print *$vmctx",
        "print $vmctx->__stack_pointer",
        "set var $vmctx->__stack_pointer = 65536",
        "print $vmctx->__stack_pointer",
        "ptype $vmctx",
        "print $wasm_pc == (unsigned)$pc - 0xe0000000",
        "print $wasm_depth",
        "print $wasm_func",
        "up",
        "print $wasm_func",
        "print $wasm_pc == (unsigned)$pc - 0xe0000000",
        "print $vmctx->__stack_pointer",
    )
    ours = debug(stripped, commands)
    assert re.match(r"\$1 = \(struct wasm_vmctx \*\) 0xf8000000", ours["print $vmctx"])
    assert "memory = {base = 0x0, size = 131072}" in ours["print *$vmctx"]
    assert ours.all("print $vmctx->__stack_pointer")[1].endswith(" = 65536")
    assert "i32 __stack_pointer;" in ours["ptype $vmctx"]
    same = ours.all("print $wasm_pc == (unsigned)$pc - 0xe0000000")
    assert [text.split(" = ")[1] for text in same] == ["1", "1"]
    functions = [int(text.split(" = ")[1]) for text in ours.all("print $wasm_func")]
    assert functions[0] != functions[1]
    assert int(ours["print $wasm_depth"].split(" = ")[1]) >= 4


@pytest.mark.parametrize("flags", [(), NAMED], ids=["dwarf", "none"])
def test_tables_show_their_functions(guest: Builder, flags: tuple[str, ...]) -> None:
    program = guest("session", flags=flags)
    commands = (
        "break fib",
        "c",
        "print $vmctx->table0",
        "print *$vmctx->table0.elements@$vmctx->table0.size",
        "print $vmctx->table0.elements[1]",
    )
    ours = debug(program, commands)
    size = int(re.search(r"size = (\d+)", ours["print $vmctx->table0"])[1])  # type: ignore[index]
    elements = ours[commands[3]]
    assert elements.count(",") == size - 1
    assert elements.split("{")[1].startswith("0x0, 0xe")
    assert re.search(r"\(funcref\) 0xe\w+ <\w+>", ours["print $vmctx->table0.elements[1]"])
