"""The links window: what each frame returns to, close together.

gdb (13) fetches the stack 64 bytes at a time, and to go from a frame to its caller it reads three words.
Were they in the blocks, every frame would cost a packet; so the places of the blocks are scaled down, to
where 12 bytes do not meet (`jit.abi.frame`, LEAST_SIZE). Farther behind are the callers' blocks, which gdb
asks for where variables are Wasm locals or operands.

    link (the frame's CFA)  =  LINKS_BASE + (address of the block - FRAMES_BASE) / 8

The rules for them are plain offsets (`objfile.frame`): at each expression that it evaluates, gdb goes
through all values it has made since its command began.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from gdbstub.objfile import layout
from gdbstub.views.x32.blocks import Blocks, Caller
from gdbstub.views.x32.windows import FRAMES_BASE, FRAMES_END, LINKS_BASE, refused

_SHIFT = 3
_LINK = struct.Struct("<III")
_BLOCK = struct.Struct("<I")
_SPAN = (FRAMES_END - FRAMES_BASE) >> _SHIFT
assert _SPAN <= layout.BLOCKS_OFFSET, "links and the blocks behind them do not overlap"


def link_of(block: int) -> int:
    """Return where a frame's link is; the host's is at 0, as its block."""
    return LINKS_BASE + ((block - FRAMES_BASE) >> _SHIFT) if block else 0


class LinksWindow:
    """The links of all frames; see `Window`. Between them it reads as zeros."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def read(self, address: int, length: int) -> bytes:
        """Read links; see `Window`."""
        start = address - LINKS_BASE
        if start >= layout.BLOCKS_OFFSET:
            return self._read(start - layout.BLOCKS_OFFSET, length, _BLOCK, self._block)
        return self._read(start, length, _LINK, self._link)

    def _read(
        self,
        start: int,
        length: int,
        words: struct.Struct,
        shown: Callable[[Caller], tuple[int, ...]],
    ) -> bytes:
        length = min(length, _SPAN - start)
        if length <= 0:
            return b""
        size = words.size
        first = start - size + 1
        """What offset `out` begins with: the words of a frame may lie across either end."""
        out = bytearray(size - 1 + length + size)
        low, high = (FRAMES_BASE + (at << _SHIFT) for at in (first, start + length))
        blocks = self._blocks
        for index, place in blocks.between(low, high):
            at = ((place - FRAMES_BASE) >> _SHIFT) - first
            words.pack_into(out, at, *shown(blocks.caller(index)))
        return bytes(out[size - 1 : size - 1 + length])

    def _link(self, caller: Caller) -> tuple[int, int, int]:
        number, address, pc = caller
        if number is None:
            return 0, pc, address + layout.SLOT_SIZE if address else 0
        return link_of(address), pc, self._blocks.stack_pointer(number)

    @staticmethod
    def _block(caller: Caller) -> tuple[int]:
        return (caller.address,)

    def write(self, address: int, data: bytes) -> None:
        """Refuse: links are only shown."""
        raise refused(address, "a frame's links")
