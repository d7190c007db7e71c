"""The frames window: Wasm frames laid out as the one FDE of the object file says.

A block (`objfile.layout`) lies at an address made from where the frame's slots lie on the guest's own
stack, every distance doubled: unique, stable while the frame lives, found without a walk of the
frames outside it.  A block is never larger than twice the frame (link words and vmctx slot are
in both; the PC and the near operand slots make up the difference).

    2 * distance of the slots from the stack's far end  =  FRAMES_END - (CFA - 16)

Below the innermost block is scratch: the view's own memory, for what gdb pushes there.
"""

from __future__ import annotations

import errno
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gdbstub.objfile import layout
from gdbstub.target import TargetError
from gdbstub.views.common.watching import Made
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
_SP_SHIFT = 8 * (layout.CALLER_SP_OFFSET - layout.CALLER_PC_OFFSET)
_UPPER = 8 * (layout.FUNCTION_OFFSET - layout.VMCTX_OFFSET)
"""Bits that the word in the upper half of the vmctx's slot is shifted by."""


@dataclass(frozen=True, slots=True)
class Block:
    """A frame and where it is shown."""

    index: int
    frame: FrameHandle
    cfa: int

    @property
    def end(self) -> int:
        """Where it starts, at its lowest address."""
        return self.cfa + layout.CALLER_CFA_OFFSET


