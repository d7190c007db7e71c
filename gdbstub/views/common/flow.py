"""Where control goes in one function, read from its ops: the loops, and branches of other kinds.

A loop's op runs once; a branch to the loop goes to the op after it, the loop's head.  Debuggers take
the loop's op, where its line begins in the debug information, for the place that is come back to.

`if`, `else`, `br_table` and the last `end` are no branches for a debugger that knows ops by what LLVM
says of them: control that leaves a line by one of these leaves it unseen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from gdbstub.objfile.leb import read_uleb

LOOP = 0x03
_BLOCK, _IF, _ELSE, _END = 0x02, 0x04, 0x05, 0x0B
_BR, _BR_IF, _BR_TABLE, _RETURN = 0x0C, 0x0D, 0x0E, 0x0F
_KNOWN = frozenset({_BR, _BR_IF, _RETURN})
"""Branches that LLVM knows for such."""
CALLS = frozenset({0x10, 0x11})
"""`call` and `call_indirect`."""


@dataclass(frozen=True, slots=True)
class Exits:
    """Where the ops of a range may go to, besides the next op: PCs, and whether to the caller."""

    pcs: frozenset[int]
    returns: bool


@dataclass(slots=True)
class _Block:
    """A block that is open while its function is read."""

    head: int | None = None
    """Where branches go to it, if it is a loop; else they go behind its end."""
    otherwise: int | None = None
    """Its `if`, as long as no `else` has come."""
    waiting: list[int] = field(default_factory=list)
    """The ops that go behind its end."""


class Flow:
    """The control flow of one function."""

    def __init__(self, data: bytes, pcs: Sequence[int]) -> None:
        """`pcs` are the function's ops in a module's bytes."""
        self.loops: dict[int, int] = {}
        """The head of each loop, by the loop's op."""
        self._ends: dict[int, int] = {}
        self._targets: dict[int, set[int]] = {}
        self._returning = {pcs[-1]}
        self._known: set[int] = set()
        self._calls: list[int] = []
        blocks = [_Block()]
        for pc, following in zip(pcs, [*pcs[1:], pcs[-1] + 1], strict=True):
            opcode = data[pc]
            if opcode in CALLS:
                self._calls.append(pc)
            elif opcode == _BLOCK:
                blocks.append(_Block())
            elif opcode == LOOP:
                self.loops[pc] = following
                blocks.append(_Block(head=following))
            elif opcode == _IF:
                blocks.append(_Block(otherwise=pc))
            elif opcode == _ELSE:
                block = blocks[-1]
                if block.otherwise is not None:
                    self._add(block.otherwise, following)
                    block.otherwise = None
                block.waiting.append(pc)
            elif opcode == _BR_TABLE:
                for depth in _depths(data, pc):
                    self._branch(pc, blocks, depth)
            elif opcode in _KNOWN:
                self._known.add(pc)
                depth = len(blocks) if opcode == _RETURN else read_uleb(data, pc + 1)[0]
                self._branch(pc, blocks, depth)
            elif opcode == _END and pc != pcs[-1]:
                self._ends[pc] = following
                self._close(blocks.pop(), following)
        self.heads = {head: loop for loop, head in self.loops.items()}
        """The op of each loop, by its head."""
        self._pcs = sorted({*self._targets, *self._returning})
        self._branches = sorted(self._known)

    def _branch(self, pc: int, blocks: Sequence[_Block], depth: int) -> None:
        if depth >= len(blocks) - 1:
            self._returning.add(pc)
            return
        block = blocks[-1 - depth]
        if block.head is not None:
            self._add(pc, block.head)
        else:
            block.waiting.append(pc)

    def _close(self, block: _Block, following: int) -> None:
        for pc in block.waiting:
            self._add(pc, following)
        if block.otherwise is not None:
            self._add(block.otherwise, following)

    def _add(self, pc: int, target: int) -> None:
        self._targets.setdefault(pc, set()).add(target)

    def exits(self, low: int, high: int, *, known: bool) -> Exits:
        """Return where the ops in [low, high) may leave it to; branches that LLVM knows if `known`.

        Ends of blocks on the way from there are left out: they do nothing.
        """
        found: set[int] = set()
        returns = False
        at = bisect_left(self._pcs, low)
        while at < len(self._pcs) and self._pcs[at] < high:
            pc = self._pcs[at]
            at += 1
            if known or pc not in self._known:
                returns = returns or pc in self._returning
                found |= {self._behind_ends(target) for target in self._targets.get(pc, ())}
        return Exits(frozenset(pc for pc in found if not low <= pc <= high), returns)

    def is_next(self, low: int, high: int) -> bool:
        """Say whether `high` is the first branch that LLVM knows from `low` on, or a call before that."""
        branch = _first(self._branches, low)
        return high in (branch, _first(self._calls, low)) and (branch is None or high <= branch)

    def _behind_ends(self, pc: int) -> int:
        while pc in self._ends:
            pc = self._ends[pc]
        return pc


def _first(pcs: Sequence[int], low: int) -> int | None:
    at = bisect_left(pcs, low)
    return pcs[at] if at < len(pcs) else None


def _depths(data: bytes, pc: int) -> set[int]:
    """Return the labels of a `br_table`, the default's among them."""
    count, position = read_uleb(data, pc + 1)
    depths = set()
    for _ in range(count + 1):
        depth, position = read_uleb(data, position)
        depths.add(depth)
    return depths
