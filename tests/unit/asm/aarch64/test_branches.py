"""Branches of aarch64: linking, and functions larger than a conditional branch reaches."""

from collections.abc import Callable

import pytest

import jit
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.isa import ISA
from jit.asm.aarch64.sequence import link, outward
from jit.asm.masm import BranchTooFar
from tests.cross.lab import Lab

REACH = 1 << 20

CASES: dict[str, Callable[..., bytes]] = {
    "b": a.b,
    "b.ne": lambda distance=0: a.b_cond(a.NE, distance),
    "cbz w": lambda distance=0: a.cbz(a.X16, distance),
    "cbnz w": lambda distance=0: a.cbnz(a.X1, distance),
    "cbz x": lambda distance=0: a.cbz(a.X16, distance, 1),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("distance", [8, 4, 0, -4, -REACH, REACH - 4])
def test_link_sets_the_distance(name: str, distance: int) -> None:
    code = bytearray(a.NOP + CASES[name]())
    link(code, 8, 4 + distance)
    assert bytes(code) == a.NOP + CASES[name](distance)
    link(code, 8, 4)
    assert bytes(code) == a.NOP + CASES[name]()


@pytest.mark.parametrize("name", [name for name in CASES if name != "b"])
@pytest.mark.parametrize("distance", [-REACH - 4, REACH])
def test_link_refuses_what_a_branch_cannot_reach(name: str, distance: int) -> None:
    with pytest.raises(BranchTooFar):
        link(bytearray(CASES[name]()), 4, distance)


@pytest.mark.parametrize(
    ("near", "inverse"),
    [
        (a.b_cond(a.GT), a.b_cond(a.LE, 8)),
        (a.b_cond(a.VS), a.b_cond(a.VC, 8)),
        (a.cbz(a.X16), a.cbnz(a.X16, 8)),
        (a.cbnz(a.X1), a.cbz(a.X1, 8)),
        (a.cbz(a.X16, w=1), a.cbnz(a.X16, 8, 1)),
    ],
)
def test_a_far_branch_skips_a_jump_by_the_inverse(near: bytes, inverse: bytes) -> None:
    assert outward(near, False) == near
    assert outward(near, True) == inverse + a.b()


def test_the_far_macro_assembler_is_far_itself() -> None:
    assert ISA.masm.far is not ISA.masm
    assert ISA.masm.far.far is ISA.masm.far
    code = bytearray(ISA.masm.far.branch[a.EQ])
    link(code, len(code), 100 << 20)
    assert code[4:] == a.b((100 << 20) - 4)


def test_a_branch_back_beyond_reach() -> None:
    masm = ISA.masm
    assert masm.branch_back(a.EQ, REACH, 0) == a.b_cond(a.EQ, -REACH)
    assert masm.branch_back(a.EQ, REACH + 4, 0) == a.b_cond(a.NE, 8) + a.b(-REACH - 8)


COUNT = 70_000


def huge() -> str:
    """A function of more than a mebibyte: branches over all of it, and a load in it that may trap."""
    body = "local.get 0 i32.load offset=4 local.get 1 i32.add local.set 1\n" * COUNT
    return f"""(module (memory 1) (data (i32.const 4) "\\03")
      (func (export "f") (param i32) (result i32) (local i32)
        (block $out
          (br_if $out (i32.eq (local.get 0) (i32.const 1)))
          (loop $again
            (if (i32.ne (local.get 0) (i32.const 2)) (then {body}))
            (br_if $again (i32.eqz (local.get 1)))))
        (local.get 1)))"""


def test_a_function_of_more_than_a_mebibyte() -> None:
    lab = Lab("emulated aarch64", huge())
    assert lab.call("f", 1).results == (0,)
    assert lab.call("f", 0).results == (3 * COUNT,)
    trapped = lab.call("f", 65536)
    assert trapped.trap is jit.TrapCode.MEMORY_OUT_OF_BOUNDS
    (function,) = lab.store.code.module(lab.module).functions()
    assert function.end - function.start > REACH
