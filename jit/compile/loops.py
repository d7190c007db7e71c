"""Which locals a loop keeps in registers: those used most in it, a nested loop counting eightfold."""

from jit.asm.masm import MacroAssembler
from jit.wasm.opcodes import END, LOCAL_GET, LOCAL_TEE, LOOP
from jit.wasm.types import F32, F64, REFERENCE_TYPES
from jit.wasm.validate import Block, Body

_NESTED = 8


def plan_homes(
    body: Body, start: int, end: int, masm: MacroAssembler, plans: dict[int, tuple[int, ...]]
) -> None:
    """Choose for the loop at index `start` and for all loops in it."""
    ops, imms = body.ops, body.imms
    uses: dict[int, int] = {}
    around: list[tuple[int, dict[int, int]]] = []
    first = start
    for at in range(start + 1, end):
        op = ops[at]
        if LOCAL_GET <= op <= LOCAL_TEE:
            local = imms[at]
            assert isinstance(local, int)
            uses[local] = uses.get(local, 0) + 1
        elif op == LOOP:
            around.append((first, uses))
            first, uses = at, {}
        elif op == END:
            block = imms[at]
            assert isinstance(block, Block)
            if block.kind == "loop":
                plans[first] = _choose(body, uses, masm)
                inner = uses
                first, uses = around.pop()
                for local, count in inner.items():
                    uses[local] = uses.get(local, 0) + _NESTED * count
    plans[start] = _choose(body, uses, masm)


def _choose(body: Body, uses: dict[int, int], masm: MacroAssembler) -> tuple[int, ...]:
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
