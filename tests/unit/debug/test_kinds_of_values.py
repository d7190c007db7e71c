"""All ten kinds of values that a frame can hold, by a table that says so: read, shown, and written by type."""

import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from jit.abi.frame import FrameLayout
from jit.abi.frame_table import FRAME_TYPES, FrameTable, Operand, OperandKind, Point
from jit.debug.errors import WrongType
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle
from jit.runtime.func import Func
from jit.runtime.store import Store
from jit.runtime.types import FuncType, ValType
from jit.runtime.val import OpaqueReference, Val
from tests.unit.debug.guest import Guest
from tests.unit.debug.tables import module_of, with_points

CODE = {name: code for code, name in FRAME_TYPES.items()}
KINDS = tuple(CODE)
WORDS = 2 * len(KINDS)
"""So many i64 locals are the slots, of 16 bytes, of one local of each kind; one more comes first, as vmctx's other half."""

WAT = f"""(module (import "" "look" (func))
  (func (export "f") (param i64 {"i64 " * WORDS}) (local {"i64 " * WORDS})
    {"".join(f"(local.set {WORDS + at} (local.get {at}))" for at in range(1, WORDS + 1))}
    call 0)
  (func (export "g")))
"""


def every_kind(table: FrameTable) -> FrameTable:
    """Say that the parameters are a local of each kind, and the other locals an operand of each."""
    types = tuple(CODE[kind] for kind in KINDS)
    stack = tuple(Operand(type_, OperandKind.SLOT) for type_ in types)
    layout = FrameLayout(len(types), len(stack) + 2, 16)
    retold = with_points(table, lambda point: Point(point.pc, stack))
    return replace(retold, layout=layout, local_types=types)


