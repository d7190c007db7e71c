"""Frames as lldb asks for them: the code address of each, and values as bytes of their own width.

The innermost frame is always shown at its op.  The register pc may differ: at a breakpoint that was
asked for before a function's first op it stays where lldb put the breakpoint, to be found there, while
lines and variables come from the frame, which is where they begin.
"""

from __future__ import annotations

import errno
from itertools import islice

from gdbstub.target import Address, FrameIndex, TargetError
from gdbstub.views.wasm.addresses import OUTSIDE, Kind, encode
from gdbstub.views.wasm.values import Globals, value
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle

MOST_FRAMES = 8000
"""A call stack longer than a packet is cut off at its outer end: endless recursion has a million."""


class Frames:
    """The frames of the stop at hand; `reset` at the next."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self._addresses: list[Address] | None = None

    def reset(self) -> None:
        """Forget what was found out: the guest has run."""
        self._addresses = None

    def address_of(self, frame: FrameHandle) -> Address:
        """Return where a frame stands; of an outer one, after its call."""
        place = frame.wasm_function_index_and_pc()
        if place is None:
            return OUTSIDE
        return encode(Kind.CODE, self._debugger.module_of(frame).index, place[1])

    def addresses(self) -> list[Address]:
        """Return the address of every frame, innermost first."""
        if self._addresses is None:
            frames = islice(self._debugger.frames(), MOST_FRAMES)
            self._addresses = [self.address_of(frame) for frame in frames] or [OUTSIDE]
        return self._addresses

    def returning_to(self, address: int) -> int | None:
        """Return the stack offset of the innermost frame that another one returns to at `address`."""
        outer = self.addresses()[1:]
        if address not in outer:
            return None
        frame = self._debugger.frame(1 + outer.index(Address(address)))
        assert frame is not None, "it has just been listed"
        return frame.stack_offset

    def _frame(self, index: FrameIndex) -> FrameHandle:
        frame = self._debugger.frame(index)
        if frame is None:
            raise TargetError(errno.EINVAL, f"there is no frame {index}")
        return frame

    def local(self, frame: FrameIndex, index: int) -> bytes:
        """Return a local's value."""
        return value(self._frame(frame).local_type, self._frame(frame).local_bits, index)

    def stack_value(self, frame: FrameIndex, index: int) -> bytes:
        """Return an operand's value, index 0 at the bottom."""
        return value(self._frame(frame).stack_type, self._frame(frame).stack_bits, index)

    def global_(self, frame: FrameIndex, index: int) -> bytes:
        """Return the value of a global of a frame's instance."""
        return Globals(self._debugger, self._frame(frame).instance()).read(index)
