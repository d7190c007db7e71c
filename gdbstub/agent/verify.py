"""Whether an expression is fit to run: known opcodes, whole operands, forward jumps, a sane stack.

A jump backwards is refused, because such an expression might not end, and gdb writes none. Every
operation is reached with one stack depth, so the compiler can name each slot.
"""

from __future__ import annotations

from dataclasses import dataclass

from gdbstub.agent.errors import ExpressionError
from gdbstub.agent.opcodes import BY_CODE, END, EXTENDING, GOTO, IF_GOTO, PICK, PRINTF, Op

LONGEST = 0xFFFF  # jumps hold 16-bit offsets
DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a verified expression. `depth` is the stack's before it, None: unreachable."""

    offset: int
    op: Op
    number: int  # the operand; of printf, the count of arguments
    format: str
    depth: int | None


def verify(code: bytes, *, needs_value: bool, allow_printf: bool) -> tuple[Step, ...]:
    """Return the operations of an expression, or raise `ExpressionError`.

    `needs_value`: `end` must find a value on the stack.
    """
    if len(code) > LONGEST:
        raise ExpressionError(LONGEST, f"{len(code)} bytes; at most {LONGEST} are served")
    decoded = _decode(code)
    if not decoded or decoded[-1][1] not in (END, GOTO):
        raise ExpressionError(len(code), "runs past its end")
    starts = {offset for offset, *_ in decoded}
    depths: dict[int, int] = {0: 0}
    steps = []
    for position, (offset, op, number, format_) in enumerate(decoded):
        depth = depths.get(offset)
        steps.append(Step(offset, op, number, format_, depth))
        if depth is None:
            continue
        if op is PRINTF and not allow_printf:
            raise ExpressionError(offset, "printf in a condition")
        after = _depth_after(offset, op, number, depth)
        if op is END:
            if needs_value and depth == 0:
                raise ExpressionError(offset, "ends without a value")
            continue
        if op in (GOTO, IF_GOTO):
            if number <= offset:
                raise ExpressionError(offset, f"jumps back to {number}: it might not end")
            if number not in starts:
                raise ExpressionError(offset, f"jumps to {number}, where no operation starts")
            _meet(depths, number, after, offset)
        if op is not GOTO:
            if position + 1 == len(decoded):
                raise ExpressionError(len(code), "runs past its end")
            _meet(depths, decoded[position + 1][0], after, offset)
    return tuple(steps)


def _meet(depths: dict[int, int], target: int, depth: int, offset: int) -> None:
    if depths.setdefault(target, depth) != depth:
        raise ExpressionError(
            offset,
            f"offset {target} is reached with {depths[target]} and {depth} values on the stack",
        )


def _depth_after(offset: int, op: Op, number: int, depth: int) -> int:
    pops = op.pops
    if op is PICK:
        needed = number + 1
    elif op is PRINTF:
        needed = pops = number + 2  # function and channel besides the arguments
    else:
        needed = pops
    if depth < needed:
        raise ExpressionError(offset, f"{op.name} needs {needed} values, the stack has {depth}")
    after = depth - pops + op.pushes
    if after > DEEPEST:
        raise ExpressionError(offset, f"more than {DEEPEST} values on the stack")
    return after


def _decode(code: bytes) -> list[tuple[int, Op, int, str]]:
    decoded = []
    offset = 0
    while offset < len(code):
        op = BY_CODE.get(code[offset])
        if op is None:
            raise ExpressionError(offset, f"unknown opcode 0x{code[offset]:02x}")
        if op.refused:
            raise ExpressionError(offset, f"{op.name} {op.refused}")
        end = offset + 1 + op.operand
        operand = code[offset + 1 : end]
        text = ""
        if len(operand) == op.operand and op is PRINTF:
            end += int.from_bytes(operand[1:], "big")
            text = _format(code, offset, end, int.from_bytes(operand[1:], "big"))
            operand = operand[:1]
        elif len(operand) < op.operand:
            raise ExpressionError(offset, f"{op.name} is cut off")
        number = int.from_bytes(operand, "big")
        if op.code in EXTENDING and not 1 <= number <= 64:
            raise ExpressionError(offset, f"{op.name} from {number} bits")
        decoded.append((offset, op, number, text))
        offset = end
    return decoded


def _format(code: bytes, offset: int, end: int, length: int) -> str:
    if end > len(code):
        raise ExpressionError(offset, "printf is cut off")
    text = code[end - length : end]
    if text[-1:] != b"\0":
        raise ExpressionError(offset, "the format of printf is not terminated")
    return text[:-1].decode("utf-8", "replace")