class Lab:
    """A guest whose frame, in a call of the host, holds one value of each kind twice."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        host = Func(guest.store, FuncType([], []), lambda: self.do(self.frame()))
        self.instance = guest.instantiate(module_of(guest, WAT, {0: every_kind}), host)
        self.do: Callable[[FrameHandle], None] = lambda frame: None

    def frame(self) -> FrameHandle:
        return self.guest.store.debug_exit_frames()[0]

    def run(self, do: Callable[[FrameHandle], None], **values: int) -> None:
        """Call with bit patterns, by kind; what is not given is 0."""
        self.do = do
        words: list[int] = []
        for kind in KINDS:
            bits = values.get(kind, 0)
            words += [bits & (1 << 64) - 1, bits >> 64]
        arguments = [word - (word >> 63 << 64) for word in [0, *words]]
        self.guest.function(self.instance, "f")(self.guest.store, *arguments)


@pytest.fixture
def lab(guest: Guest) -> Lab:
    return Lab(guest)


def local(frame: FrameHandle, kind: str) -> Val:
    return frame.local(KINDS.index(kind))


VECTOR = int.from_bytes(range(16), "little")
NAN = 0x7FF4_0000_0000_1234


def test_every_kind_is_read_and_none_hides_another(lab: Lab) -> None:
    thing = object()
    store = lab.guest.store
    g = lab.guest.function(lab.instance, "g")

    def do(frame: FrameHandle) -> None:
        values = {kind: local(frame, kind) for kind in KINDS}
        assert [frame.local_type(index) for index in range(len(KINDS))] == list(CODE.values())
        assert {kind: val.value for kind, val in values.items()} == {
            "i32": -2,
            "i64": -3,
            "f32": 0.5,
            "f64": -1.5,
            "v128": VECTOR,
            "funcref": g,
            "externref": thing,
            "anyref": OpaqueReference(CODE["anyref"], 0x1234),
            "exnref": None,
            "contref": OpaqueReference(CODE["contref"], 0x5678),
        }
        assert [val.code for val in values.values()] == list(CODE.values())

    lab.run(
        do,
        i32=0xFFFF_FFFE,
        i64=(1 << 64) - 3,
        f32=0x3F00_0000,
        f64=struct.unpack("<Q", struct.pack("<d", -1.5))[0],
        v128=VECTOR,
        funcref=g.record,
        externref=store.extern_handle(thing),
        anyref=0x1234,
        contref=0x5678,
    )


def test_operands_of_every_kind_are_read_and_written(lab: Lab) -> None:
    def do(frame: FrameHandle) -> None:
        for index, kind in enumerate(KINDS):
            assert frame.stack_type(index) == CODE[kind]
            assert frame.stack(index).value in (0, None)
        frame.set_stack(KINDS.index("v128"), Val.v128(VECTOR))
        assert frame.stack(KINDS.index("v128")) == Val.v128(VECTOR)
        assert frame.stack(KINDS.index("f64")) == Val.f64(0.0)

    lab.run(do)


def test_a_vector_is_little_endian_in_its_slot(lab: Lab) -> None:
    def do(frame: FrameHandle) -> None:
        at = KINDS.index("v128")
        frame.set_local(at, Val.v128(VECTOR))
        address = frame.base + 16 * (1 + at)
        assert lab.guest.store.machine.read(address, 16) == bytes(range(16))
        assert frame.local_bits(at) == VECTOR
        frame.set_local_bits(at, VECTOR << 1)
        assert frame.local(at).value == VECTOR << 1

    lab.run(do)


def test_what_cannot_be_shown_is_shown_as_such(lab: Lab) -> None:
    """References of kinds this engine has not, and references to nothing of the store."""

    def do(frame: FrameHandle) -> None:
        for kind in ("anyref", "exnref", "contref", "externref", "funcref"):
            shown = local(frame, kind)
            assert isinstance(shown.value, OpaqueReference), kind
            assert repr(shown.value) == f"<{kind} 0x77770>"
            assert repr(shown) == f"Val({kind}, <{kind} 0x77770>)"
        assert local(frame, "i32") == Val.i32(5)

    refs = dict.fromkeys(("anyref", "exnref", "contref", "externref", "funcref"), 0x77770)
    lab.run(do, i32=5, **refs)


def test_writes_are_checked_by_type(lab: Lab) -> None:
    values = {
        "i32": Val.i32(-1),
        "i64": Val.i64(-1),
        "f32": Val.f32(2.5),
        "f64": Val.f64(2.5),
        "v128": Val.v128(3),
        "funcref": Val.ref_null(ValType.funcref()),
        "externref": Val.externref("text"),
        "anyref": Val(CODE["anyref"], None),
        "exnref": Val(CODE["exnref"], None),
        "contref": Val(CODE["contref"], None),
    }

    def do(frame: FrameHandle) -> None:
        for index, kind in enumerate(KINDS):
            for other, value in values.items():
                before = frame.local_bits(index)
                if other == kind:
                    frame.set_local(index, value)
                    assert frame.local(index) == value
                    continue
                with pytest.raises(WrongType):
                    frame.set_local(index, value)
                with pytest.raises(WrongType):
                    frame.set_stack(index, value)
                assert frame.local_bits(index) == before
        for kind in ("funcref", "externref", "anyref", "exnref", "contref"):
            with pytest.raises(WrongType, match=f"a {kind} cannot be written as a bit pattern"):
                frame.set_local_bits(KINDS.index(kind), 1)
        for kind in ("anyref", "exnref", "contref"):
            with pytest.raises(WrongType, match="don't know how to convert"):
                frame.set_local(KINDS.index(kind), Val(CODE[kind], object()))
        with pytest.raises(WrongType):
            frame.set_local(KINDS.index("v128"), Val(CODE["v128"], 1 << 128))

    lab.run(do)


def test_a_reference_that_was_read_is_written_back(lab: Lab) -> None:
    def do(frame: FrameHandle) -> None:
        for kind in ("anyref", "exnref", "contref"):
            value = local(frame, kind)
            frame.set_local(KINDS.index(kind), Val(CODE[kind], None))
            assert local(frame, kind).value is None
            frame.set_stack(KINDS.index(kind), value)
            assert frame.stack(KINDS.index(kind)) == value

    lab.run(do, anyref=8, exnref=16, contref=24)


def test_nan_bits_are_kept_in_both_ways(lab: Lab) -> None:
    def do(frame: FrameHandle) -> None:
        at = KINDS.index("f64")
        assert frame.local_bits(at) == NAN
        frame.set_stack_bits(at, NAN)
        assert frame.stack_bits(at) == NAN

    lab.run(do, f64=NAN)


def test_the_roots_are_the_addresses_of_slots(lab: Lab) -> None:
    """Those that keep host objects alive; functions and continuations are none."""

    def do(frame: FrameHandle) -> None:
        roots = list(frame.root_slots())
        kinds = [FRAME_TYPES[type_] for type_, _ in roots]
        assert kinds == ["externref", "anyref", "exnref"] * 2
        words = [lab.guest.store.machine.load_u64(address) for _, address in roots]
        assert words == [11, 22, 33] * 2

    lab.run(do, funcref=0, externref=11, anyref=22, exnref=33, contref=44)


def test_an_object_in_a_written_slot_stays(lab: Lab) -> None:
    """It is nowhere else in the guest."""
    kept: list[object] = []

    def do(frame: FrameHandle) -> None:
        at = KINDS.index("externref")
        frame.set_stack(at, Val.externref(["kept"]))
        lab.guest.store.gc()
        kept.append(frame.stack(at).value)

    lab.run(do)
    assert kept == [["kept"]]


def test_events_do_not_change_what_a_frame_holds(guest: Guest) -> None:
    """Where the guest stops itself, the same slots are shown."""
    instance = guest.instantiate(
        module_of(guest, WAT, {0: every_kind}), Func(guest.store, FuncType([], []), lambda: None)
    )
    shown: list[object] = []

    def handler(store: Store, event: DebugEvent) -> None:
        shown.append(guest.store.debug_exit_frames()[0].local(KINDS.index("v128")).value)

    guest.store.set_debug_handler(handler)
    with guest.store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(instance.module, instance.module.info.bodies[0].end - 1)
    words = [0] * (1 + WORDS)
    words[1 + 2 * KINDS.index("v128")] = 9
    guest.function(instance, "f")(guest.store, *words)
    assert shown == [9]
