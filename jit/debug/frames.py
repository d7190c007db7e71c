"""A frame of a guest that stands still: where it is, its locals and operands, to read and to write.

Locals are in the frame's slots; a write also goes to the registers that hold copies.  Operands are in
slots, in registers of the activation's context, or nowhere (`jit.abi.frame_table`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jit.abi.context import Exit
from jit.abi.frame_table import FrameTable, Operand, OperandKind, Point, Row, RowKind
from jit.debug.errors import NotWritable, OutOfRange, StaleFrame, WrongType
from jit.debug.watchpoints import Access, LocalWatchpoint
from jit.runtime.code import CodeRange
from jit.runtime.context import FLOAT, GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.val import Val, from_bits, to_bits
from jit.wasm.types import (
    EXTERNREF,
    F32,
    I32,
    REFERENCE_TYPES,
    V128,
    VALTYPE_NAMES,
)

if TYPE_CHECKING:
    from jit.debug.core import DebugCore

_WORD = 0xFFFF_FFFF_FFFF_FFFF
_HALF = 0xFFFF_FFFF
_QUAD = (1 << 128) - 1


IN_FRAME = frozenset({Exit.BREAKPOINT, Exit.INTERRUPT, Exit.EPOCH, Exit.HOST, Exit.WATCH})
"""Exits at which the context shows the innermost frame as it is."""


@dataclass(frozen=True, slots=True)
class Location:
    """What a code address means: its function, that function's frame table, the row there."""

    range: CodeRange
    table: FrameTable
    row: Row


def mask_of(type_: int) -> int:
    """Return the mask of a value type's bit pattern."""
    if type_ in (I32, F32):
        return _HALF
    return _QUAD if type_ == V128 else _WORD


