"""The sessions by which Wasmtime tests its own debuggers, with every value checked.

Op by op through a module without debug information; an endless loop that is interrupted, let go by a
write to memory and run to its end; a breakpoint in fib, and steps there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from tests.guests.build import Guest
from tests.guests.fixtures import Builder
from tests.lldb.session import TIME_LIMIT, Results, debug, debug_natively, terminal
from tests.serving import serving

HERE = Path(__file__).parent

SIMPLE = """(module (memory (export "memory") 1)
  (func (export "_start") (local i32 i64)
    i32.const 1
    local.set 0
    i64.const 2
    local.set 1
    i32.const 3
    local.set 0))"""

LOOP = """(module (memory (export "memory") 1)
  (func (export "_start")
    block $exit
      loop $again
        i32.const 0
        i32.load8_u
        br_if $exit
        br $again
      end
    end))"""


def guest_of(text: str, folder: Path) -> Guest:
    """Make a program of a text."""
    program = folder / "story.wasm"
    program.write_bytes(wat2wasm(text))
    return Guest("story", "O0", program, program)


def replies(results: Results, packet: str) -> list[str]:
    """Return what the server answered to a packet each time."""
    texts = results.all(f"process plugin packet send {packet}")
    return [match[1] for text in texts if (match := re.search(r"response: (\S*)", text))]


def test_op_by_op(tmp_path: Path) -> None:
    look = (
        "register read pc",
        "process plugin packet send qWasmLocal:0;0",
        "process plugin packet send qWasmLocal:0;1",
        "process plugin packet send qWasmStackValue:0;0",
    )
    guest = guest_of(SIMPLE, tmp_path)
    results = debug(guest, (*look, *(line for _ in range(6) for line in ("si", *look)), "c"))
    pcs = [int(text.split()[2], 16) & 0xFFFF for text in results.all("register read pc")]
    # i32.const and i64.const have one byte of number here, local.set has one of index.
    assert [pc - pcs[0] for pc in pcs] == [0, 2, 4, 6, 8, 10, 12]
    assert guest.program.read_bytes()[pcs[0]] == 0x41
    assert replies(results, "qWasmLocal:0;0") == [
        *["00000000"] * 2,
        *["01000000"] * 4,
        "03000000",
    ]
    assert replies(results, "qWasmLocal:0;1") == [*["00" * 8] * 4, *["02" + "00" * 7] * 3]
    operands = replies(results, "qWasmStackValue:0;0")
    assert operands[1::2] == ["01000000", "0200000000000000", "03000000"]
    assert [reply[:3] for reply in operands[::2]] == ["E16"] * 4
    assert "exited with status = 0" in results["c"]


def test_a_loop_that_is_interrupted(tmp_path: Path) -> None:
    options = ("--once", "--log-packets")
    with (
        serving(guest_of(LOOP, tmp_path), options=options) as server,
        terminal(server.port, r"stop reason = trace[^$]*?load8_u 0") as lldb,
    ):
        lldb.go_on()
        server.wait_for("c")
        lldb.interrupt("stop reason = signal SIGINT")
        assert lldb.say("memory read -c 1 -s 1 -f x 0", r"00: 0x\w\w").endswith("0x00")
        lldb.say("memory write 0 1", r"\(lldb\) ")
        lldb.say("c", "exited with status = 0")
        assert server.process.wait(timeout=TIME_LIMIT) == 0


FIB = {
    "a breakpoint": ("b fib", "c", "frame variable n", "bt", "c"),
    "steps": (
        *("b fib", "c"),
        *("n", "n", "n", "frame variable before result i", "n", "frame variable next"),
        *("n", "n", "frame variable before result next", "c"),
    ),
}


@pytest.mark.parametrize("commands", FIB.values(), ids=FIB)
def test_fib(guest: Builder, native_twin: Builder, commands: tuple[str, ...]) -> None:
    ours = debug(guest("fib", folder=HERE), commands)
    theirs = debug_natively(native_twin("fib", folder=HERE), commands)
    assert ours.stops() == theirs.stops()
    for command in commands:
        if command.startswith("frame"):
            assert ours[command] == theirs[command]
    assert ours.guest == "8\n"
    assert "exited with status = 0" in ours["c"]
