"""The frames window: the slots of Wasm frames, in the blocks that `blocks` has for them.

Below the innermost block is scratch: the view's own memory, for what gdb pushes there.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial

from gdbstub.objfile import layout
from gdbstub.target import TargetError
from gdbstub.views.common.watching import Made
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.windows import FRAMES_BASE, FRAMES_END, refused
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError
from jit.debug.frames import FrameHandle
from jit.debug.watchpoints import Access

SCRATCH_SIZE = 0x10000
"""Bytes below the innermost block that can be read and written."""

_SLOT = layout.SLOT_SIZE
_LONGEST_VALUE = 16
_UPPER = 8 * (layout.FUNCTION_OFFSET - layout.VMCTX_OFFSET)
"""Bits that the word in the upper half of the vmctx's slot is shifted by."""


class FramesWindow:
    """The blocks of all frames, and the scratch below them."""

    def __init__(
        self,
        debugger: Debugger,
        blocks: Blocks,
        vmctx: Callable[[FrameHandle], int],
        place: Callable[[FrameHandle], tuple[int, int]],
        shown: Callable[[int, int], int],
        kept_base: Callable[[FrameHandle], int],
    ) -> None:
        """Show the debugger's frames.

        `vmctx` gives the address of a frame's vmctx, `place` its function's index and its PC; `shown`
        turns the bits of a value type into what is shown; `kept_base` gives the value of a frame's
        DW_AT_frame_base where the frame's slot for it is needed, else 0.
        """
        self._debugger = debugger
        self._at = blocks.at
        self._blocks = blocks
        self._vmctx = vmctx
        self._place = place
        self._shown = shown
        self._kept_base = kept_base
        self._scratch: dict[int, int] = {}

    def drop_scratch(self) -> None:
        """Forget what was written below the frames."""
        self._scratch.clear()

    def low(self) -> int:
        """Return the lowest address of the innermost block, or where it would be."""
        return self._blocks.low()

    # Memory

    def owner(self, address: int, length: int) -> Instance | None:
        """Return the instance whose frame's slot lies at an address; None for more than one slot.

        gdb unwinds by longer reads, whatever it is about to show.
        """
        block = self._at(address) if length <= _LONGEST_VALUE else None
        if block is None or address < block.address:
            return None
        return block.frame.instance()

    def read(self, address: int, length: int) -> bytes:
        """Read slots and scratch; see `Window`."""
        if address < max(FRAMES_BASE, self.low() - SCRATCH_SIZE):
            return b""
        end = min(address + length, FRAMES_END)
        start = address & -_SLOT
        words = b"".join(
            self._word(slot).to_bytes(_SLOT, "little") for slot in range(start, end, _SLOT)
        )
        return words[address - start : end - start]

    def _word(self, address: int) -> int:
        block = self._at(address)
        if block is None:
            return self._scratch.get(address, 0)
        offset = address - block.address
        frame = block.frame
        if offset == layout.WASM_PC_OFFSET:
            return self._place(frame)[1] | self._kept_base(frame) << _UPPER
        if offset == layout.VMCTX_OFFSET:
            return self._vmctx(frame) | self._place(frame)[0] << _UPPER
        local = _local_at(frame, offset)
        if local is not None:
            return self._shown(frame.local_type(local), frame.local_bits(local))
        operand = _operand_at(frame, offset)
        if operand is None:
            return self._scratch.get(address, 0)
        return self._shown(frame.stack_type(operand), frame.stack_bits(operand))

    def write(self, address: int, data: bytes) -> None:
        """Write slots and scratch; see `Window`."""
        end = address + len(data)
        if address < max(FRAMES_BASE, self.low() - SCRATCH_SIZE) or end > FRAMES_END:
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        changes: list[Callable[[], None]] = []
        for slot in range(address & -_SLOT, end, _SLOT):
            word = bytearray(self._word(slot).to_bytes(_SLOT, "little"))
            first, last = max(address, slot), min(end, slot + _SLOT)
            word[first - slot : last - slot] = data[first - address : last - address]
            size = last - slot if first == slot else _SLOT
            changes.append(self._change(slot, int.from_bytes(word, "little"), size))
        for change in changes:
            change()

    def _change(self, address: int, bits: int, size: int) -> Callable[[], None]:
        """Return what writes one slot, of which the client wrote `size` bytes; `TargetError` if it is not writable."""
        block = self._at(address)
        if block is None:
            return partial(self._scratch.__setitem__, address, bits)
        frame, offset = block.frame, address - block.address
        local = _local_at(frame, offset)
        if local is not None:
            mask = _mask(frame.local_type(local), address)
            bits = _extended(frame.local_bits(local), bits & mask, size, mask)
            return partial(_set, frame.set_local_bits, local, bits)
        operand = _operand_at(frame, offset)
        if operand is not None:
            mask = _mask(frame.stack_type(operand), address)
            bits = _extended(frame.stack_bits(operand), bits & mask, size, mask)
            return partial(_set, frame.set_stack_bits, operand, bits)
        if offset >= layout.FIRST_LOCAL_OFFSET and self._blocks.linked:
            # Between the frames of a call made by gdb and the frame it was made in.
            return partial(self._scratch.__setitem__, address, bits)
        raise refused(address, "a frame's fixed slots")

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch locals; see `Watching`."""
        locals_: list[tuple[int, FrameHandle, int]] = []
        for slot in range(address & -_SLOT, address + length, _SLOT):
            block = self._at(slot)
            local = None if block is None else _local_at(block.frame, slot - block.address)
            if block is None or local is None:
                raise TargetError(errno.EFAULT, f"no local lies at 0x{slot:x}")
            locals_.append((slot, block.frame, local))
        return [
            (slot, self._debugger.watch_local(access, frame, local))
            for slot, frame, local in locals_
        ]


def _local_at(frame: FrameHandle, offset: int) -> int | None:
    index = (offset - layout.FIRST_LOCAL_OFFSET) // _SLOT
    return index if 0 <= index < frame.num_locals() else None


def _operand_at(frame: FrameHandle, offset: int) -> int | None:
    index = (offset - layout.FIRST_STACK_OFFSET) // _SLOT
    if index >= layout.NEAR_STACK_SLOTS:
        index -= frame.num_locals()
    return index if 0 <= index < frame.num_stacks() else None


_LONGEST_EXTENDED = 2
"""Bytes of the C types that are narrower than every Wasm type."""

_WIDTHS = {0x7F: 32, 0x7D: 32, 0x7E: 64, 0x7C: 64}
"""Bits of the number types (specification: Binary Format, Number Types)."""


def _mask(type_: int, address: int) -> int:
    """Return the bits of a slot that are its value's; `TargetError` for a reference."""
    if type_ not in _WIDTHS:
        raise refused(address, "a reference")
    return (1 << _WIDTHS[type_]) - 1


def _extended(before: int, bits: int, size: int, mask: int) -> int:
    """Return the value of a slot of which the low `size` bytes were written.

    A char or a short fills its slot with its sign: over a negative one, no sign stays.
    """
    sign = 1 << 8 * size - 1
    rest = mask & -sign
    negative = size <= _LONGEST_EXTENDED and before & rest == rest
    return bits & ~rest if negative and not bits & sign else bits


def _set(setter: Callable[[int, int], None], index: int, bits: int) -> None:
    try:
        setter(index, bits)
    except DebugError as error:
        raise TargetError(errno.EACCES, str(error)) from error
