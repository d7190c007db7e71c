"""The gdb view of a real guest, driven as the server drives it: stops, registers, memory, writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import wasmtime

from gdbstub.extensions import ExecFile, Features, Monitor, ServedFiles
from gdbstub.objfile import layout
from gdbstub.target import (
    Address,
    Breakpoint,
    BreakpointKind,
    Continue,
    Dialect,
    Exit,
    Exited,
    RawKind,
    Reader,
    Signal,
    Signalled,
    Stepped,
    TargetError,
    Terminated,
    ThreadId,
    Trapped,
    Verdict,
)
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.x32 import X32View
from gdbstub.views.x32 import description as d
from jit import Config, Engine, Func, Instance, Module, Store
from jit.debug.debugger import Debugger

ONE = ThreadId(1)
CODE = 0xE0000000
HOST = 0xFFFF0008
TEXT = """
(module
  (memory 1)
  (data (i32.const 16) "hello")
  (global (mut i32) (i32.const 5))
  (func $add (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "_start") (local i32)
    (local.set 0 (call $add (i32.const 30) (i32.const 12)))
    (if (i32.ne (local.get 0) (i32.const 42)) (then unreachable))
    (if (i32.eqz (i32.load (i32.const 16))) (then (loop (br 0))))))
"""
STEP = Verdict(stepping=True, parked=True)
GO = Verdict(stepping=False, parked=True)


class Session:
    """A guest and what is done at its stops: at each, the next of `acts` gives the verdict."""

    def __init__(self, *acts: Callable[[X32View], Verdict], text: str = TEXT) -> None:
        config = Config()
        config.guest_debug = True
        store = Store(Engine(config))
        self.module = Module.deferred(store.engine, bytes(wasmtime.wat2wasm(text)))

        def start() -> None:
            function = Instance(store, self.module, []).exports(store)["_start"]
            assert isinstance(function, Func)
            function(store)

        self.debugger = Debugger(store)
        self.guest = ProgramGuest(
            self.debugger, start, "sample.wasm", {Dialect.GDB: X32View}, path="sample.wasm"
        )
        view = self.guest.view(Dialect.GDB)
        assert isinstance(view, X32View)
        self.view = view
        self.acts = list(acts)
        self.events: list[tuple[RawKind, int]] = []
        self.passes: Callable[[], bool] | None = None

    def event(self, kind: RawKind, pc: Address, reader: Reader) -> Verdict:
        self.events.append((kind, pc - CODE))
        return self.acts.pop(0)(self.view) if self.acts else GO

    def passing(self, pc: Address, reader: Reader) -> Callable[[], bool] | None:
        return self.passes

    def run(self) -> Exit:
        return self.guest.run(self)

    def op(self, function: int, index: int) -> int:
        """Return the PC of an op."""
        return self.debugger.boundaries(0, function)[index]


def go(view: X32View) -> Verdict:
    return GO


def step(view: X32View) -> Verdict:
    return STEP


def break_at(pc: int) -> Callable[[X32View], Verdict]:
    def act(view: X32View) -> Verdict:
        view.insert_breakpoint(BreakpointKind.SOFTWARE, Address(CODE + pc), 1)
        return GO

    return act


def pc_of_op(function: int, index: int) -> int:
    """Return the PC of an op: known once the module has been instantiated."""
    session = Session()
    session.run()
    return session.op(function, index)


def word(view: X32View, offset: int) -> int:
    """Return the eight bytes at an offset in the block of frame 0."""
    block = int.from_bytes(view.read_register(ONE, d.RBP), "little")  # type: ignore[arg-type]
    return int.from_bytes(view.read_memory(ONE, Address(block + offset), 8), "little")


def test_it_stops_before_the_first_op_and_runs_to_its_end() -> None:
    session = Session(go)
    assert session.run() == Exited(0)
    assert session.events == [(RawKind.ENTRY, session.op(1, 0))]


def test_stepping_visits_every_op_into_calls_and_back() -> None:
    session = Session(*[step] * 8)
    session.run()
    add = [session.op(0, index) for index in range(4)]
    start = [session.op(1, index) for index in range(4)]
    assert [pc for _, pc in session.events[:8]] == [*start[:3], *add, start[3]]


def test_a_breakpoint_is_reported_with_registers() -> None:
    target = pc_of_op(0, 2)
    stops = []

    def look(view: X32View) -> Verdict:
        stops.append(view.stop())
        assert word(view, layout.local_offset(0)) == 30
        assert word(view, layout.local_offset(1)) == 12
        assert word(view, layout.stack_offset(1, 2)) == 12
        link = int.from_bytes(view.read_register(ONE, d.FS), "little")  # type: ignore[arg-type]
        pc = view.read_memory(ONE, Address(link + layout.CALLER_PC_OFFSET), 4)
        assert int.from_bytes(pc, "little") == CODE + pc_of_op(1, 3)
        return GO

    Session(break_at(target), look).run()
    [stop] = stops
    assert isinstance(stop.reason, Breakpoint)
    assert dict(stop.registers)[d.RIP] == (CODE + target).to_bytes(4, "little")  # type: ignore[index]


def test_a_breakpoint_that_nothing_comes_of_is_asked_about_without_an_event() -> None:
    """Frames, too, are read afresh each time."""
    text = """(module (func $f (param i32) nop) (func (export "_start") (local i32)
        loop (call $f (local.get 0))
             (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9)))
        end))"""
    seen = []

    def passes() -> bool:
        seen.append(word(session.view, layout.local_offset(0)))
        return seen[-1] != 6

    first = Session(text=text)
    first.run()
    session = Session(break_at(first.op(0, 0)), lambda view: Verdict(stepping=False), text=text)
    session.passes = passes
    assert session.run() == Exited(0)
    assert seen == [1, 2, 3, 4, 5, 6]
    # The entry, the first hit, and those from the one that is not passed over, where the client is asked.
    assert len(session.events) == 5


def test_what_a_call_returned_is_in_rax() -> None:
    def look(view: X32View) -> Verdict:
        assert view.read_register(ONE, d.RAX)[:4] == (42).to_bytes(4, "little")  # type: ignore[arg-type]
        return GO

    session = Session(break_at(pc_of_op(1, 3)), look)
    session.run()
    assert len(session.events) == 2


def test_a_local_that_is_written_changes_what_runs() -> None:
    def write(view: X32View) -> Verdict:
        block = int.from_bytes(view.read_register(ONE, d.RBP), "little")  # type: ignore[arg-type]
        view.write_memory(ONE, Address(block + layout.local_offset(0)), b"\x1f\0\0\0")
        return GO

    session = Session(break_at(pc_of_op(0, 0)), write)
    assert session.run() == Terminated(Signal.ILL)


def test_a_trap_is_told_in_words() -> None:
    reasons = []

    def write(view: X32View) -> Verdict:
        block = int.from_bytes(view.read_register(ONE, d.RBP), "little")  # type: ignore[arg-type]
        view.write_memory(ONE, Address(block + layout.local_offset(0)), b"\x1f\0\0\0")
        return GO

    def look(view: X32View) -> Verdict:
        reasons.append(view.stop().reason)
        return Verdict(stepping=False, parked=True, signal=Signal.ILL)

    session = Session(break_at(pc_of_op(0, 0)), write, look)
    session.run()
    assert session.events[-1][0] is RawKind.TRAP
    assert reasons == [Trapped(Signal.ILL, "wasm trap: wasm `unreachable` instruction executed")]


def test_a_trap_before_any_code_is_told_too() -> None:
    text = """(module (memory 1) (data (i32.const 65534) "out of it") (func (export "_start")))"""
    reasons = []

    def look(view: X32View) -> Verdict:
        reasons.append(view.stop().reason)
        return GO

    session = Session(go, look, text=text)
    assert session.run() == Terminated(Signal.SEGV)
    assert session.events == [(RawKind.ENTRY, HOST - CODE), (RawKind.TRAP, HOST - CODE)]
    assert reasons == [Trapped(Signal.SEGV, "wasm trap: out of bounds memory access")]


def test_a_function_that_is_not_valid_is_told_and_ends_the_guest() -> None:
    text = """(module (func (export "_start") (i32.add (i32.const 1) (i64.const 2)) drop))"""
    reasons = []

    def look(view: X32View) -> Verdict:
        reasons.append(view.stop().reason)
        return GO

    session = Session(go, look, text=text)
    assert session.run() == Exited(2)
    [reason] = reasons
    assert isinstance(reason, Trapped) and "type mismatch" in reason.description


def test_an_interrupt_stops_a_loop() -> None:
    reasons = []

    def loop(view: X32View) -> Verdict:
        view.write_memory(ONE, Address(16), bytes(4))
        session.guest.interrupt()
        return Verdict(stepping=False)

    def stopped(view: X32View) -> Verdict:
        reasons.append(view.stop().reason)
        return Verdict(stepping=False, parked=True, signal=Signal.TERM)

    session = Session(loop, stopped)
    assert session.run() == Terminated(Signal.TERM)
    assert reasons == [Signalled(Signal.INT)]


def test_memory_and_globals_are_read_and_written() -> None:
    def act(view: X32View) -> Verdict:
        assert view.read_memory(ONE, Address(16), 5) == b"hello"
        assert len(view.read_memory(ONE, Address(0xFFF8), 64)) == 8
        vmctx = word(view, layout.VMCTX_OFFSET) & 0xFFFFFFFF
        view.write_memory(ONE, Address(vmctx), b"\x09")
        assert view.read_memory(ONE, Address(vmctx), 4) == b"\x09\0\0\0"
        for address in (0x10000, 0xD0000000, 0xE0F00000, 0xFFFFF000):
            with pytest.raises(TargetError):
                view.read_memory(ONE, Address(address), 4)
        return GO

    assert Session(act).run() == Exited(0)


def test_a_resume_with_another_pc_is_refused_in_words_and_forgotten() -> None:
    def act(view: X32View) -> Verdict:
        view.write_register(ONE, d.RIP, bytes(4))  # type: ignore[arg-type]
        with pytest.raises(TargetError, match="cannot go on at 0x0"):
            view.prepare_resume(Continue(ONE))
        view.prepare_resume(Continue(ONE))
        return GO

    assert Session(act).run() == Exited(0)


def test_a_client_that_detaches_leaves_nothing() -> None:
    def act(view: X32View) -> Verdict:
        view.insert_breakpoint(BreakpointKind.SOFTWARE, Address(CODE + pc_of_op(0, 0)), 1)
        view.detach()
        return GO

    session = Session(act)
    session.run()
    assert len(session.events) == 1


def test_the_entry_is_a_step_and_the_program_is_served() -> None:
    def act(view: X32View) -> Verdict:
        assert isinstance(view.stop().reason, Stepped)
        assert isinstance(view, Features | ExecFile | ServedFiles | Monitor)
        assert view.served_file(view.exec_file())[:4] == b"\x7fELF"
        assert view.features_xml("target.xml").startswith(b"<?xml")
        with pytest.raises(TargetError):
            view.served_file("/etc/passwd")
        with pytest.raises(TargetError):
            view.features_xml("other.xml")
        assert [thread.name for thread in view.threads()] == ["sample.wasm"]
        return GO

    assert Session(act).run() == Exited(0)


def test_monitor_commands_write_to_the_console() -> None:
    def act(view: X32View) -> Verdict:
        lines = [*view.monitor("frames")]
        assert lines[0].startswith("#0 function 1")
        with pytest.raises(TargetError, match="no command"):
            next(view.monitor("nonsense"))
        return GO

    assert Session(act).run() == Exited(0)
