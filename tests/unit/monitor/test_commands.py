"""`monitor` commands on a guest that stands at an op of its second function."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import wasmtime

from gdbstub.monitor import MonitorError, Subject, calls, run_command
from gdbstub.monitor.commands import COMMANDS
from gdbstub.monitor.values import parsed, shown
from jit import Config, Engine, Func, FuncType, Instance, Module, Store
from jit.debug.debugger import Debugger
from jit.debug.events import DebugEvent

TEXT = """
(module $sample
  (global $count (mut i32) (i32.const -2))
  (global f64 (f64.const 0.5))
  (func (export "start") (local i64) (drop (call $inner (i32.const 7))))
  (func $inner (param $n i32) (result i32) (local f32)
    (i32.add (local.get $n) (i32.const 1)))
  (memory 2 3)
  (table 4 funcref)
  (elem (i32.const 1) $inner)
  (func $scale (param i64 f32 f64) (result i64 f32 f64)
    (i64.mul (local.get 0) (i64.const -2)) (local.get 1) (f64.add (local.get 2) (f64.const 0.5)))
  (func $divide (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
  (func $count_up (global.set $count (i32.add (global.get $count) (i32.const 1))))
  (func $forever (loop (br 0))))
"""
I32, I64, F32, F64, V128, FUNCREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70


def say(*commands: str, text: str = TEXT) -> str:
    """Give what commands print before the last op but one, in the sample the addition in `inner`."""
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    instance = Instance(store, Module(store.engine, bytes(wasmtime.wat2wasm(text))), [])
    start = instance.exports(store)["start"]
    assert isinstance(start, Func)
    debugger = Debugger(store)
    pcs = debugger.boundaries(0, 1 if text is TEXT else 0)
    lines: list[str] = []
    debugger.set_breakpoint(0, pcs[-2])

    def handle(event: DebugEvent) -> None:
        for command in commands:
            lines.extend(run_command(Subject(debugger, lambda: iter(["as it is"])), command))

    debugger.run(lambda: start(store), handle)
    return "".join(lines)


def test_modules() -> None:
    assert say("modules").startswith("#0 sample: ")
    assert "6 functions, 0 imported, 2 globals" in say("modules")


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


def test_memories() -> None:
    assert say("memories") == "instance 0 (sample), memory 0: 2 pages, at most 3, 0x20000 bytes\n"


def test_tables() -> None:
    assert say("tables").splitlines() == [
        "instance 0 (sample), table 0: 4 slots of funcref",
        "  1: function 1 inner",
    ]
    assert say("tables 0").splitlines()[1] == "  (more: monitor tables 20)"


@pytest.mark.parametrize("argument", ["", " inner", " 1"])
def test_disassembly_marks_where_the_guest_is(argument: str) -> None:
    head, *ops = say("disassemble" + argument).splitlines()
    assert "$inner" in head and "(param $n i32)" in head
    assert [op.split()[-1] for op in ops if op.startswith("=>")] == ["i32.add"]


def test_disassembly_by_pc_marks_the_op_there() -> None:
    ops = say("disassemble scale").splitlines()
    pc = next(op.split()[0] for op in ops if op.endswith("i64.mul"))
    marked = [line for line in say(f"disassemble {pc}").splitlines() if line.startswith("=>")]
    assert [line.split()[1:] for line in marked] == [[pc, "i64.mul"]]


def test_dwarf_is_told_by_the_view() -> None:
    assert say("dwarf") == "as it is\n"


def test_stats_count_what_was_compiled() -> None:
    before, after = (say(*c) for c in (("stats",), ("call divide 7 2", "stats")))
    assert "sample: 2 of 6 functions compiled" in before and "frames: 2\n" in before
    assert "sample: 3 of 6 functions compiled" in after


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("call inner 41", "i32 42 (0x2a)\n"),
        ("call 1 -1", "i32 0 (0x0)\n"),
        ("call func3 0x10 0x3", "i32 5 (0x5)\n"),
        ("call divide -1 1", "i32 -1 (0xffffffff)\n"),
        (
            "call scale 4000000000 1.5 -inf",
            "i64 -8000000000 (0xfffffffe2329b000)\n"
            "f32 1.5 (0x3fc00000)\nf64 -inf (0xfff0000000000000)\n",
        ),
        ("call count_up", "count_up returned\n"),
    ],
)
def test_calls_by_name_or_index_show_typed_results(command: str, text: str) -> None:
    assert say(command) == text


def test_a_call_changes_what_the_function_changes_and_nothing_else() -> None:
    shown_state = ("frames", "locals", "stack", "locals 1")
    assert say(*shown_state, "call inner 3", *shown_state) == (
        say(*shown_state) + "i32 4 (0x4)\n" + say(*shown_state)
    )
    assert "$count: mut i32 -1" in say("call count_up", "globals")


@pytest.mark.parametrize(
    ("command", "text", "look"),
    [
        ("set local 0 -3", "0 $n: i32 -3 (0xfffffffd)", "locals"),
        ("set local 1 2.5", "1: f32 2.5 (0x40200000)", "locals"),
        ("set local 0 0x10 1", "0: i64 16 (0x10)", "locals 1"),
        ("set stack 1 40", "1: i32 40 (0x28)", "stack"),
        ("set global count 5", "0 $count: mut i32 5 (0x5)", "globals"),
        ("set global $count 6", "0 $count: mut i32 6 (0x6)", "globals"),
        ("set global 1 nan", "1: f64 nan (0x7ff8000000000000)", "globals"),
        ("set table 3 divide", "3: function 3 divide", "tables"),
        ("set table 0:2 2", "2: function 2 scale", "tables"),
        ("set table 1 null", "1: null", "tables"),
    ],
)
def test_what_is_written_is_there(command: str, text: str, look: str) -> None:
    said, *after = (line.strip() for line in say(command, look).splitlines())
    assert said == text
    assert (text in after) is (command != "set table 1 null")  # empty slots are not listed


def test_the_guest_goes_on_with_what_was_written() -> None:
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    instance = Instance(store, Module(store.engine, bytes(wasmtime.wat2wasm(TEXT))), [])
    debugger = Debugger(store)
    debugger.set_breakpoint(0, debugger.boundaries(0, 1)[2])  # the addition
    subject = Subject(debugger, lambda: iter(()))

    def handle(event: DebugEvent) -> None:
        for command in ("set stack 0 100", "set stack 1 20", "set local 0 0"):
            assert len([*run_command(subject, command)]) == 1

    assert debugger.run(lambda: instance.func(1).call_bits([7]), handle) == [120]


def test_a_call_leaves_the_stack_in_linear_memory_as_it_was() -> None:
    text = """
    (module (memory 1) (global $__stack_pointer (mut i32) (i32.const 8192))
      (func (export "start") (nop))
      (func $push (result i32)
        (global.set 0 (i32.sub (global.get 0) (i32.const 16)))
        (global.get 0)))
    """
    said = say("call push", "call push", "globals", text=text).splitlines()
    assert said[:2] == [f"i32 {8192 - 1024 - 16} (0x1bf0)"] * 2
    assert said[2] == "0 $__stack_pointer: mut i32 8192 (0x2000)"


def test_nothing_stops_in_a_call() -> None:
    # The guest stands at a breakpoint in the function that is called.
    assert say(*["call inner 1"] * 3) == "i32 2 (0x2)\n" * 3


def test_a_call_that_does_not_return_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TIME_LIMIT", 0.05)
    with pytest.raises(MonitorError, match=r"forever was ended: .* within 0\.05 seconds"):
        say("call forever")


def test_another_thread_may_call_while_the_guests_waits() -> None:
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    instance = Instance(store, Module(store.engine, bytes(wasmtime.wat2wasm(TEXT))), [])
    debugger = Debugger(store)
    debugger.set_breakpoint(0, debugger.boundaries(0, 1)[2])
    lines: list[str] = []
    subject = Subject(debugger, lambda: iter(()))

    def handle(event: DebugEvent) -> None:
        with ThreadPoolExecutor() as pool:
            lines.extend(pool.submit(lambda: [*run_command(subject, "call divide 84 2")]).result())
            lines.extend(pool.submit(lambda: [*run_command(subject, "call inner 1")]).result())

    results = debugger.run(lambda: instance.func(1).call_bits([7]), handle)
    assert (results, lines) == ([8], ["i32 42 (0x2a)\n", "i32 2 (0x2)\n"])


@pytest.mark.parametrize("command", ["", "h", "help"])
def test_help_names_every_command(command: str) -> None:
    lines = say(command).splitlines()
    assert [line.split()[0] for line in lines[: len(COMMANDS)]] == [c.name for c in COMMANDS]


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("nonsense", "no command 'nonsense'"),
        ("locals 9", "no frame 9"),
        ("locals x", "'x' is no number"),
        ("locals 0x" + "f" * 4000, "ff' is no number"),
        ("set global 0x" + "f" * 4000 + " 1", "ff' is no number"),
        ("disassemble " + "9" * 5000, "there is no function '99"),
        ("locals 1 2", "usage: monitor locals"),
        ("s", "may be any of stack, stats, set"),
        ("set local 0", "usage: monitor set local|stack|global|table PLACE VALUE"),
        ("set memory 0 1", "'memory' is none of local, stack, global, table"),
        ("set local 2 1", "local index 2 is out of range: there are 2"),
        ("set local 0 1.5", "'1.5' is no i32"),
        ("set local 0 1 7", "there is no frame 7"),
        ("set stack 5 1", "operand index 5 is out of range: there are 2"),
        ("set global 2 1", "global index 2 is out of range: there are 2"),
        ("set global $nothing 1", "nothing' is no number"),
        ("set table 4 inner", "there is no slot 4: there are 4"),
        ("set table 1:0 inner", "there is no table 1: there are 1"),
        ("set table 0 nobody", "no function 'nobody'"),
        ("call", "usage: monitor call FUNCTION"),
        ("call nobody", "no function 'nobody'"),
        ("call 99", "no function 99: there are 6"),
        ("call divide 1", r"divide takes \(i32, i32\); arguments given: 1"),
        ("call divide 1 1.5", r"divide takes \(i32, i32\): '1.5' is no i32"),
        ("call divide 1 4294967296", "4294967296 does not fit an i32"),
        ("call divide 1 0", "divide trapped: integer divide by zero at 0x"),
        ("disassemble 0xffffff", "no function's code is at offset 0xffffff"),
        ("call 'inner", "No closing quotation"),
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
        (V128, 1, "v128 0x00000000000000000000000000000001"),
        (FUNCREF, 0, "reference null"),
        (FUNCREF, 0x1000, "reference 0x1000"),
    ],
)
def test_values(type_: int, bits: int, text: str) -> None:
    assert shown(type_, bits) == text


@pytest.mark.parametrize(
    ("type_", "text", "bits"),
    [
        (I32, "-1", 0xFFFFFFFF),
        (I32, "4294967295", 0xFFFFFFFF),
        (I64, "-0x8000000000000000", 1 << 63),
        (F32, "1.5", 0x3FC00000),
        (F64, "nan", 0x7FF8000000000000),
    ],
)
def test_numbers_are_read_by_their_type(type_: int, text: str, bits: int) -> None:
    assert parsed(type_, text) == bits


@pytest.mark.parametrize(
    ("type_", "text"),
    [(I32, "one"), (I32, "-2147483649"), (F32, "1e39"), (F64, "x"), (FUNCREF, "0")],
)
def test_what_is_no_such_number_is_refused(type_: int, text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|does not fit|cannot be written"):
        parsed(type_, text)


def test_frames_show_what_lies_between_calls_into_the_guest() -> None:
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    text = """
    (module (import "" "again" (func $again))
      (func (export "outer") (call $again))
      (func $inner (nop)))
    """
    module = Module(store.engine, bytes(wasmtime.wat2wasm(text)))
    instances: list[Instance] = []

    def again() -> None:
        instances[0].func(2).call_bits([])

    instances.append(Instance(store, module, [Func(store, FuncType([], []), again)]))
    debugger = Debugger(store)
    debugger.set_breakpoint(0, debugger.boundaries(0, 1)[0])
    stops: list[list[str]] = []
    subject = Subject(debugger, lambda: iter(()))

    def handle(event: DebugEvent) -> None:
        stops.append([*run_command(subject, "frames")])
        if len(stops) == 1:
            debugger.call(instances[0].func(2), [])

    debugger.run(lambda: instances[0].func(1).call_bits([]), handle)
    inner, host, outer = stops[0]
    assert inner.startswith("#0 function 2 inner, ") and outer.startswith("#1 function 1 outer, ")
    assert host.strip().startswith("host function")
    assert [line.split(",")[0].strip() for line in stops[1][:2]] == [
        "#0 function 2 inner",
        "the debugger",
    ]
