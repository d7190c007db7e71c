"""The frames of all activations by number, found once per stop, without an object for each."""

from array import array
from collections.abc import Iterator

from jit.debug.core import DebugCore
from jit.debug.frames import FrameHandle
from jit.debug.innermost import exit_frame
from jit.runtime.driver import Activation


class Backtrace:
    """Code addresses and frame pointers, innermost first, as far as anybody has asked.

    It starts afresh whenever the store has executed something.
    """

    def __init__(self, core: DebugCore) -> None:
        self._core = core
        self._executions = -1
        self._reset()

    def _reset(self) -> None:
        self._addresses = array("Q")
        self._pointers = array("Q")
        self._virtual = array("L")
        """Which of the Wasm frames that its machine frame stands for each is, the innermost 0."""
        self._firsts: list[FrameHandle] = []
        """The innermost frame of each activation that has been reached."""
        self._first_indices: list[int] = []
        self._activations: list[Activation] = list(self._core.store.activations)
        """Those not reached yet, outermost first."""
        self._count = len(self._activations)
        self._executions = self._core.store.executions

    def frame(self, index: int) -> FrameHandle | None:
        """Return a frame by its number; None past the outermost."""
        self._refresh()
        if index < 0 or not self._extend(index):
            return None
        at = self._activation_of(index)
        first = self._firsts[at]
        if self._first_indices[at] == index:
            return first
        frame: FrameHandle | None = first
        if self._addresses[index] != first.address or self._pointers[index] != first.frame_pointer:
            frame = first.outer(self._addresses[index], self._pointers[index])
        for _ in range(self._virtual[index]):
            assert frame is not None, "a frame that was counted"
            frame = frame.parent()
        return frame

    def called(self, index: int, count: int) -> list[tuple[int, int]]:
        """Return the code addresses and frame pointers of up to `count` frames from `index` on.

        It ends before a frame of which they do not tell everything: an activation's innermost, one
        that another is inlined in. What they tell is the same wherever they are the same.
        """
        self._refresh()
        self._extend(index + count - 1)
        end = min(index + count, len(self._addresses))
        for first in self._first_indices:
            if index <= first < end:
                end = first
        if any(self._virtual[index:end]):
            end = next(at for at in range(index, end) if self._virtual[at])
        return list(zip(self._addresses[index:end], self._pointers[index:end], strict=True))

    def __iter__(self) -> Iterator[FrameHandle]:
        index = 0
        while (frame := self.frame(index)) is not None:
            yield frame
            index += 1

    def depth(self) -> int:
        """Count the frames."""
        self._refresh()
        while self._more():
            pass
        return len(self._addresses)

    def _refresh(self) -> None:
        store = self._core.store
        if self._executions != store.executions or self._count != len(store.activations):
            self._reset()

    def _extend(self, index: int) -> bool:
        """Find frames up to a number; say whether there are so many."""
        while len(self._addresses) <= index:
            if not self._more():
                return False
        return True

    def _more(self) -> bool:
        """Find one more machine frame that shows anything; say whether there was one."""
        pointer = self._pointers[-1] if self._pointers else None
        while pointer is not None:
            caller = self._core.caller(pointer)
            if caller is None:
                break
            address, pointer = caller
            count = len(self._core.locate(address).frames)
            if count:
                self._append(address, pointer, count)
                return True
        return self._next_activation()

    def _append(self, address: int, pointer: int, count: int) -> None:
        for virtual in range(count):
            self._addresses.append(address)
            self._pointers.append(pointer)
            self._virtual.append(virtual)

    def _next_activation(self) -> bool:
        while self._activations:
            frame = exit_frame(self._core, self._activations.pop())
            if frame is not None:
                self._firsts.append(frame)
                self._first_indices.append(len(self._addresses))
                self._append(frame.address, frame.frame_pointer, frame.count)
                return True
        return False

    def _activation_of(self, index: int) -> int:
        at = len(self._first_indices) - 1
        while self._first_indices[at] > index:
            at -= 1
        return at
