"""Globals by instance, as lldb reads them from version 23 on: by number, and by address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gdbstub.target import Address, BreakpointKind, TargetError, ThreadId, Verdict
from gdbstub.views.wasm.addresses import Kind, encode
from jit import Func, FuncType, Linker, Store
from tests.unit.views.wasm.driving import GO, Session, session

THREAD = ThreadId(1)
INNERMOST, FIRST, SECOND = 0, 1, 2

TWO = (
    """(module (global (mut i32) (i32.const 11)) (global i64 (i64.const 0x0123456789abcdef))
         (func (export "call") nop))""",
    """(module (import "m0" "call" (func $call)) (global (mut i32) (i32.const 22))
         (func (export "go") call $call))""",
)


def at_entry(act: Callable[[Session], None]) -> None:
    """Run an act where the guest enters, in the second module's function."""
    run = session(*TWO)

    def entry(run: Session) -> Verdict:
        act(run)
        return GO

    run.run(entry)
    assert run.seen


def test_by_number() -> None:
    def look(run: Session) -> None:
        view = run.view
        assert view.instance_global(FIRST, 0) == b"\x0b\0\0\0"
        assert view.instance_global(FIRST, 1) == bytes.fromhex("efcdab8967452301")
        assert view.instance_global(SECOND, 0) == b"\x16\0\0\0"
        assert view.instance_global(INNERMOST, 0) == b"\x16\0\0\0"
        with pytest.raises(TargetError, match="global index 1"):
            view.instance_global(SECOND, 1)
        with pytest.raises(TargetError, match="no such instance"):
            view.instance_global(3, 0)

    at_entry(look)


def address(module: int | None, index: int) -> Address:
    return encode(Kind.GLOBAL, module, index)


def test_by_address() -> None:
    def look(run: Session) -> None:
        view = run.view
        assert view.read_memory(THREAD, address(0, 1), 8) == bytes.fromhex("efcdab8967452301")
        assert view.read_memory(THREAD, address(0, 1), 2) == bytes.fromhex("efcd")
        # The next index is no storage behind it.
        assert view.read_memory(THREAD, address(0, 0), 16) == b"\x0b\0\0\0"
        assert view.read_memory(THREAD, address(None, 0), 4) == b"\x16\0\0\0"
        with pytest.raises(TargetError, match="global index 2"):
            view.read_memory(THREAD, address(0, 2), 4)

    at_entry(look)


def test_written_by_address() -> None:
    def look(run: Session) -> None:
        view = run.view
        view.write_memory(THREAD, address(1, 0), b"\x21\x03")
        assert view.instance_global(SECOND, 0) == b"\x21\x03\0\0"
        with pytest.raises(TargetError, match="has 4 bytes"):
            view.write_memory(THREAD, address(1, 0), bytes(5))

    at_entry(look)


def test_the_innermost_instance_of_a_module_is_meant() -> None:
    """A module is instantiated a second time, and the first instance calls into the second."""
    text = """(module (import "host" "again" (func $again)) (global (mut i32) (i32.const 5))
      (func (export "inner") nop)
      (func (export "go") i32.const 6 global.set 0 call $again))"""
    run = session(text, host=_second_instance)
    found: list[bytes] = []

    def entry(run: Session) -> Verdict:
        run.view.insert_breakpoint(BreakpointKind.SOFTWARE, encode(Kind.CODE, 0, run.ops(0)[0]), 1)
        return GO

    def inner(run: Session) -> Verdict:
        found.append(run.view.instance_global(FIRST, 0))
        return GO

    run.run(entry, inner)
    assert found == [b"\5\0\0\0"]


def _second_instance(linker: Linker, store: Store) -> None:
    def again() -> None:
        second = Linker(store.engine)
        second.define_func("host", "again", FuncType([], []), lambda: None)
        inner = second.instantiate(store, store.instances[0].module).exports(store)["inner"]
        assert isinstance(inner, Func)
        inner(store)

    linker.define_func("host", "again", FuncType([], []), again)