class FrameHandle:
    """A frame, until its store executes anything again: then every method but `is_valid` raises StaleFrame.

    Cheap, and may be copied; two handles of one frame are equal. This class is a frame inside a call:
    all its operands are in their slots, and no register holds a copy.
    """

    __slots__ = ("_activation", "_core", "_executions", "_location", "address", "frame_pointer")

    def __init__(
        self, core: "DebugCore", activation: Activation, address: int, frame_pointer: int
    ) -> None:
        self._core = core
        self._activation = activation
        self._executions = activation.store.executions
        self._location: Location | None = None
        self.address = address
        """Where in the machine code it is, as the frame tables' rows have it."""
        self.frame_pointer = frame_pointer

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameHandle):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, int]:
        return id(self._activation), self._executions, self.frame_pointer

    def is_valid(self) -> bool:
        """Say whether nothing has been executed since the handle was made."""
        activation = self._activation
        if activation.store.executions != self._executions:
            return False
        activations, depth = activation.store.activations, activation.depth
        return depth < len(activations) and activations[depth] is activation

    def _at(self) -> Location:
        if not self.is_valid():
            raise StaleFrame
        location = self._location
        if location is None:
            location = self._location = self._core.locate(self.address)
        return location

    def _here(self) -> Point:
        """Return the program point."""
        return self._at().row.points[0]

    def parent(self) -> "FrameHandle | None":
        """Return the caller's frame; None at the outermost frame of the activation."""
        if not self.is_valid():
            raise StaleFrame
        caller = self._core.caller(self.frame_pointer)
        if caller is None:
            return None
        return FrameHandle(self._core, self._activation, *caller)

    def outer(self, address: int, frame_pointer: int) -> "FrameHandle":
        """Return the frame farther out in the same activation whose place is known."""
        return FrameHandle(self._core, self._activation, address, frame_pointer)

    def instance(self) -> Instance:
        """Return the instance whose function this is."""
        store = self._activation.store
        found = store.instance_at(store.machine.load_u64(self.base))
        assert found is not None, "the vmctx slot of a frame always names an instance"
        return found

    def module(self) -> Module | None:
        """Return the instance's module."""
        return self._at().range.code.module

    def wasm_function_index_and_pc(self) -> tuple[int, int] | None:
        """Return (index among the module's defined functions, PC in the module's bytes)."""
        pc = self._here().pc
        return self._at().range.defined_index, pc

    @property
    def store(self) -> Store:
        """The store it belongs to."""
        return self._activation.store

    @property
    def activation(self) -> int:
        """Count the activations outside this frame's: 0 for the outermost call into the guest."""
        return self._activation.depth

    @property
    def base(self) -> int:
        """The address of its slots, the vmctx first."""
        return self.frame_pointer - self._at().table.base_to_frame_pointer

    @property
    def stack_offset(self) -> int:
        """The distance in bytes of the frame from the far end of the guest's stack.

        Unique among the frames that exist, the same as long as a frame lives, larger for inner ones.
        """
        return self._activation.store.stack_end - self.frame_pointer

    def num_locals(self) -> int:
        """Return the number of locals, parameters included."""
        return len(self._at().table.local_types)

    def watched_local(self, access: Access, index: int) -> LocalWatchpoint:
        """Return a watchpoint for a local of this frame."""
        location = self._at()
        self.local_type(index)
        key = location.range.code.module, location.range.defined_index
        address = self.base + location.table.layout.local(index)
        return LocalWatchpoint(
            access, self.store, key, self._activation, self.frame_pointer, index, address
        )

    def num_stacks(self) -> int:
        """Return the depth of the operand stack."""
        return len(self._here().stack)

    def local(self, index: int) -> Val:
        """Return a local's value."""
        type_, bits = self.local_type(index), self.local_bits(index)
        return Val(type_, from_bits(self._activation.store, type_, bits))

    def stack(self, index: int) -> Val:
        """Return an operand's value, index 0 at the bottom."""
        type_, bits = self.stack_type(index), self.stack_bits(index)
        return Val(type_, from_bits(self._activation.store, type_, bits))

    def set_local(self, index: int, value: Val) -> None:
        """Write a local; WrongType for a value of another type."""
        self._write_local(index, self._bits_of(self.local_type(index), value))

    def set_stack(self, index: int, value: Val) -> None:
        """Write an operand; NotWritable after a trap where it is in no place of its own."""
        self._write_operand(index, self._bits_of(self.stack_type(index), value))

    def local_type(self, index: int) -> int:
        """Return a local's value type, as `jit.wasm.types` has it."""
        types = self._at().table.local_types
        if not 0 <= index < len(types):
            raise OutOfRange("local", index, len(types))
        return types[index]

    def stack_type(self, index: int) -> int:
        """Return an operand's value type."""
        return self._operand(index).type

    def local_bits(self, index: int) -> int:
        """Return a local's bit pattern, of its type's width; of a reference, the word that stands for it."""
        table = self._at().table
        if not 0 <= index < len(table.local_types):
            raise OutOfRange("local", index, len(table.local_types))
        return self._load(table.layout.local(index), table.local_types[index])

    def stack_bits(self, index: int) -> int:
        """Return an operand's bit pattern."""
        return self._operand_bits(index, self._operand(index))

    def _operand_bits(self, index: int, operand: Operand) -> int:
        if operand.kind is OperandKind.CONSTANT:
            return operand.value
        return self._load(self._at().table.layout.operand(index), operand.type)

    def extern_bits(self) -> Iterator[int]:
        """Yield the words of its locals and operands that are externrefs."""
        for index, type_ in enumerate(self._at().table.local_types):
            if type_ == EXTERNREF:
                yield self.local_bits(index)
        for index, operand in enumerate(self._here().stack):
            if operand.type == EXTERNREF:
                yield self._operand_bits(index, operand)

    def set_local_bits(self, index: int, bits: int) -> None:
        """Write a local's bit pattern; WrongType for a reference."""
        self._write_local(index, checked_bits(self.local_type(index), bits))

    def set_stack_bits(self, index: int, bits: int) -> None:
        """Write an operand's bit pattern; as `set_stack`."""
        self._write_operand(index, checked_bits(self.stack_type(index), bits))

    def _operand(self, index: int) -> Operand:
        stack = self._here().stack
        if not 0 <= index < len(stack):
            raise OutOfRange("operand", index, len(stack))
        return stack[index]

    def _bits_of(self, type_: int, value: Val) -> int:
        try:
            return to_bits(self._activation.store, type_, value)
        except TypeError as error:
            raise WrongType(str(error)) from None

    def _load(self, offset: int, type_: int) -> int:
        location = self._location
        assert location is not None, "an index has been checked by the frame's table"
        address = self.frame_pointer - location.table.base_to_frame_pointer + offset
        machine = self._activation.store.machine
        if type_ == V128:
            return int.from_bytes(machine.read(address, 16), "little")
        return machine.load_u64(address) & mask_of(type_)

    def _store(self, offset: int, type_: int, bits: int) -> None:
        machine, address = self._activation.store.machine, self.base + offset
        if type_ == V128:
            machine.write(address, bits.to_bytes(16, "little"))
        else:
            machine.store_u64(address, bits)

    def _write_local(self, index: int, bits: int) -> None:
        type_ = self.local_type(index)
        self._store(self._at().table.layout.local(index), type_, bits)
        self._core.watchpoints.refresh()

    def _write_operand(self, index: int, bits: int) -> None:
        operand = self._operand(index)
        if operand.kind is not OperandKind.SLOT:
            raise NotWritable(f"operand {index} is in no place of its own here")
        self._store(self._at().table.layout.operand(index), operand.type, bits)


