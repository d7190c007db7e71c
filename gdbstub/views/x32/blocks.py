"""Where frames are shown: the block of each, and what it returns to; found as far out as somebody asks.

A block (`objfile.layout`) lies at an address made from where the frame's slots lie on the guest's own
stack, every distance doubled: unique, stable while the frame lives, found without a walk of the
frames outside it.  A block is never larger than twice the frame, which has two words for its caller.

    2 * distance of the slots from the stack's far end  =  FRAMES_END - address

gdb walks all frames to show the outermost few: one costs hardly more than the walk until it is looked into.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from gdbstub.objfile import layout
from gdbstub.views.x32.windows import FRAMES_END
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle

_AT_ONCE = 256
"""The most frames that are found at a time."""


@dataclass(frozen=True, slots=True)
class Block:
    """A frame and where it is shown."""

    index: int
    frame: FrameHandle
    address: int


BaseOf: TypeAlias = Callable[[int], int]
"""Gives a frame's DW_AT_frame_base by the frame pointer."""


class _Kind(NamedTuple):
    """What all frames have in common that return to one place in machine code."""

    below: int
    """How far below the frame pointer the slots are."""
    pc: int
    base_of: BaseOf | None


class Caller(NamedTuple):
    """What a frame returns to: a frame by its number, None for what is no frame of the guest."""

    number: int | None
    address: int
    pc: int


class Blocks:
    """The blocks of all frames, innermost first."""

    def __init__(
        self,
        debugger: Debugger,
        pc_of: Callable[[FrameHandle], int],
        base_of: Callable[[FrameHandle], BaseOf | None],
        frame_base: Callable[[FrameHandle], int],
        outermost_pc: int,
    ) -> None:
        """`pc_of` gives a frame's code address, `frame_base` the value of its DW_AT_frame_base, 0 for none.

        `base_of` gives what tells that of all frames with the same return address, None for what cannot.
        `outermost_pc` is where the outermost frame returns to.
        """
        self._debugger = debugger
        self._pc_of = pc_of
        self._base_of = base_of
        self._frame_base = frame_base
        self._outermost_pc = outermost_pc
        self._addresses: list[int] = []
        self._pcs: list[int] = []
        """Where each frame is returned to."""
        self._bases: list[tuple[BaseOf, int] | None] = []
        self._made: dict[int, Block] = {}
        self._complete = False
        self._links: dict[int, tuple[int, int]] = {}
        self._kinds: dict[int, _Kind] = {}
        """By return address in machine code."""
        self._instances = 0

    def reset(self) -> None:
        """Forget all frames: the guest has run."""
        self._addresses.clear()
        self._pcs.clear()
        self._bases.clear()
        self._made.clear()
        self._complete = False
        instances = len(self._debugger.instances())
        if instances != self._instances:
            self._instances = instances
            self._kinds.clear()

    # What gdb made between the frames

    @property
    def linked(self) -> bool:
        """Whether frames of gdb's own lie between the guest's."""
        return bool(self._links)

    def link(self, activation: int, address: int, pc: int) -> None:
        """Let the outermost frame of an activation return to a frame that gdb made."""
        self._links[activation] = address, pc

    def unlink(self, activation: int) -> None:
        """Forget a link: its activation returns to the frame it was made in."""
        self._links.pop(activation, None)

    def unlink_all(self) -> None:
        """Forget all links."""
        self._links.clear()

    # By number

    def block(self, index: int) -> Block | None:
        """Return frame `index`, 0 the innermost; None past the outermost."""
        block = self._made.get(index)
        if block is None and self._reach(index):
            frame = self._debugger.frame(index)
            assert frame is not None, "a frame that was found"
            block = self._made[index] = Block(index, frame, self._addresses[index])
        return block

    def low(self) -> int:
        """Return the lowest address of the innermost block, or where it would be."""
        return self._addresses[0] if self._reach(0) else FRAMES_END

    def caller(self, index: int) -> Caller:
        """Return what a frame returns to; at address 0 for the host."""
        outer = index + 1
        inside = self._reach(outer)
        if self._links:
            own, outer_own = self._activation(index), self._activation(outer) if inside else None
            if own != outer_own and own in self._links:
                return Caller(None, *self._links[own])
        if inside:
            return Caller(outer, self._addresses[outer], self._pcs[outer])
        return Caller(None, 0, self._outermost_pc)

    def stack_pointer(self, number: int) -> int:
        """Return the stack pointer of a frame outside the innermost: its frame base, or else its block."""
        known = self._bases[number] if self._reach(number) else None
        if known is not None:
            base_of, pointer = known
            base = base_of(pointer)
        else:
            block = self.block(number)
            base = 0 if block is None else self._frame_base(block.frame)
        return base or self._addresses[number]

    def _activation(self, index: int) -> int:
        block = self.block(index)
        assert block is not None, "a frame that was found"
        return block.frame.activation

    def _reach(self, index: int) -> bool:
        while len(self._addresses) <= index:
            if not self._extend():
                return False
        return True

    # By address

    def at(self, address: int) -> Block | None:
        """Return the block at an address or the gap above it; None below all blocks."""
        addresses = self._addresses
        while not addresses or addresses[-1] <= address:
            # Not one frame farther out than needed: conditions are evaluated at every hit.
            if addresses and address < addresses[-1] + layout.FIRST_LOCAL_OFFSET:
                break
            if not self._extend():
                break
        index = bisect_right(addresses, address) - 1
        return self.block(index) if index >= 0 else None

    def between(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield the index and the address of each block that starts at `low` or above, and below `high`."""
        addresses = self._addresses
        while not addresses or addresses[-1] < high:
            if not self._extend():
                break
        for index in range(bisect_left(addresses, low), bisect_left(addresses, high)):
            yield index, addresses[index]

    def returning_to(self, pc: int) -> Iterator[tuple[Block, Block]]:
        """Yield the frames found since the guest last ran that return to a pc, each with its caller."""
        for outer in range(1, len(self._pcs)):
            if self._pcs[outer] == pc:
                inner, caller = self.block(outer - 1), self.block(outer)
                assert inner is not None and caller is not None, "frames that were found"
                yield inner, caller

    # Finding them

    def _extend(self) -> bool:
        """Find more frames, more at a time the more there are; say whether there were any."""
        index = len(self._addresses)
        if self._complete:
            return False
        at_once = min(1 + index // 4, _AT_ONCE)
        if index and (walked := self._debugger.called_frames(index, at_once)):
            self._append_called(index, walked)
            return True
        frame = self._debugger.frame(index)
        if frame is None:
            self._complete = True
            return False
        self._addresses.append(FRAMES_END - 2 * (frame.store.stack_end - frame.base))
        # Nobody asks where the innermost frame is returned to, and stops are many.
        self._pcs.append(self._pc_of(frame) if index else 0)
        self._bases.append(None)
        self._made[index] = Block(index, frame, self._addresses[index])
        return True

    def _append_called(self, index: int, walked: list[tuple[int, int]]) -> None:
        lowest = FRAMES_END - 2 * self._debugger.store.stack_end
        for number, (code, pointer) in enumerate(walked, index):
            below, pc, base_of = self._kinds.get(code) or self._learn(code, number)
            self._addresses.append(lowest + 2 * (pointer - below))
            self._pcs.append(pc)
            self._bases.append(None if base_of is None else (base_of, pointer))

    def _learn(self, code: int, number: int) -> _Kind:
        frame = self._debugger.frame(number)
        assert frame is not None, "a frame that was walked"
        below = frame.frame_pointer - frame.base
        kind = self._kinds[code] = _Kind(below, self._pc_of(frame), self._base_of(frame))
        return kind
