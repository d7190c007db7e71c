"""The op that a frame stands at, in words, and what it finds on the stack: for those who tell of a trap."""

from dataclasses import dataclass

from jit.debug.frames import FrameHandle
from jit.wasm.decode import decode_instruction
from jit.wasm.disasm import disassemble_function
from jit.wasm.opcodes import (
    CALL_INDIRECT,
    OPS,
    TABLE_FILL,
    TABLE_GET,
    TABLE_GROW,
    TABLE_SET,
)
from jit.wasm.structure import ModuleInfo

_POPPED = {TABLE_GET: 1, TABLE_SET: 2, TABLE_GROW: 2, TABLE_FILL: 3}
"""How many operands those ops pop whose types depend on their table's."""


@dataclass(frozen=True, slots=True)
class StandingOp:
    """An op: its text, the operands it is about to pop as (type, bits), the deepest first.

    `table` is the index of the table it calls through, None if it is no such call.
    """

    text: str
    operands: tuple[tuple[int, int], ...]
    table: int | None


def standing_op(frame: FrameHandle) -> StandingOp | None:
    """Return the op that a frame stands before; None for a frame of the host."""
    place = frame.wasm_function_index_and_pc()
    if place is None:
        return None
    info = frame.instance().module.info
    defined_index, pc = place
    line = next((line for line in disassemble_function(info, defined_index) if line.pc == pc), None)
    if line is None:
        return None
    code, immediates, _ = decode_instruction(info.data, pc)
    count = min(_popped(info, code, immediates), frame.num_stacks())
    first = frame.num_stacks() - count
    operands = tuple(
        (frame.stack_type(index), frame.stack_bits(index))
        for index in range(first, frame.num_stacks())
    )
    table = immediates[1] if code == CALL_INDIRECT and isinstance(immediates, tuple) else None
    return StandingOp(line.text, operands, table)


def _popped(info: ModuleInfo, code: int, immediates: object) -> int:
    signature = OPS[code].signature
    if signature is not None:
        return len(signature.params)
    if code == CALL_INDIRECT and isinstance(immediates, tuple):
        return len(info.types[immediates[0]].params) + 1
    return _POPPED.get(code, 0)
