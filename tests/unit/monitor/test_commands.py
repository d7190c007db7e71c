"""`monitor` commands on a guest that stands at an op of its second function."""

from __future__ import annotations

import pytest
import wasmtime

from gdbstub.monitor import MonitorError, run_command
from gdbstub.monitor.commands import COMMANDS
from gdbstub.monitor.values import shown
from jit import Config, Engine, Func, Instance, Module, Store
from jit.debug.debugger import Debugger
from jit.debug.events import DebugEvent

TEXT = """
(module $sample
  (global $count (mut i32) (i32.const -2))
  (global f64 (f64.const 0.5))
  (func (export "start") (local i64) (drop (call $inner (i32.const 7))))
  (func $inner (param $n i32) (result i32) (local f32)
    (i32.add (local.get $n) (i32.const 1))))
"""
I32, I64, F32, F64, FUNCREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x70


def say(command: str) -> str:
    """Give what a command prints before the addition in `inner`."""
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    instance = Instance(store, Module(store.engine, bytes(wasmtime.wat2wasm(TEXT))), [])
    start = instance.exports(store)["start"]
    assert isinstance(start, Func)
    debugger = Debugger(store)
    inner = debugger.boundaries(0, 1)
    lines: list[str] = []
    debugger.set_breakpoint(0, inner[2])

    def handle(event: DebugEvent) -> None:
        run_command(debugger, command, lines.append)

    debugger.run(lambda: start(store), handle)
    return "".join(lines)


def test_modules() -> None:
    assert say("modules").startswith("#0 sample: ")
    assert "2 functions, 0 imported, 2 globals" in say("modules")


def test_frames() -> None:
    inner, start = say("frames").splitlines()
    assert inner.startswith("#0 function 1 inner, pc 0x") and inner.endswith("2 locals, 2 operands")
    assert start.startswith("#1 function 0 start, pc 0x")
    assert say("frames 1").splitlines()[1] == "(more: monitor frames 2)"


def test_locals() -> None:
    assert say("locals") == "0 $n: i32 7 (0x7)\n1: f32 0.0 (0x0)\n"
    assert say("locals 1") == "0: i64 0 (0x0)\n"


def test_stack() -> None:
    assert say("stack") == "1: i32 1 (0x1)\n0: i32 7 (0x7)\n"


def test_globals() -> None:
    first, second = say("globals").splitlines()
    assert first == "0 $count: mut i32 -2 (0xfffffffe)"
    assert second == "1: f64 0.5 (0x3fe0000000000000)"


@pytest.mark.parametrize("command", ["", "h", "help"])
def test_help_names_every_command(command: str) -> None:
    assert [line.split()[0] for line in say(command).splitlines()] == [c.name for c in COMMANDS]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("nonsense", "no command 'nonsense'"),
        ("locals 9", "no frame 9"),
        ("locals x", "usage: monitor locals"),
        ("modules 1", "usage: monitor modules"),
    ],
)
def test_a_wrong_command_says_so(command: str, text: str) -> None:
    with pytest.raises(MonitorError, match=text):
        say(command)


@pytest.mark.parametrize(
    ("type_", "bits", "text"),
    [
        (I32, 0xFFFFFFFF, "i32 -1 (0xffffffff)"),
        (I64, 1 << 63, "i64 -9223372036854775808 (0x8000000000000000)"),
        (F32, 0x3FC00000, "f32 1.5 (0x3fc00000)"),
        (F64, 0x7FF8000000000000, "f64 nan (0x7ff8000000000000)"),
        (FUNCREF, 0, "reference null"),
        (FUNCREF, 0x1000, "reference 0x1000"),
    ],
)
def test_values(type_: int, bits: int, text: str) -> None:
    assert shown(type_, bits) == text
