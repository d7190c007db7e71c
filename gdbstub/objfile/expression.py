"""DWARF expressions of a Wasm module, rewritten for the synthetic x86 machine.

`DW_OP_WASM_location` (0xed kind index) names a local, a global or an operand; gdb 13 knows no such
thing. Each becomes the place of that value in the frame block (layout.py), relative to an anchor
register:

    ed 00 01 9f         76 a8 80 00         breg6 40: the slot itself, so it can be written
    ed 00 01 23 08 9f   76 28 06 23 08 9f   breg6 40, deref: the slot's value in arithmetic
    ed 03 u32 9f        76 08 06 23 off     slot 1 = vmctx, deref, the offset of the global

A replacement is as long as what it replaces: offsets are written as LEB128 with as many bytes as
are there. What cannot be said (entry values, machine registers, globals the view does not show)
becomes an empty location, which debuggers show as optimized out; within a composite only that
piece becomes empty.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from gdbstub.objfile import layout
from gdbstub.objfile.leb import read_uleb, skip_leb, sleb, uleb
from gdbstub.objfile.report import DwarfError

ADDR, DEREF, PLUS_UCONST, BREG0, FBREG = 0x03, 0x06, 0x23, 0x70, 0x91
LIT0 = 0x30
BRA, SKIP, PIECE, NOP = 0x28, 0x2F, 0x93, 0x96
BIT_PIECE, STACK_VALUE = 0x9D, 0x9F
ADDRX, CONSTX, WASM_LOCATION = 0xA1, 0xA2, 0xED

STACK_POINTER = 7
"""DWARF's number of rsp, which is the value of the DW_AT_frame_base in frames that do not move it."""

TOMBSTONES = (0xFFFFFFFF, 0xFFFFFFFE)
"""What the linker writes for an address that was not linked."""


def frame_base(size: int, kept: bool) -> bytes:
    """Return a DW_AT_frame_base of `size` bytes, at least 4: rsp, which gdb has without reading memory.

    Of a function that moves the shadow stack pointer, or of a guest with several memories, the
    frame's slot for it, where it is `kept`.
    """
    if not kept:
        return bytes((BREG0 + STACK_POINTER,)) + sleb(0, size - 1)
    slot = bytes((BREG0 + layout.ANCHOR_REGISTERS[0],)) + sleb(layout.FRAME_BASE_OFFSET)
    return (slot + bytes((DEREF,))).ljust(size, bytes((NOP,)))


class SlotKind(IntEnum):
    """The first operand of DW_OP_WASM_location."""

    LOCAL = 0
    GLOBAL = 1
    STACK = 2
    GLOBAL_U32 = 3


@dataclass(frozen=True, slots=True)
class WasmLocation:
    """What one DW_OP_WASM_location names."""

    kind: SlotKind
    index: int


NO_GLOBAL = WasmLocation(SlotKind.GLOBAL_U32, TOMBSTONES[0])
"""What the linker writes for a global that was not linked."""

