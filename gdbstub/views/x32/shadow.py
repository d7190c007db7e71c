"""Where gdb's stack is: in linear memory, below the shadow stack, on which C keeps what has an address.

gdb puts values of its own below its stack pointer when it calls functions, and gives the guest their
addresses: copies of C++ objects, temporaries, room for results. Where a guest has no shadow stack, or
hardly any of it is left, gdb's stack is in the scratch of the frames window.
"""

from __future__ import annotations

from collections.abc import Callable

from gdbstub.objfile import MEMORY_ROOM
from gdbstub.views.x32.memories import MEMORIES_BASE, MemoriesWindow
from gdbstub.views.x32.program import ServedProgram
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle
from jit.debug.quiet_calls import RED_ZONE, stack_pointer

_LEAST = 0x1000
"""Bytes that must be free below for gdb to have its stack there."""
_ALIGNMENT = 16


class ShadowStacks:
    """The shadow stacks of instances, as far as they are in use."""

    def __init__(
        self, debugger: Debugger, program: ServedProgram, memories: MemoriesWindow
    ) -> None:
        self._debugger = debugger
        self._program = program
        self._memories = memories

    def top(self, instance: Instance) -> int:
        """Return where an instance's shadow stack is free, for all the frames there are; 0 without one."""
        number = stack_pointer(instance)
        if number is None:
            return 0
        pointer = self._debugger.global_bits(instance, number)
        frame = self._debugger.frame(0)
        if frame is not None and frame.instance() is instance:
            base = self._program.frame_base(frame)
            pointer = min(base, pointer) if base > 0 else pointer
        return max(pointer - RED_ZONE, 0) & -_ALIGNMENT

    def innermost(self) -> int:
        """Return the address that gdb's stack starts at in the innermost frame; 0 for none in memory."""
        frame = self._debugger.frame(0)
        if frame is None:
            return 0
        base = self.frame_base(frame)
        if base and not self._program.moves_stack_pointer(frame):
            return base
        instance = frame.instance()
        top = self.top(instance)
        return self._memories.base(instance) + top if top >= _LEAST and instance.memories else 0

    def frame_base(self, frame: FrameHandle) -> int:
        """Return a frame's DW_AT_frame_base as an address; 0 where it has none, or none yet.

        gdb's stack begins right there, but in a function that moves the stack pointer further: C keeps
        nothing else of a frame below, and gdb leaves 128 bytes.
        """
        base = self._program.frame_base(frame)
        if not self._memories.several or not 0 < base < MEMORY_ROOM:
            return base
        instance = frame.instance()
        return base + self._memories.base(instance) if instance.memories else base

    def base_of(self, frame: FrameHandle) -> Callable[[int], int] | None:
        """Return what gives the `frame_base` of all frames that return where this one does.

        It takes their frame pointers; None where each must be asked itself.
        """
        return None if self._memories.several else self._program.base_of(frame)

    def kept_base(self, frame: FrameHandle) -> int:
        """Return a frame's DW_AT_frame_base where its file does not say that it is rsp, else 0."""
        kept = self._memories.several or self._program.moves_stack_pointer(frame)
        return self.frame_base(frame) if kept else 0

    def top_below(self, instance: Instance, address: int) -> int:
        """Return where the shadow stack is free when gdb's stack is in use down to an address, too."""
        top, base = self.top(instance), self._memories.base(instance)
        room = MEMORY_ROOM if base else MEMORIES_BASE
        return min(top, address - base) if base <= address < base + room else top