class FramesWindow:
    """The blocks of all frames, made as far out as somebody asks, and the scratch below them."""

    def __init__(
        self,
        debugger: Debugger,
        pc_of: Callable[[FrameHandle], int],
        vmctx: Callable[[FrameHandle], int],
        place: Callable[[FrameHandle], tuple[int, int]],
        shown: Callable[[int, int], int],
        frame_base: Callable[[FrameHandle], int],
        kept_base: Callable[[FrameHandle], int],
        outermost_pc: int,
    ) -> None:
        """Show the debugger's frames.

        `pc_of` gives a frame's code address, `vmctx` its vmctx's address, `place` its function's
        index and its PC; `shown` turns the bits of a value type into what is shown; `frame_base`
        gives the value of a frame's DW_AT_frame_base, 0 for none, and `kept_base` the same where
        the frame's slot for it is needed; `outermost_pc` is where the outermost frame returns to.
        """
        self._debugger = debugger
        self._pc_of = pc_of
        self._vmctx = vmctx
        self._place = place
        self._shown = shown
        self._frame_base = frame_base
        self._kept_base = kept_base
        self._outermost_pc = outermost_pc
        self._blocks: list[Block] = []
        self._lows: list[int] = []
        self._complete = False
        self._scratch: dict[int, int] = {}
        self._links: dict[int, tuple[int, int]] = {}

    def reset(self) -> None:
        """Forget all frames: the guest has run."""
        self._blocks.clear()
        self._lows.clear()
        self._complete = False

    def link(self, activation: int, cfa: int, pc: int) -> None:
        """Let the outermost frame of an activation return to a frame that gdb made."""
        self._links[activation] = cfa, pc

    def unlink(self, activation: int) -> None:
        """Forget a link: its activation returns to the frame it was made in."""
        self._links.pop(activation, None)

    def unlink_all(self) -> None:
        """Forget all links."""
        self._links.clear()

    def _caller(self, block: Block) -> tuple[int, int, int]:
        """Return the CFA, the pc and the stack pointer that a frame returns to."""
        caller = self.block(block.index + 1)
        own = block.frame.activation
        if (caller is None or caller.frame.activation != own) and own in self._links:
            cfa, pc = self._links[own]
            return cfa, pc, cfa + _SLOT
        if caller is None:
            return 0, self._outermost_pc, 0
        return caller.cfa, self._pc_of(caller.frame), self.stack_pointer(caller)

    def stack_pointer(self, block: Block) -> int:
        """Return the stack pointer of a frame outside the innermost."""
        return self._frame_base(block.frame) or block.end

    def drop_scratch(self) -> None:
        """Forget what was written below the frames."""
        self._scratch.clear()

    # Frames

    def block(self, index: int) -> Block | None:
        """Return frame `index`, 0 the innermost; None past the outermost."""
        while len(self._blocks) <= index:
            if not self._extend():
                return None
        return self._blocks[index]

    def known(self) -> list[Block]:
        """Return the frames made since the guest last ran, innermost first."""
        return self._blocks

    def _extend(self) -> bool:
        if self._complete:
            return False
        index = len(self._blocks)
        frame = self._debugger.frame(index)
        if frame is None:
            self._complete = True
            return False
        distance = frame.store.stack_end - frame.base
        cfa = FRAMES_END - 2 * distance - layout.CALLER_CFA_OFFSET
        self._blocks.append(Block(index, frame, cfa))
        self._lows.append(self._blocks[-1].end)
        return True

    def low(self) -> int:
        """Return the lowest address of the innermost block, or where it would be."""
        innermost = self.block(0)
        return FRAMES_END if innermost is None else innermost.end

    def _at(self, address: int) -> Block | None:
        """Return the block at an address or the gap above it; None below all blocks."""
        while not self._lows or self._lows[-1] <= address:
            # Not one frame farther out than needed: conditions are evaluated at every hit.
            if self._blocks and address < _surely_within(self._blocks[-1]):
                return self._blocks[-1]
            if not self._extend():
                break
        at = bisect_right(self._lows, address) - 1
        return self._blocks[at] if at >= 0 else None

    # Memory

    def owner(self, address: int, length: int) -> Instance | None:
        """Return the instance whose frame's slot lies at an address; None for more than one slot.

        gdb unwinds by longer reads, whatever it is about to show.
        """
        block = self._at(address) if length <= _LONGEST_VALUE else None
        if block is None or address < block.cfa:
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
        offset = address - block.cfa
        frame = block.frame
        if offset == layout.CALLER_CFA_OFFSET:
            return self._caller(block)[0]
        if offset == layout.CALLER_PC_OFFSET:
            _, pc, stack_pointer = self._caller(block)
            return pc | stack_pointer << _SP_SHIFT
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
            changes.append(self._change(slot, int.from_bytes(word, "little")))
        for change in changes:
            change()

    def _change(self, address: int, bits: int) -> Callable[[], None]:
        """Return what writes one slot; `TargetError` if it is not writable."""
        block = self._at(address)
        if block is None:
            return partial(self._scratch.__setitem__, address, bits)
        frame, offset = block.frame, address - block.cfa
        local = _local_at(frame, offset)
        if local is not None:
            mask = _mask(frame.local_type(local), address)
            return partial(_set, frame.set_local_bits, local, bits & mask)
        operand = _operand_at(frame, offset)
        if operand is not None:
            mask = _mask(frame.stack_type(operand), address)
            return partial(_set, frame.set_stack_bits, operand, bits & mask)
        if offset >= layout.FIRST_LOCAL_OFFSET and self._links:
            # Between the frames of a call made by gdb and the frame it was made in.
            return partial(self._scratch.__setitem__, address, bits)
        raise refused(address, "a frame's links and fixed slots")

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch locals; see `Watching`."""
        locals_: list[tuple[int, FrameHandle, int]] = []
        for slot in range(address & -_SLOT, address + length, _SLOT):
            block = self._at(slot)
            local = None if block is None else _local_at(block.frame, slot - block.cfa)
            if block is None or local is None:
                raise TargetError(errno.EFAULT, f"no local lies at 0x{slot:x}")
            locals_.append((slot, block.frame, local))
        return [
            (slot, self._debugger.watch_local(access, frame, local))
            for slot, frame, local in locals_
        ]


def _surely_within(block: Block) -> int:
    """Return an address up to which nothing but this block lies above its CFA."""
    return block.cfa + layout.FIRST_LOCAL_OFFSET


def _local_at(frame: FrameHandle, offset: int) -> int | None:
    index = (offset - layout.FIRST_LOCAL_OFFSET) // _SLOT
    return index if 0 <= index < frame.num_locals() else None


def _operand_at(frame: FrameHandle, offset: int) -> int | None:
    index = (offset - layout.FIRST_STACK_OFFSET) // _SLOT
    if index >= layout.NEAR_STACK_SLOTS:
        index -= frame.num_locals()
    return index if 0 <= index < frame.num_stacks() else None


_WIDTHS = {0x7F: 32, 0x7D: 32, 0x7E: 64, 0x7C: 64}
"""Bits of the number types (specification: Binary Format, Number Types)."""


def _mask(type_: int, address: int) -> int:
    """Return the bits of a slot that are its value's; `TargetError` for a reference."""
    if type_ not in _WIDTHS:
        raise refused(address, "a reference")
    return (1 << _WIDTHS[type_]) - 1


def _set(setter: Callable[[int, int], None], index: int, bits: int) -> None:
    try:
        setter(index, bits)
    except DebugError as error:
        raise TargetError(errno.EACCES, str(error)) from error