# Operands of each operator (DWARF 5, 7.7.1 and the GNU extensions): a size in bytes, or letters:
# A address, O offset, U/S LEB128, L 1-byte length and block, B ULEB length and block,
# W operands of DW_OP_WASM_location.
# fmt: off
_OPERANDS: dict[int, str] = {
    0x03: "A",  0x06: "",   0x08: "1",  0x09: "1",  0x0A: "2",  0x0B: "2",
    0x0C: "4",  0x0D: "4",  0x0E: "8",  0x0F: "8",  0x10: "U",  0x11: "S",
    0x12: "",   0x13: "",   0x14: "",   0x15: "1",  0x16: "",   0x17: "",
    0x18: "",   0x19: "",   0x1A: "",   0x1B: "",   0x1C: "",   0x1D: "",
    0x1E: "",   0x1F: "",   0x20: "",   0x21: "",   0x22: "",   0x23: "U",
    0x24: "",   0x25: "",   0x26: "",   0x27: "",   0x28: "2",  0x29: "",
    0x2A: "",   0x2B: "",   0x2C: "",   0x2D: "",   0x2E: "",   0x2F: "2",
    **dict.fromkeys(range(0x30, 0x70), ""),
    **dict.fromkeys(range(0x70, 0x90), "S"),
    0x90: "U",  0x91: "S",  0x92: "US", 0x93: "U",  0x94: "1",  0x95: "1",
    0x96: "",   0x97: "",   0x98: "2",  0x99: "4",  0x9A: "O",  0x9B: "",
    0x9C: "",   0x9D: "UU", 0x9E: "B",  0x9F: "",   0xA0: "OS", 0xA1: "U",
    0xA2: "U",  0xA3: "B",  0xA4: "UL", 0xA5: "UU", 0xA6: "1U", 0xA7: "1U",
    0xA8: "U",  0xA9: "U",  0xE0: "",   0xED: "W",  0xF0: "",   0xF2: "OS",
    0xF3: "B",  0xF4: "UL", 0xF5: "UU", 0xF6: "1U", 0xF7: "U",  0xF9: "U",
    0xFA: "4",  0xFB: "U",  0xFC: "U",  0xFD: "O",
}
# fmt: on

_INEXPRESSIBLE = frozenset({*range(0x50, 0x90), 0x90, 0x92, 0xA3, 0xA5, 0xF3, 0xF5})
"""Machine registers, of which Wasm has none, and values at function entry."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of an expression: its opcode and its extent."""

    opcode: int
    start: int
    end: int


def split(expression: bytes, offset_size: int = 4) -> list[Operator]:
    """Split an expression into operators. DwarfError at an unknown or truncated one."""
    operators: list[Operator] = []
    position, size = 0, len(expression)
    try:
        while position < size:
            start, opcode = position, expression[position]
            operands = _OPERANDS.get(opcode)
            if operands is None:
                raise DwarfError(f"unknown operator 0x{opcode:02x}")
            position += 1
            for operand in operands:
                if operand in "US":
                    position = skip_leb(expression, position)
                elif operand == "A":
                    position += 4
                elif operand == "O":
                    position += offset_size
                elif operand == "L":
                    position += 1 + expression[position]
                elif operand == "B":
                    length, position = read_uleb(expression, position)
                    position += length
                elif operand == "W":
                    kind = expression[position]
                    position = position + 5 if kind == 3 else skip_leb(expression, position + 1)
                else:
                    position += int(operand)
            operators.append(Operator(opcode, start, position))
    except IndexError:
        raise DwarfError("expression is cut off") from None
    if position > size:
        raise DwarfError("expression is cut off")
    return operators


def wasm_location(expression: bytes, start: int = 0) -> WasmLocation | None:
    """Return what the DW_OP_WASM_location at `start` names, None where none stands there."""
    if start + 2 >= len(expression) or expression[start] != WASM_LOCATION:
        return None
    kind = expression[start + 1]
    if kind == SlotKind.GLOBAL_U32:
        index = int.from_bytes(expression[start + 2 : start + 6], "little")
    elif kind <= SlotKind.STACK:
        index, _ = read_uleb(expression, start + 2)
    else:
        return None
    return WasmLocation(SlotKind(kind), index)


def simple_location(expression: bytes) -> WasmLocation | None:
    """Return what an expression names that is one DW_OP_WASM_location, None for any other."""
    try:
        operators = split(expression)
    except DwarfError:
        return None
    opcodes = [operator.opcode for operator in operators]
    if opcodes in ([WASM_LOCATION], [WASM_LOCATION, STACK_VALUE]):
        return wasm_location(expression)
    return None


def _covered(expression: bytes, operators: list[Operator]) -> int:
    """Return the bytes of an object that an expression in pieces tells of; 0 for any other."""
    if not operators or operators[-1].opcode != PIECE:
        return 0
    if any(operator.opcode in (BRA, SKIP, BIT_PIECE) for operator in operators):
        return 0
    pieces = (operator for operator in operators if operator.opcode == PIECE)
    return sum(read_uleb(expression, piece.start + 1)[0] for piece in pieces)


