"""The innermost frame of an activation: registers hold operands and copies of locals.

A write to a local goes to its slot and its copies; one to an operand, to its slot or its register. What the
code cannot absorb moves the frame to the canonical variant of its function (`jit.abi.code`).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jit.abi.context import Exit
from jit.abi.frame_table import Fact, Operand, OperandKind, Point, RowKind, WasmFrame
from jit.debug.errors import NotWritable, StaleFrame
from jit.debug.frames import WORD, FrameHandle, mask_of
from jit.runtime.context import FLOAT, GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.frames import walk
from jit.wasm.types import V128

if TYPE_CHECKING:
    from jit.debug.core import DebugCore

IN_FRAME = frozenset({Exit.BREAKPOINT, Exit.INTERRUPT, Exit.EPOCH, Exit.HOST, Exit.WATCH})
"""Exits at which the context shows the innermost frame as it is."""

_BEFORE_STOP = frozenset({Exit.EPOCH, Exit.HOST})
"""Those of them at which the guest does not stand at a boundary: before one's stop, and inside a call."""


class InnermostFrame(FrameHandle):
    """The innermost frame of an activation: registers hold operands and copies of locals.

    What it shows follows its activation, which may go to the canonical variant of the function while
    the handle is valid.
    """

    __slots__ = ("_point",)

    def __init__(
        self, core: "DebugCore", activation: Activation, address: int, frame_pointer: int
    ) -> None:
        location = core.locate(address)
        super().__init__(core, activation, address, frame_pointer, location.frames)
        self._point = location.row.points[0]

    def _here(self) -> WasmFrame:
        if not self.is_valid():
            raise StaleFrame
        activation = self._activation
        if activation.exit in IN_FRAME:
            self.address = activation.context.words[PC]
        location = self._core.locate(self.address)
        point = self._core.reports.standing.get(activation) or location.row.points[0]
        if point is not self._point:
            self._point = point
            self._frames = location.table.frames_of(point)
        return self._frames[0]

    def _at_trap(self) -> bool:
        """Say whether the guest has trapped here: nothing resumes."""
        return self._core.locate(self.address).row.kind is RowKind.TRAP

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
        self._here()
        point = self._point
        copies = [copy for copy in point.copies if copy.local == index]
        if any(_holders(point, copy.float, copy.register) > 1 for copy in copies):
            # After a trap nothing will run here: the slot alone is the local.
            if not self._at_trap():
                self.leave_registers()
            copies = []
        super()._write_local(index, bits)
        type_ = self.local_type(index)
        for copy in copies:
            self._set_register(copy.float, copy.register, type_, bits)

    def _write_operand(self, index: int, bits: int) -> None:
        operand = self._operand(index)
        if operand.kind in _REGISTERS:
            in_float = operand.kind is OperandKind.FLOAT
            if _holders(self._point, in_float, operand.value) == 1:
                self._set_register(in_float, operand.value, operand.type, bits)
                return
        if operand.kind is not OperandKind.SLOT:
            if self._at_trap():
                raise NotWritable(f"operand {index} is in no place of its own, after a trap")
            self.leave_registers()
        super()._write_operand(index, bits)

    def _facts(self) -> tuple[Fact, ...]:
        self._here()
        return self._point.facts

    def _leave_facts(self) -> None:
        if self._activation.exit in _BEFORE_STOP:
            super()._leave_facts()
        elif not self._at_trap():
            self.leave_registers()

    def leave_registers(self) -> None:
        """Go to the canonical variant of the function, where all operands are in their slots."""
        here = self._here()
        operands = [
            (index, operand.type, self._operand_bits(index, operand))
            for index, operand in enumerate(here.stack)
            if operand.kind is not OperandKind.SLOT
        ]
        self._core.move_to_canonical(self._activation, self._core.locate(self.address), here.pc)
        for index, type_, bits in operands:
            self._store(here.shape.layout.operand(index), type_, bits)

    def _set_register(self, in_float: bool, register: int, type_: int, bits: int) -> None:
        words = self._activation.context.words
        if not in_float:
            words[GENERAL + register] = bits
            return
        words[FLOAT + 2 * register] = bits & WORD
        if type_ == V128:
            words[FLOAT + 2 * register + 1] = bits >> 64


_REGISTERS = frozenset({OperandKind.GENERAL, OperandKind.FLOAT})


def _holders(point: Point, in_float: bool, register: int) -> int:
    """Count the operands and copies that are in a register."""
    kind = OperandKind.FLOAT if in_float else OperandKind.GENERAL
    operands = sum(o.kind is kind and o.value == register for o in point.stack)
    return operands + sum(c.float is in_float and c.register == register for c in point.copies)


def exit_frame(core: "DebugCore", activation: Activation) -> FrameHandle | None:
    """Return the innermost frame of an activation; None while it has none."""
    if activation.exit in IN_FRAME:
        words = activation.context.words
        place = words[PC], words[core.frame_pointer]
    else:
        frame = next(walk(activation), None)
        if frame is None:
            return None
        place = frame.address, frame.frame_pointer
    if core.locate(place[0]).frames:
        return InnermostFrame(core, activation, *place)
    return core.outer_frame(activation, place[1])


def exit_frames(core: "DebugCore") -> Iterator[FrameHandle]:
    """Yield the innermost frame of each activation, the innermost activation first."""
    for activation in reversed(core.store.activations):
        frame = exit_frame(core, activation)
        if frame is not None:
            yield frame
