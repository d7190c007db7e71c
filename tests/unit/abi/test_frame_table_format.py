"""Frame tables as bytes: what is written is read back, several frames in one, and what is malformed is told."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jit.abi.code import Variant
from jit.abi.frame import FrameLayout
from jit.abi.frame_table import (
    FRAME_TYPES,
    CallerPoint,
    Copy,
    Fact,
    FrameShape,
    FrameTable,
    Operand,
    OperandKind,
    Point,
    Position,
    Row,
    RowKind,
    WasmFrame,
)
from jit.abi.frame_table_format import (
    MAGIC,
    MalformedFrameTable,
    read_frame_table,
    write_frame_table,
)
from jit.compile.compiler import Compiler, Tunables
from jit.wasm.validate import validate_module
from tests.unit.debug.guest import MACHINES, binary
from tests.unit.debug.programs import random_program

I32, I64, V128, EXTERNREF = 0x7F, 0x7E, 0x7B, 0x6F


def slot(type_: int) -> Operand:
    return Operand(type_, OperandKind.SLOT)


CONSTANT = Operand(V128, OperandKind.CONSTANT, (1 << 128) - 2)
FLAGS = Operand(I32, OperandKind.FLAGS, 5)
EVERY_TYPE = tuple(slot(type_) for type_ in sorted(FRAME_TYPES))
INNER = FrameShape(7, FrameLayout(2, 3), (I32, I64), 96)
MIDDLE = FrameShape(8, FrameLayout(1, 2), (EXTERNREF,), 160)
OWN = FrameShape(3, FrameLayout(1, 4, 16), (V128,), 200)

INLINED = Point(
    0x50,
    (slot(I32), FLAGS),
    (Copy(1, False, 3), Copy(0, True, 12)),
    1,
    (CallerPoint(0x40, (slot(EXTERNREF),), 2), CallerPoint(0x123, (CONSTANT, slot(V128)))),
    (Fact(0, 4), Fact(1, (1 << 32) + 7)),
)
SYNTHETIC = FrameTable(
    OWN.defined_index,
    OWN.layout,
    OWN.local_types,
    OWN.base_to_frame_pointer,
    (
        Row(4, RowKind.PROLOGUE, (Point(0x120, ()),)),
        Row(9, RowKind.SITE, (Point(0x120, ()), Point(0x122, (CONSTANT,))), patch=4),
        Row(20, RowKind.INTERRUPT, (Point(0x120, ()),), boundary=9),
        Row(30, RowKind.CALL, (INLINED,)),
        Row(44, RowKind.CALL, ()),
        Row(300, RowKind.TRAP, (Point(0x128, EVERY_TYPE),)),
        Row(70_000, RowKind.WRITE, (Point(0x129, ()),), boundary=-1),
    ),
    (INNER, MIDDLE),
)


def test_a_table_is_read_back() -> None:
    assert read_frame_table(write_frame_table(SYNTHETIC)) == SYNTHETIC


def test_several_frames_are_in_one() -> None:
    table = read_frame_table(write_frame_table(SYNTHETIC))
    assert table.find_program_point(30, Position.POST) == (
        WasmFrame(INNER, 0x50, (slot(I32), FLAGS)),
        WasmFrame(MIDDLE, 0x40, (slot(EXTERNREF),)),
        WasmFrame(OWN, 0x123, (CONSTANT, slot(V128))),
    )


def test_a_frame_that_shows_none_is_told_from_a_place_that_is_none() -> None:
    table = read_frame_table(write_frame_table(SYNTHETIC))
    assert table.find_program_point(44, Position.POST) == ()
    assert table.find_program_point(4, Position.PRE) == ()
    assert table.find_program_point(31, Position.POST) is None


def test_the_position_says_which_op() -> None:
    table = read_frame_table(write_frame_table(SYNTHETIC))
    assert table.find_program_point(30, Position.PRE) is None
    assert table.find_program_point(300, Position.POST) is None
    frames = table.find_program_point(300, Position.PRE)
    assert frames is not None and [frame.stack for frame in frames] == [EVERY_TYPE]


def test_breakpoints_and_patches_are_found_by_pc() -> None:
    table = read_frame_table(write_frame_table(SYNTHETIC))
    assert [table.nearest_breakpoint(pc) for pc in (0, 0x120, 0x121, 0x122)] == [
        *(0x120, 0x120, 0x122, 0x122)
    ]
    assert table.nearest_breakpoint(0x123) is None
    assert (table.patches_at(0x122), table.patches_at(0x121)) == ((4,), ())


@pytest.mark.parametrize("machine", ["native", "aarch64"])
@pytest.mark.parametrize("seed", range(10))
def test_tables_of_compiled_code_are_read_back(machine: str, seed: int) -> None:
    info = validate_module(binary(random_program(seed)))
    compiler = Compiler(info, MACHINES[machine][0], Tunables(debug=True))
    for index in range(len(info.bodies)):
        for canonical in (False, True):
            table = compiler.frame_table(index, Variant(canonical))
            assert read_frame_table(write_frame_table(table)) == table


DATA = write_frame_table(SYNTHETIC)


def test_every_cut_is_malformed() -> None:
    for end in range(len(DATA)):
        with pytest.raises(MalformedFrameTable) as raised:
            read_frame_table(DATA[:end])
        assert 0 <= raised.value.offset <= end
    with pytest.raises(MalformedFrameTable, match="after the end"):
        read_frame_table(DATA + b"\0")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), max_size=4))
def test_no_bytes_do_worse_than_being_malformed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(DATA)
    for at, byte in changes:
        data[at] = byte
    with suppress(MalformedFrameTable):
        table = read_frame_table(bytes(data))
        assert read_frame_table(write_frame_table(table)) == table


@pytest.mark.parametrize(
    ("tail", "message", "offset"),
    [
        (b"\0", "no frame shape", 5),
        (b"\x01\0\0\0\x07\0", "slots of 7 bytes", 10),
        (b"\x01\0\x01\0\x08\0\x11", "no value type 0x11", 11),
        (b"\x01\0\0\0\x08\0\x01\x7f\x09\0", "unknown kind 9", 13),
        (b"\x01\xff\xff\xff\xff\x7f", "number too large", 10),
    ],
)
def test_errors_have_their_offset(tail: bytes, message: str, offset: int) -> None:
    with pytest.raises(MalformedFrameTable, match=message) as raised:
        read_frame_table(MAGIC + tail)
    assert raised.value.offset == offset