def completed(expression: bytes, rest: int) -> bytes:
    """Return an expression in pieces with an empty one for `rest` more bytes of its object.

    As long as before; as it was where what fills it in front is too little for that.
    """
    said = expression.lstrip(bytes((NOP,)))
    room = len(expression) - len(said)
    piece = bytes((PIECE,)) + uleb(rest)
    return bytes((NOP,)) * (room - len(piece)) + said + piece if len(piece) <= room else expression


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An expression for the synthetic machine, as long as the original.

    `data` is None where it cannot be said. `data_indices` are the entries of .debug_addr it uses,
    `data_addresses` the addresses it names. `by_function` tells that it holds only in functions
    with as many locals as the one asked for. `covered` is how much of the object its pieces are, in
    bytes; 0 where it is not in pieces.
    """

    data: bytes | None
    changed: bool
    data_indices: tuple[int, ...] = ()
    data_addresses: tuple[int, ...] = ()
    by_function: bool = False
    covered: int = 0


class ExpressionRewriter:
    """Rewrites expressions; one that was seen before costs a look-up."""

    def __init__(
        self,
        vmctx_globals: Mapping[int, int],
        version: int = 5,
        shown_address: Callable[[int], int] | None = None,
    ) -> None:
        """`version` is the DWARF's: before 4 a lone location is the object itself, for there is no
        DW_OP_stack_value; since then it is the object's address. `shown_address` says where a
        variable is shown, None that all are where the DWARF says."""
        self._globals = vmctx_globals
        self._shown_address = shown_address
        self._lone_is_object = version < 4
        self._cache: dict[bytes, Rewritten] = {}
        self._by_function: dict[tuple[bytes, int], Rewritten] = {}

    def rewrite(self, expression: bytes, num_locals: int) -> Rewritten:
        """Rewrite for a function with `num_locals` locals. DwarfError for a malformed expression."""
        result = self._cache.get(expression)
        if result is not None:
            return result
        key = (expression, num_locals)
        result = self._by_function.get(key)
        if result is None:
            result = self._rewrite(expression, num_locals)
            if result.by_function:
                self._by_function[key] = result
            else:
                self._cache[expression] = result
        return result

    def _rewrite(self, expression: bytes, num_locals: int) -> Rewritten:
        operators = split(expression)
        indices: list[int] = []
        addresses: list[int] = []
        opcodes = {operator.opcode for operator in operators}
        by_function = False
        for operator in operators:
            if operator.opcode in (ADDRX, CONSTX):
                indices.append(read_uleb(expression, operator.start + 1)[0])
            elif operator.opcode == ADDR:
                addresses.append(struct.unpack_from("<I", expression, operator.start + 1)[0])
            elif operator.opcode == WASM_LOCATION:
                location = wasm_location(expression, operator.start)
                by_function |= (
                    location is not None
                    and location.kind == SlotKind.STACK
                    and location.index >= layout.NEAR_STACK_SLOTS
                )
        shown = self._with_addresses_shown(expression, operators) if addresses else expression
        if WASM_LOCATION not in opcodes and not opcodes & _INEXPRESSIBLE:
            changed = shown != expression
            return Rewritten(shown, changed, tuple(indices), tuple(addresses))
        covered = _covered(shown, operators)
        data = self._replace(shown, operators, num_locals, padded=not covered)
        return Rewritten(data, True, tuple(indices), tuple(addresses), by_function, covered)

    def _with_addresses_shown(self, expression: bytes, operators: list[Operator]) -> bytes:
        if self._shown_address is None:
            return expression
        shown = bytearray(expression)
        for operator in operators:
            if operator.opcode == ADDR:
                (address,) = struct.unpack_from("<I", expression, operator.start + 1)
                struct.pack_into("<I", shown, operator.start + 1, self._shown_address(address))
        return bytes(shown)

    def _replace(
        self, expression: bytes, operators: list[Operator], num_locals: int, padded: bool
    ) -> bytes | None:
        """Return the replacement, or None where nothing of it can be said."""
        branches = any(operator.opcode in (BRA, SKIP) for operator in operators)
        for wide in (padded, not padded):
            data = self._assemble(expression, operators, num_locals, wide)
            if data is None:
                return None
            slack = len(expression) - len(data)
            if slack == 0 or (slack > 0 and not branches):
                return bytes((NOP,)) * slack + data
        return None

    def _assemble(
        self, expression: bytes, operators: list[Operator], num_locals: int, padded: bool
    ) -> bytes | None:
        """Return the whole composite; a piece that cannot be said becomes an empty one."""
        parts: list[bytes] = []
        group: list[Operator] = []
        for operator in operators:
            if operator.opcode not in (PIECE, BIT_PIECE):
                group.append(operator)
                continue
            if group:
                part = self._group(expression, group, num_locals, padded)
                if part is None:
                    part = bytes((NOP,)) * (group[-1].end - group[0].start)
                parts.append(part)
            parts.append(expression[operator.start : operator.end])
            group = []
        if group:
            part = self._group(expression, group, num_locals, padded)
            if part is None:
                return None
            parts.append(part)
        return b"".join(parts)

    def _group(
        self, expression: bytes, group: list[Operator], num_locals: int, padded: bool
    ) -> bytes | None:
        """Return the operators of one simple location, as long as they were where `padded` and possible."""
        parts: list[bytes] = []
        position = 0
        while position < len(group):
            operator = group[position]
            position += 1
            if operator.opcode in _INEXPRESSIBLE:
                return None
            if operator.opcode != WASM_LOCATION:
                parts.append(expression[operator.start : operator.end])
                continue
            location = wasm_location(expression, operator.start)
            if location is None:
                return None
            end = operator.end
            if location == NO_GLOBAL and position < len(group):
                # The base of thread-local storage, of which a program without threads has none.
                parts.append(bytes((NOP,)) * (end - operator.start - 1) + bytes((LIT0,)))
                continue
            lvalue = position == len(group) - 1 and group[position].opcode == STACK_VALUE
            if lvalue:
                end = group[position].end
                position += 1
            elif self._lone_is_object and len(group) == 1:
                lvalue = True
            room = end - operator.start if padded else 0
            part = self.place(location, num_locals, room, dereference=not lvalue)
            if part is None:
                return None
            parts.append(part)
        return b"".join(parts)

    def place(
        self, location: WasmLocation, num_locals: int, room: int, dereference: bool
    ) -> bytes | None:
        """Return the operators for a location's address (or value), in `room` bytes if they fit."""
        tail = bytes((DEREF,)) if dereference else b""
        if location.kind in (SlotKind.GLOBAL, SlotKind.GLOBAL_U32):
            offset = self._globals.get(location.index)
            if offset is None:
                return None
            register, slot = layout.anchor(layout.VMCTX_OFFSET)
            vmctx = bytes((BREG0 + register,)) + sleb(slot) + bytes((DEREF,))
            if offset:
                padded = room - len(vmctx) - 1 - len(tail)
                return vmctx + bytes((PLUS_UCONST,)) + uleb(offset, max(padded, 1)) + tail
            return bytes((NOP,)) * (room - len(vmctx) - len(tail)) + vmctx + tail
        if location.kind == SlotKind.LOCAL:
            offset = layout.local_offset(location.index)
        else:
            offset = layout.stack_offset(location.index, num_locals)
        register, rest = layout.anchor(offset)
        padded = room - 1 - len(tail)
        return bytes((BREG0 + register,)) + sleb(rest, max(padded, 1)) + tail


class Rewriters:
    """A rewriter for each way of reading a lone location; both are kept while a module is patched."""

    def __init__(
        self,
        vmctx_globals: Mapping[int, int],
        shown_address: Callable[[int], int] | None = None,
    ) -> None:
        self._since_4 = ExpressionRewriter(vmctx_globals, shown_address=shown_address)
        self._before_4 = ExpressionRewriter(vmctx_globals, 3, shown_address)

    def of(self, version: int) -> ExpressionRewriter:
        """Return the rewriter for units of a DWARF version."""
        return self._before_4 if version < 4 else self._since_4
