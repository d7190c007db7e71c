"""Walking up the stack with one object that moves (Wasmtime's older `DebugFrameCursor`)."""

from enum import Enum

from jit.debug.core import DebugCore
from jit.debug.frames import FrameHandle
from jit.debug.innermost import exit_frames
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.val import Val


class FrameParentResult(Enum):
    """Where a move to a frame's parent has led."""

    SAME_ACTIVATION = "same activation"
    """The caller, or past the outermost frame."""
    NEW_ACTIVATION = "new activation"
    """A frame beyond host code: it called the host, which called the guest again."""


class DebugFrameCursor:
    """A view of one frame after the other, the innermost first.

    It starts at the innermost frame of the innermost activation. Reading it when it is `done` raises
    LookupError; after any execution in the store, StaleFrame.
    """

    def __init__(self, core: DebugCore) -> None:
        self._store = core.store
        self._exits = exit_frames(core)
        self._frame = next(self._exits, None)

    def context(self) -> Store:
        """Return the store: a cursor stands for its own."""
        return self._store

    def move_to_parent(self) -> FrameParentResult:
        """Move to the next frame up; says whether host code was skipped on the way."""
        parent = None if self._frame is None else self._frame.parent()
        if parent is None:
            parent = next(self._exits, None)
            if parent is not None:
                self._frame = parent
                return FrameParentResult.NEW_ACTIVATION
        self._frame = parent
        return FrameParentResult.SAME_ACTIVATION

    @property
    def done(self) -> bool:
        """Whether the outermost frame has been left behind."""
        return self._frame is None

    @property
    def frame(self) -> FrameHandle:
        """The present frame."""
        if self._frame is None:
            raise LookupError("no current frame")
        return self._frame

    def instance(self) -> Instance:
        """Return the instance whose function this is."""
        return self.frame.instance()

    def module(self) -> Module | None:
        """Return the instance's module."""
        return self.frame.module()

    def wasm_function_index_and_pc(self) -> tuple[int, int] | None:
        """Return (index among the module's defined functions, PC in the module's bytes)."""
        return self.frame.wasm_function_index_and_pc()

    def num_locals(self) -> int:
        """Return the number of locals, parameters included."""
        return self.frame.num_locals()

    def num_stacks(self) -> int:
        """Return the depth of the operand stack."""
        return self.frame.num_stacks()

    def local(self, index: int) -> Val:
        """Return a local's value."""
        return self.frame.local(index)

    def stack(self, index: int) -> Val:
        """Return an operand's value, index 0 at the bottom."""
        return self.frame.stack(index)
