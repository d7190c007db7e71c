"""Expressions: each shape clang writes becomes one of the same length that LLVM's dumper reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdbstub.objfile import SlotKind, WasmLocation, layout
from gdbstub.objfile.expression import ExpressionRewriter, completed, simple_location, split
from gdbstub.objfile.leb import uleb
from gdbstub.objfile.report import DwarfError

GLOBALS = {0: 0, 1: 24, 2: 300}

# fmt: off
ROWS = [
    # In a function with 4 locals; None: optimized out.
    ("ed00009f",         "76a08000"),         # local 0: CFA+32 = rbp+32, the slot itself
    ("ed0000",           "762006"),           # its value
    ("ed00059f",         "73c8ff7f"),         # CFA+72 = rbx-56
    ("ed000a9f",         "73f0ff7f"),
    ("ed00139f",         "73b88000"),         # CFA+184 = rbx+56
    ("ed00149f",         "7ac0ff7f"),         # CFA+192 = r10-64
    ("ed02009f",         "76908000"),         # operand 0: CFA+16
    ("ed02029f",         "73c0ff7f"),         # operand 2 lies behind the locals: CFA+64
    ("ed020010011a9f",   "76100610011a9f"),   # arithmetic on a value
    ("ed020023089f",     "76100623089f"),
    ("ed0000441c9f",     "762006441c9f"),
    ("ed02019f9304ed02009f9304", "969696967618930476109304"),
    ("ed00009f9304",     "969676209304"),
    ("ed03000000009f",   "96969696760806"),   # global 0 lies at vmctx+0
    ("ed03010000009f",   "76080623988000"),
    ("ed0301000000",     "760806231806"),     # its value
    ("ed0302000000",     None),               # would need 7 bytes
    ("ed03090000009f",   None),               # not shown by the view
    ("ed01009f",         "96760806"),
    ("9108",             "9108"),
    ("0300040000",       "0300040000"),
    ("a303ed00009f",     None),               # a value at entry
    ("a303ed00009304ed00009f9304", "96969696969696930476209304"),  # only that piece
    ("55",               None),               # a machine register
    ("ed0074",           None),               # CFA+960 is past the near slots: 4 bytes
]
# fmt: on


@pytest.mark.parametrize(("original", "rewritten"), ROWS)
def test_shape(original: str, rewritten: str | None) -> None:
    result = ExpressionRewriter(GLOBALS).rewrite(bytes.fromhex(original), 4)
    assert result.data == (None if rewritten is None else bytes.fromhex(rewritten))


@given(
    st.sampled_from([0, 2]), st.integers(0, 300), st.integers(0, 200), st.sampled_from(["", "9f"])
)
def test_every_slot_fits_where_it_was_named(
    kind: int, index: int, num_locals: int, tail: str
) -> None:
    expression = bytes((0xED, kind)) + uleb(index) + bytes.fromhex(tail)
    result = ExpressionRewriter({}).rewrite(expression, num_locals)
    offset = layout.local_offset(index) if kind == 0 else layout.stack_offset(index, num_locals)
    if result.data is None:
        assert not tail and offset >= 960
    else:
        assert len(result.data) == len(expression)


def test_before_dwarf_4_a_lone_location_is_the_object() -> None:
    rewriter = ExpressionRewriter({}, version=3)
    assert rewriter.rewrite(bytes.fromhex("ed0000"), 4).data == bytes.fromhex("76a000")
    assert rewriter.rewrite(bytes.fromhex("ed00002308"), 4).data == bytes.fromhex("7620062308")


def test_a_far_operand_depends_on_the_function() -> None:
    rewriter = ExpressionRewriter({})
    expression = bytes.fromhex("ed020a9f")
    few, many = rewriter.rewrite(expression, 2), rewriter.rewrite(expression, 50)
    assert few.by_function
    assert few.data != many.data


def test_slack_of_one_location_serves_another() -> None:
    # The value of local 116 needs a byte more than it has; the operand as an object has one to spare.
    result = ExpressionRewriter({}).rewrite(bytes.fromhex("ed00749302ed02009f9302"), 200)
    assert result.data == bytes.fromhex("967fc00006930276109302")


@pytest.mark.parametrize("broken", ["ed", "ed00", "ed00ff", "03000400", "a310ed", "ff", "9e05"])
def test_malformed_expressions_are_refused(broken: str) -> None:
    with pytest.raises(DwarfError):
        split(bytes.fromhex(broken))


def test_a_frame_base_tells_what_it_names() -> None:
    assert simple_location(bytes.fromhex("ed00039f")) == WasmLocation(SlotKind.LOCAL, 3)
    assert simple_location(bytes.fromhex("ed03000000009f")) == WasmLocation(SlotKind.GLOBAL_U32, 0)
    assert simple_location(bytes.fromhex("ed000323089f")) is None


# fmt: off
COMPLETED = (
    # in pieces          rest  with the rest said
    ("969676209304",     4,    "762093049304"),
    ("96969696762093049304", 200, "96762093049304" "93c801"),
    ("9676209304",       4,    "9676209304"),      # there is no room
    ("969696969304",     8,    "969693049308"),    # nothing of it is there
)
# fmt: on


@pytest.mark.parametrize(("pieces", "rest", "expected"), COMPLETED)
def test_what_pieces_do_not_cover_is_an_empty_piece(pieces: str, rest: int, expected: str) -> None:
    assert completed(bytes.fromhex(pieces), rest) == bytes.fromhex(expected)


def test_how_much_pieces_cover() -> None:
    rewriter = ExpressionRewriter({})
    covered = [
        rewriter.rewrite(bytes.fromhex(text), 4).covered
        for text in ("ed00009f9304", "ed00009f9304ed00019f9308", "ed00009f9d0400", "ed00009f")
    ]
    assert covered == [4, 12, 0, 0]
