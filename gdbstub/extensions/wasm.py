"""The Wasm machine as lldb's Wasm plugin reads it (`qWasm*` packets)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from gdbstub.target import Address, FrameIndex, ThreadId


@runtime_checkable
class WasmState(Protocol):
    """Frames, locals, globals and operands, each value as little-endian bytes of its own width.

    `TargetError` for a frame or an index that does not exist.
    """

    def call_stack(self, thread: ThreadId) -> Sequence[Address]:
        """Return the pc of every frame, innermost first; outer ones stand after their call."""
        ...

    def local(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        """Return a local."""
        ...

    def global_(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        """Return a global of the frame's instance."""
        ...

    def instance_global(self, instance: int, index: int) -> bytes:
        """Return a global of the instance whose number addresses have in bits 61..32."""
        ...

    def stack_value(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        """Return an operand, counted from the bottom of the frame's operand stack."""
        ...