class InnermostFrame(FrameHandle):
    """The innermost frame of an activation: registers hold operands and copies of locals.

    What it shows follows its activation, which may go to the canonical variant of the function while
    the handle is valid.
    """

    __slots__ = ("_point",)

    def __init__(
        self, core: "DebugCore", activation: Activation, address: int, frame_pointer: int
    ) -> None:
        super().__init__(core, activation, address, frame_pointer)
        self._point: Point | None = None

    def _at(self) -> Location:
        if not self.is_valid():
            raise StaleFrame
        activation = self._activation
        self._point = self._core.standing.get(activation)
        location = self._location
        if activation.exit in IN_FRAME:
            address = activation.context.words[PC]
            if address != self.address:
                self.address, location = address, None
        if location is None:
            location = self._location = self._core.locate(self.address)
        return location

    def _here(self) -> Point:
        location = self._at()
        return location.row.points[0] if self._point is None else self._point

    def _operand_bits(self, index: int, operand: Operand) -> int:
        context = self._activation.context
        if operand.kind is OperandKind.GENERAL:
            return context.words[GENERAL + operand.value] & mask_of(operand.type)
        if operand.kind is OperandKind.FLOAT:
            low = context.words[FLOAT + 2 * operand.value]
            if operand.type == V128:
                return low | context.words[FLOAT + 2 * operand.value + 1] << 64
            return low & mask_of(operand.type)
        if operand.kind is OperandKind.FLAGS:
            return int(self._activation.store.isa.condition(operand.value, context.flags))
        return super()._operand_bits(index, operand)

    def _write_local(self, index: int, bits: int) -> None:
        point = self._here()
        copies = [copy for copy in point.copies if copy.local == index]
        if any(_holders(point, copy.float, copy.register) > 1 for copy in copies):
            # After a trap nothing will run here: the slot alone is the local.
            if self._at().row.kind is not RowKind.TRAP:
                self.leave_registers()
            copies = []
        super()._write_local(index, bits)
        type_ = self.local_type(index)
        for copy in copies:
            self._set_register(copy.float, copy.register, type_, bits)

    def _write_operand(self, index: int, bits: int) -> None:
        operand, point = self._operand(index), self._here()
        if operand.kind in _REGISTERS:
            in_float = operand.kind is OperandKind.FLOAT
            if _holders(point, in_float, operand.value) == 1:
                self._set_register(in_float, operand.value, operand.type, bits)
                return
        if operand.kind is not OperandKind.SLOT:
            if self._at().row.kind is RowKind.TRAP:
                raise NotWritable(f"operand {index} is in no place of its own, after a trap")
            self.leave_registers()
        super()._write_operand(index, bits)

    def leave_registers(self) -> None:
        """Go to the canonical variant of the function, where all operands are in their slots."""
        location, point = self._at(), self._here()
        operands = [
            (index, operand.type, self._operand_bits(index, operand))
            for index, operand in enumerate(point.stack)
            if operand.kind is not OperandKind.SLOT
        ]
        self._core.move_to_canonical(self._activation, location, point.pc)
        for index, type_, bits in operands:
            self._store(location.table.layout.operand(index), type_, bits)

    def _set_register(self, in_float: bool, register: int, type_: int, bits: int) -> None:
        words = self._activation.context.words
        if not in_float:
            words[GENERAL + register] = bits
            return
        words[FLOAT + 2 * register] = bits & _WORD
        if type_ == V128:
            words[FLOAT + 2 * register + 1] = bits >> 64


_REGISTERS = frozenset({OperandKind.GENERAL, OperandKind.FLOAT})


def _holders(point: Point, in_float: bool, register: int) -> int:
    """Count the operands and copies that are in a register."""
    kind = OperandKind.FLOAT if in_float else OperandKind.GENERAL
    operands = sum(o.kind is kind and o.value == register for o in point.stack)
    return operands + sum(c.float is in_float and c.register == register for c in point.copies)


def checked_bits(type_: int, bits: int) -> int:
    """Return a bit pattern that may be written as it is; WrongType for a reference's or a wrong one."""
    if type_ in REFERENCE_TYPES:
        raise WrongType(f"a {VALTYPE_NAMES[type_]} cannot be written as a bit pattern")
    if not 0 <= bits <= mask_of(type_):
        raise WrongType(f"{bits:#x} is no bit pattern of {VALTYPE_NAMES[type_]}")
    return bits
