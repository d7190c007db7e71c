"""Frames, values, memory and modules, as lldb reads them."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from wasmtime import wat2wasm

from gdbstub.extensions import Region
from gdbstub.target import (
    Address,
    Breakpoint,
    BreakpointKind,
    FrameIndex,
    Signal,
    Signalled,
    TargetError,
    ThreadId,
    Verdict,
)
from jit import Func, FuncType, Linker, Module, Store
from tests.unit.views.wasm.driving import BASE, GO, Session, session

THREAD = ThreadId(1)
INNER, OUTER = FrameIndex(0), FrameIndex(1)

VALUES = """(module
  (global (mut i32) (i32.const -2))
  (global i64 (i64.const 0x0123456789abcdef))
  (global (mut f64) (f64.const 1.5))
  (global funcref (ref.null func))
  (func $callee (param i32 i64 f32 f64 externref) (local i32)
    nop)
  (func (export "go")
    i64.const 7
    i32.const -1
    i64.const 0x1122334455667788
    f32.const 0.5
    f64.const -2.25
    ref.null extern
    call $callee
    drop))"""


def at(
    function: int, op: int, look: Callable[[Session], None]
) -> list[Callable[[Session], Verdict]]:
    """Make acts that look at the guest at an op."""

    def ask(run: Session) -> Verdict:
        address = Address(BASE + run.ops(function)[op])
        run.view.insert_breakpoint(BreakpointKind.SOFTWARE, address, 1)
        return GO

    def stopped(run: Session) -> Verdict:
        assert run.view.stop().reason == Breakpoint()
        look(run)
        return GO

    return [ask, stopped]


LOCALS = [
    (0, b"\xff\xff\xff\xff"),
    (1, struct.pack("<Q", 0x1122334455667788)),
    (2, struct.pack("<f", 0.5)),
    (3, struct.pack("<d", -2.25)),
    (4, bytes(8)),
    (5, bytes(4)),
]


def test_locals_are_bytes_of_their_own_width() -> None:
    def look(run: Session) -> None:
        for index, value in LOCALS:
            assert run.view.local(THREAD, INNER, index) == value

    session(VALUES).run(*at(0, 0, look))


def test_operands_are_counted_from_the_bottom_in_outer_frames_too() -> None:
    def look(run: Session) -> None:
        values = [struct.pack("<Q", 7)] + [value for _, value in LOCALS[:5]]
        for index, value in enumerate(values):
            assert run.view.stack_value(THREAD, OUTER, index) == value
        with pytest.raises(TargetError, match="operand index 6"):
            run.view.stack_value(THREAD, OUTER, 6)

    session(VALUES).run(*at(0, 0, look))


def test_globals_are_those_of_the_frames_instance() -> None:
    def look(run: Session) -> None:
        assert run.view.global_(THREAD, INNER, 0) == b"\xfe\xff\xff\xff"
        assert run.view.global_(THREAD, INNER, 1) == struct.pack("<Q", 0x0123456789ABCDEF)
        assert run.view.global_(THREAD, INNER, 2) == struct.pack("<d", 1.5)
        assert len(run.view.global_(THREAD, INNER, 3)) == 8
        with pytest.raises(TargetError, match="global index 4"):
            run.view.global_(THREAD, INNER, 4)

    session(VALUES).run(*at(0, 0, look))


def test_what_does_not_exist_is_refused() -> None:
    def look(run: Session) -> None:
        with pytest.raises(TargetError, match="local index 6"):
            run.view.local(THREAD, INNER, 6)
        with pytest.raises(TargetError, match="no frame 2"):
            run.view.local(THREAD, FrameIndex(2), 0)

    session(VALUES).run(*at(0, 0, look))


def test_outer_frames_stand_after_their_call_in_every_activation() -> None:
    text = """(module
      (import "host" "again" (func $again))
      (func $deep nop)
      (func (export "again") call $deep)
      (func (export "go") call $again))"""

    def host(linker: Linker, store: Store) -> None:
        def again() -> None:
            function = store.instances[0].exports(store)["again"]
            assert isinstance(function, Func)
            function(store)

        linker.define(store, "host", "again", Func(store, FuncType([], []), again))

    def look(run: Session) -> None:
        pcs = [run.ops(0)[0], run.ops(1)[1], run.ops(2)[1]]
        assert run.view.call_stack(THREAD) == [BASE + pc for pc in pcs]

    session(text, host=host).run(*at(0, 0, look))


TWO_MEMORIES = (
    """(module (memory (export "memory") 1 2) (data (i32.const 16) "first")
         (func (export "call") nop))""",
    """(module (import "m0" "call" (func $call)) (memory 2) (data (i32.const 16) "second")
         (func (export "go") call $call))""",
)


def test_low_addresses_are_the_memory_of_the_innermost_frame() -> None:
    def look(run: Session) -> None:
        assert run.view.read_memory(THREAD, Address(16), 6) == b"first\0"
        assert run.view.read_memory(THREAD, Address(1 << 32 | 16), 6) == b"first\0"
        assert run.view.read_memory(THREAD, Address(2 << 32 | 16), 6) == b"second"
        run.view.write_memory(THREAD, Address(16), b"F")
        assert run.view.read_memory(THREAD, Address(1 << 32 | 16), 5) == b"First"

    def before(run: Session) -> Verdict:
        assert run.view.read_memory(THREAD, Address(16), 6) == b"second"
        address = Address(BASE + run.ops(0, 0)[0])
        run.view.insert_breakpoint(BreakpointKind.SOFTWARE, address, 1)
        return GO

    def stopped(run: Session) -> Verdict:
        look(run)
        return GO

    run = session(*TWO_MEMORIES)
    run.run(before, stopped)
    assert run.seen[1] == ("breakpoint", run.ops(0, 0)[0])


def test_a_read_ends_where_memory_ends_and_a_write_is_whole_or_nothing() -> None:
    def entry(run: Session) -> Verdict:
        view = run.view
        assert len(view.read_memory(THREAD, Address(0xFFFE), 8)) == 2
        for address in (0x10000, 0xFFFF_0110, 2 << 32, 1 << 63):
            with pytest.raises(TargetError):
                view.read_memory(THREAD, Address(address), 4)
        with pytest.raises(TargetError):
            view.write_memory(THREAD, Address(0xFFFE), b"four")
        assert view.read_memory(THREAD, Address(0xFFFE), 2) == bytes(2)
        with pytest.raises(TargetError, match="code"):
            view.write_memory(THREAD, Address(BASE), b"\1")
        return GO

    session('(module (memory 1) (func (export "go") nop))').run(entry)


def test_padded_indices_of_calls_read_as_short_ones_and_nops() -> None:
    """The bytes of a linked program: `call 3` as 10 83 80 80 80 00, `call_indirect 0 0` in 11 bytes."""
    header = bytes.fromhex("0061736d01000000")
    sections = bytes.fromhex(
        "01 04 01 600000"  # type () -> ()
        "03 03 02 00 00"
        "04 04 01 70 00 01"
        "07 06 01 02 676f 00 01"  # export go, function 1
        "0a 1a 02"
        "02 00 0b"
        "15 00 10 80 80 80 80 00 41 00 11 80 80 80 80 00 80 80 80 80 00 0b"
    )
    run = session(header + sections)

    def entry(run: Session) -> Verdict:
        start = run.start(1)
        shown = run.view.read_memory(THREAD, Address(BASE + start), 21)
        assert shown.hex(" ") == ("01 10 00 01 01 01 01 41 00 11 00 00 01 01 01 01 01 01 01 01 0b")
        assert run.view.read_memory(THREAD, Address(BASE + start + 3), 2) == b"\1\1"
        return GO

    run.run(entry)


def test_a_module_reads_as_its_bytes_but_for_declarations_of_locals() -> None:
    def entry(run: Session) -> Verdict:
        data = run.debugger.modules()[0].info.data
        start = run.start(0)
        assert data[start : start + 3] == b"\1\1\x7f"  # one group: one i32
        shown = run.view.read_memory(THREAD, Address(BASE), 1 << 20)
        own = run.start(1)
        assert data[own] == 0  # no groups
        expected = bytearray(data)
        expected[start : start + 3] = b"\1\1\1"
        expected[own] = 1
        assert shown == bytes(expected)
        return GO

    session('(module (func (local i32) nop) (func (export "go") nop))').run(entry)


def test_regions_and_gaps_follow_one_another_to_the_end() -> None:
    def entry(run: Session) -> Verdict:
        found: list[Region] = []
        address = 0
        while address != 0xFFFF_FFFF_FFFF_FFFF:
            found.append(run.view.region(Address(address)))
            assert found[-1].start == address
            address += found[-1].size
        rows = [(r.start, r.size, r.permissions) for r in found if r.permissions]
        assert rows == [
            (0, 0x20000, "rw"),
            (1 << 32, 0x10000, "rw"),
            (2 << 32, 0x20000, "rw"),
            (BASE, len(run.debugger.modules()[0].info.data), "rx"),
            (BASE + (1 << 32), len(run.debugger.modules()[1].info.data), "rx"),
        ]
        assert run.view.region(Address(0x10000)) == found[0]
        return GO

    session(*TWO_MEMORIES).run(entry)


def test_one_memory_is_one_region() -> None:
    def entry(run: Session) -> Verdict:
        assert run.view.region(Address(0)).size == 0x10000
        gap = run.view.region(Address(0x10000))
        assert (gap.permissions, gap.start + gap.size) == ("", BASE)
        return GO

    session('(module (memory 1) (func (export "go") nop))').run(entry)


@pytest.mark.parametrize(
    ("texts", "path", "names"),
    [
        (("(module $a&b", "(module $b"), None, ["a&b", "b"]),
        (("(module $a", "(module $a"), None, ["a", "a-1"]),
        (("(module", "(module"), None, ["wasm-0", "wasm-1"]),
        (("(module", "(module $/etc/x"), "/tmp/a b.wasm", ["/tmp/a b.wasm", "x"]),
        (("(module",), "/tmp/a\x01\udcff.wasm", ["/tmp/a??.wasm"]),
    ],
)
def test_modules_have_names_of_their_own(
    texts: tuple[str, ...], path: str | None, names: list[str]
) -> None:
    def entry(run: Session) -> Verdict:
        libraries = ET.fromstring(run.view.libraries_xml())
        assert [library.get("name") for library in libraries] == names
        addresses = [section.get("address") for section in libraries.iter("section")]
        assert addresses == [hex(BASE + (n << 32)) for n in range(len(names))]
        return GO

    run = session(*(f'{text} (func (export "go") nop))' for text in texts), path=path)
    run.run(entry)


def test_a_module_that_comes_late_is_announced_until_the_list_is_read() -> None:
    text = '(module (import "host" "load" (func $load)) (func (export "go") call $load nop))'

    def host(linker: Linker, store: Store) -> None:
        def load() -> None:
            late = Module(store.engine, bytes(wat2wasm("(module (func nop))")))
            linker.instantiate(store, late)

        linker.define(store, "host", "load", Func(store, FuncType([], []), load))

    run = session(text, host=host)

    def entry(run: Session) -> Verdict:
        assert run.view.stop().fields == ()
        run.view.libraries_xml()
        assert run.view.stop().fields == ()
        address = Address(BASE + run.ops(0)[1])
        run.view.insert_breakpoint(BreakpointKind.SOFTWARE, address, 1)
        return GO

    def loaded(run: Session) -> Verdict:
        stop = run.view.stop()
        assert stop.fields == (("library", "1"),)
        assert stop.reason == Signalled(Signal.WINCH), "lldb passes it on in silence"
        assert len(ET.fromstring(run.view.libraries_xml())) == 2
        assert run.view.stop().fields == ()
        return GO

    def after(run: Session) -> Verdict:
        assert run.view.stop().fields == ()
        return GO

    run.run(entry, loaded, after)
    assert [kind for kind, _ in run.seen] == ["entry", "library", "breakpoint"]


def test_monitor_commands_are_those_of_every_view() -> None:
    lines: list[str] = []

    def look(run: Session) -> None:
        lines.extend(run.view.monitor("locals"))
        with pytest.raises(TargetError, match="no command"):
            next(run.view.monitor("dance"))

    session(VALUES).run(*at(0, 0, look))
    assert lines[0].startswith("0: ")
