"""Control flow as it is read from a function's ops: the oracle is where the guest goes, op by op."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gdbstub.views.common.flow import Exits, Flow
from tests.unit.views.wasm.driving import STEP, Session, session

# Ops: 0 loop, 1 block, 2 block, 3 local.get, 4 br_table, 5 end, 6 i32.const, 7 local.set, 8 end,
# 9 local.get, 10 if, 11 nop, 12 else, 13 nop, 14 end, 15 local.get, 16 if, 17 br, 18 end,
# 19 local.get, 20 i32.const, 21 i32.lt_u, 22 br_if, 23 end, 24 local.get, 25 br_table, 26 end.
BRANCHES = """(module
  (func $f (param i32) (local i32)
    loop $again
      block $outer
        block $inner
          local.get 0
          br_table $outer $inner 3 $inner
        end
        i32.const 1
        local.set 1
      end
      local.get 1
      if
        nop
      else
        nop
      end
      local.get 1
      if
        br 1
      end
      local.get 0
      i32.const 0
      i32.lt_u
      br_if $again
    end
    local.get 0
    br_table 0 0)
  (func $again (param i32) (local i32)
    loop $loop
      local.get 1
      local.get 0
      i32.ge_u
      if
        return
      end
      local.get 1
      i32.const 1
      i32.add
      local.tee 1
      br_table $loop $loop
    end)
  (func (export "go")
    i32.const 0 call $f
    i32.const 2 call $f
    i32.const 3 call $again))"""


@pytest.fixture(scope="module")
def stepped() -> Session:
    """Step through the program, op by op."""
    run = session(BRANCHES.replace("br 1", "nop"))
    run.run(*[lambda _: STEP] * 200)
    return run


def flow(run: Session, function: int) -> Flow:
    return Flow(run.debugger.modules()[0].info.data, run.ops(function))


@pytest.mark.parametrize("function", [0, 1])
def test_every_branch_that_was_taken_is_known(stepped: Session, function: int) -> None:
    pcs = stepped.ops(function)
    read = flow(stepped, function)
    following = dict(pairwise(pcs))
    taken = 0
    for (_, pc), (_, to) in pairwise(stepped.seen):
        if pc not in pcs or to == following.get(pc):
            continue
        exits = read.exits(pc, pc + 1, known=True)
        assert to in exits.pcs if to in pcs else exits.returns
        taken += 1
    assert taken >= 5


def exits(run: Session, low: int, high: int, *, known: bool = False) -> Exits:
    """Give the exits of ops of the first function by their numbers."""
    pcs = [*run.ops(0), run.ops(0)[-1] + 1]
    found = flow(run, 0).exits(pcs[low], pcs[high], known=known)
    return Exits(frozenset(pcs.index(pc) for pc in found.pcs), found.returns)


@pytest.fixture(scope="module")
def run() -> Session:
    """Load the program."""
    run = session(BRANCHES)
    run.run()
    return run


@pytest.mark.parametrize(
    ("low", "high", "pcs", "returns"),
    [
        (3, 5, {6, 9}, True),
        (3, 6, {9}, True),  # up to where an exit is, it is none
        (9, 11, {13}, False),
        (9, 13, {15}, False),
        (11, 12, set(), False),
        (15, 17, {19}, False),
        (19, 23, set(), False),  # a branch that LLVM knows
        (24, 26, set(), True),
        (24, 27, set(), True),
        (19, 27, set(), True),
    ],
)
def test_exits(run: Session, low: int, high: int, pcs: set[int], returns: bool) -> None:
    assert exits(run, low, high) == Exits(frozenset(pcs), returns)


def test_exits_by_known_branches(run: Session) -> None:
    assert exits(run, 15, 19, known=True).pcs == {1}
    assert exits(run, 19, 23, known=True).pcs == {1}


def test_loops_and_their_heads(run: Session) -> None:
    pcs = run.ops(0)
    assert flow(run, 0).loops == {pcs[0]: pcs[1]}
    assert flow(run, 0).heads == {pcs[1]: pcs[0]}


@pytest.mark.parametrize(
    ("low", "high", "is_next"),
    [(15, 17, True), (15, 22, False), (19, 22, True), (19, 21, False), (23, 24, False)],
)
def test_the_next_known_branch(run: Session, low: int, high: int, is_next: bool) -> None:
    pcs = run.ops(0)
    assert flow(run, 0).is_next(pcs[low], pcs[high]) == is_next


def test_a_call_before_the_next_branch(run: Session) -> None:
    pcs = run.ops(2)  # i32.const, call, i32.const, call, ...
    assert flow(run, 2).is_next(pcs[0], pcs[1])
    assert not flow(run, 2).is_next(pcs[0], pcs[3])
