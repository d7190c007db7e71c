"""What is known of a loop before it is compiled: the locals it keeps in registers, and those it sets.

Kept are those used most in it, a nested loop counting eightfold.
"""

from collections import Counter
from typing import NamedTuple

from jit.asm.masm import MacroAssembler
from jit.wasm.opcodes import LOCAL_GET, LOCAL_SET, LOCAL_TEE, LOOP
from jit.wasm.types import F32, F64, REFERENCE_TYPES
from jit.wasm.validate import Block, Body

_NESTED = 8
_USES = frozenset((LOCAL_GET, LOCAL_SET, LOCAL_TEE))
_SETS = frozenset((LOCAL_SET, LOCAL_TEE))


class LoopPlan(NamedTuple):
    """Of a loop: the locals to give homes to, and those that it sets."""

    homes: tuple[int, ...]
    sets: set[int]


def plan_loops(
    body: Body, start: int, end: int, masm: MacroAssembler, plans: dict[int, LoopPlan]
) -> None:
    """Plan the loop at index `start`, which ends at `end`, and all loops in it."""
    _plan(body, start, end, masm, plans)


def _plan(
    body: Body, start: int, end: int, masm: MacroAssembler, plans: dict[int, LoopPlan]
) -> Counter[int]:
    """Plan a loop and return how much it uses each local."""
    ops, imms = body.ops, body.imms
    uses: Counter[int] = Counter()
    sets: set[int] = set()
    nested: list[Counter[int]] = []
    at = start + 1
    while at < end:
        try:
            stop = ops.index(LOOP, at, end)
        except ValueError:
            stop = end
        uses.update(
            [imm for op, imm in zip(ops[at:stop], imms[at:stop], strict=True) if op in _USES]  # type: ignore[misc]
        )
        sets.update(
            [imm for op, imm in zip(ops[at:stop], imms[at:stop], strict=True) if op in _SETS]  # type: ignore[misc]
        )
        at = stop
        if stop < end:
            block = imms[stop]
            assert isinstance(block, Block)
            nested.append(_plan(body, stop, block.end, masm, plans))
            sets |= plans[stop].sets
            at = block.end
    for inner in nested:
        for local, count in inner.items():
            uses[local] += _NESTED * count
    plans[start] = LoopPlan(_choose(body, uses, masm), sets)
    return uses


def _choose(body: Body, uses: Counter[int], masm: MacroAssembler) -> tuple[int, ...]:
    """Return the locals used most, of each kind as many as there are homes."""
    types = body.local_types
    general, floats = masm.homes, masm.float_homes
    chosen: list[int] = []
    for local in sorted(uses, key=lambda local: (-uses[local], local)):
        type_ = types[local]
        if type_ in (F32, F64):
            if floats:
                floats -= 1
                chosen.append(local)
        elif general and type_ not in REFERENCE_TYPES:
            general -= 1
            chosen.append(local)
        if not general and not floats:
            break
    return tuple(chosen)
