"""Decoding one instruction: its code, its immediates as they stand in the bytes, where it ends.

Nothing is validated beyond the binary grammar: indices may be out of range. What an immediate
decodes to, by `Imm`: BLOCK a signed number (negative: `code - 0x80`, else a type index), LABELS and
TYPES a tuple, those with two parts a pair in the order of the bytes, MEM* (alignment, offset),
constants an unsigned bit pattern, the others an unsigned number, NONE None.
"""

from collections.abc import Callable

from jit.wasm.errors import MalformedModule, UnsupportedFeature
from jit.wasm.opcodes import OPS, PREFIXES, Imm, prefixed, unsupported_feature
from jit.wasm.reader import (
    MASK32,
    MASK64,
    read_reftype,
    read_signed,
    read_u8,
    read_u32,
    read_valtype,
)

Decoder = Callable[[bytes, int], tuple[object, int]]

EMPTY_BLOCK = 0x40 - 0x80
"""A block type without params or results."""


def decode_opcode(data: bytes, pos: int) -> tuple[int, int]:
    """Read an opcode; raise UnsupportedFeature for those of other proposals."""
    code, after = read_u8(data, pos)
    prefix = sub = 0
    if code in PREFIXES:
        prefix = code
        sub, after = read_u32(data, after)
        code = prefixed(prefix, sub)
    if code in OPS:
        return code, after
    unsupported = unsupported_feature(code, prefix, sub)
    if unsupported is not None:
        feature, name = unsupported
        raise UnsupportedFeature(feature, pos, name)
    shown = f"{prefix:#x} {sub:#x}" if prefix else f"{code:#x}"
    raise MalformedModule(f"illegal opcode {shown}", pos)


def decode_instruction(data: bytes, pos: int) -> tuple[int, object, int]:
    """Return the code, the immediates, and the end of the instruction at `pos`."""
    code, after = decode_opcode(data, pos)
    imm, after = IMMEDIATES[OPS[code].immediates](data, after)
    return code, imm, after


def _none(data: bytes, pos: int) -> tuple[object, int]:
    return None, pos


def _block(data: bytes, pos: int) -> tuple[object, int]:
    code, after = read_u8(data, pos)
    if code & 0xC0 == 0x40:
        if code != 0x40:
            read_valtype(data, pos)
        return code - 0x80, after
    index, after = read_signed(data, pos, 33)
    if index < 0:
        raise MalformedModule("malformed block type", pos)
    return index, after


def _labels(data: bytes, pos: int) -> tuple[object, int]:
    count, after = read_u32(data, pos)
    if count >= len(data) - after:
        raise MalformedModule("unexpected end", len(data))
    labels: list[int] = []
    for _ in range(count + 1):
        label, after = read_u32(data, after)
        labels.append(label)
    return tuple(labels), after


def _types(data: bytes, pos: int) -> tuple[object, int]:
    count, after = read_u32(data, pos)
    if count > len(data) - after:
        raise MalformedModule("unexpected end", len(data))
    types: list[int] = []
    for _ in range(count):
        valtype, after = read_valtype(data, after)
        types.append(valtype)
    return tuple(types), after


def _heap_type(data: bytes, pos: int) -> tuple[object, int]:
    code, _ = read_u8(data, pos)
    if code & 0xC0 != 0x40:
        raise UnsupportedFeature("function references", pos, "ref.null of a type index")
    return read_reftype(data, pos)


def _i32(data: bytes, pos: int) -> tuple[object, int]:
    value, after = read_signed(data, pos, 32)
    return value & MASK32, after


def _i64(data: bytes, pos: int) -> tuple[object, int]:
    value, after = read_signed(data, pos, 64)
    return value & MASK64, after


def _fixed(size: int) -> Decoder:
    def decode(data: bytes, pos: int) -> tuple[object, int]:
        after = pos + size
        if after > len(data):
            raise MalformedModule("unexpected end", len(data))
        return int.from_bytes(data[pos:after], "little"), after

    return decode


def _access(data: bytes, pos: int) -> tuple[object, int]:
    align, after = read_u32(data, pos)
    if align >= 0x40:
        if align < 0x80:
            raise UnsupportedFeature("multi-memory", pos, "memory index in a memory access")
        raise MalformedModule("malformed memop flags", pos)
    offset, after = read_u32(data, after)
    return (align, offset), after


def _memory(data: bytes, pos: int) -> tuple[object, int]:
    index, after = read_u32(data, pos)
    if index:
        raise UnsupportedFeature("multi-memory", pos, f"memory {index}")
    if after != pos + 1:
        raise MalformedModule("zero byte expected", pos)
    return 0, after


def _pair(first: Decoder, second: Decoder) -> Decoder:
    def decode(data: bytes, pos: int) -> tuple[object, int]:
        one, after = first(data, pos)
        two, after = second(data, after)
        return (one, two), after

    return decode


IMMEDIATES: dict[Imm, Decoder] = {
    Imm.NONE: _none,
    Imm.BLOCK: _block,
    Imm.LABEL: read_u32,
    Imm.LABELS: _labels,
    Imm.FUNC: read_u32,
    Imm.CALL_INDIRECT: _pair(read_u32, read_u32),
    Imm.LOCAL: read_u32,
    Imm.GLOBAL: read_u32,
    Imm.TABLE: read_u32,
    Imm.TYPES: _types,
    Imm.HEAP_TYPE: _heap_type,
    Imm.I32: _i32,
    Imm.I64: _i64,
    Imm.F32: _fixed(4),
    Imm.F64: _fixed(8),
    Imm.MEM8: _access,
    Imm.MEM16: _access,
    Imm.MEM32: _access,
    Imm.MEM64: _access,
    Imm.MEMORY: _memory,
    Imm.MEMORY_MEMORY: _pair(_memory, _memory),
    Imm.DATA: read_u32,
    Imm.DATA_MEMORY: _pair(read_u32, _memory),
    Imm.ELEM: read_u32,
    Imm.ELEM_TABLE: _pair(read_u32, read_u32),
    Imm.TABLE_TABLE: _pair(read_u32, read_u32),
}
