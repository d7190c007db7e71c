"""The address space gdb sees: which window an address lies in."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import TypeAlias

from gdbstub.extensions import Region
from gdbstub.target import Address, TargetError, unreadable
from gdbstub.views.common.watching import Made
from gdbstub.views.x32 import windows
from gdbstub.views.x32.attention import Attention
from gdbstub.views.x32.frames import FramesWindow
from gdbstub.views.x32.links import LinksWindow
from gdbstub.views.x32.memories import MEMORIES_END, MemoriesWindow
from gdbstub.views.x32.vmctx import DepthWindow, VmctxWindow
from gdbstub.views.x32.windows import CodeWindow, HostWindow, MemoryWindow, Window
from jit import Instance
from jit.debug.errors import DebugError
from jit.debug.watchpoints import Access

_Guest: TypeAlias = MemoryWindow | MemoriesWindow | FramesWindow | VmctxWindow
"""What instances have; the other windows are only shown."""

_POINTER = 4


class AddressSpace:
    """Reads and writes by address; an access never crosses from one window into the next."""

    def __init__(
        self,
        attention: Attention,
        memory: MemoryWindow,
        memories: MemoriesWindow,
        code: Sequence[CodeWindow],
        links: LinksWindow,
        frames: FramesWindow,
        vmctx: VmctxWindow,
        depth: DepthWindow,
        host: HostWindow,
    ) -> None:
        """`code` may grow: it is looked up at each access."""
        self._attention = attention
        self._memory = memory
        self._memories = memories
        self._code = code
        self._links = links
        self._frames = frames
        self._vmctx = vmctx
        self._depth = depth
        self._host = host

    def code_at(self, address: int) -> CodeWindow | None:
        """Return the code window that holds an address."""
        for window in self._code:
            if window.base <= address < window.base + window.size:
                return window
        return None

    def _window(self, address: int) -> Window:
        window: Window | None
        if address < windows.MEMORY_END:
            window = self._memory
        elif address < MEMORIES_END:
            window = self._memories
        elif address < windows.CODE_END:
            window = self.code_at(address)
        elif address < windows.LINKS_END:
            window = self._links
        elif address < windows.FRAMES_END:
            window = self._frames
        elif address < windows.VMCTX_END:
            window = self._vmctx
        elif address < windows.DEPTH_ADDRESS + windows.DEPTH_SIZE:
            window = self._depth
        elif address < windows.HOST_BASE:
            window = None
        elif address < windows.HOST_BASE + windows.HOST_SIZE:
            window = self._host
        else:
            window = None
        if window is None:
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        return window

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch memory, globals or locals; see `Watching`."""
        window = self._window(address)
        if not isinstance(window, _Guest):
            raise TargetError(errno.EFAULT, f"what lies at 0x{address:x} cannot be watched")
        return window.watch(access, address, length)

    def regions(self) -> list[Region]:
        """List the windows as they are now, by address."""
        spans = [
            (0, self._memory.size(), "rw", "[memory]"),
            *(
                (low, high, "rw", f"[memory {number}]")
                for number, (low, high) in enumerate(self._memories.spans())
            ),
            *((code.base, code.end, "rx", _name(code)) for code in self._code),
            (windows.LINKS_BASE, windows.LINKS_END, "r", "[links]"),
            (self._frames.low(), windows.FRAMES_END, "rw", "[frames]"),
            (windows.VMCTX_BASE, self._vmctx.end(), "rw", "[vmctx]"),
            (windows.HOST_BASE, windows.HOST_BASE + windows.HOST_SIZE, "rx", "[host]"),
        ]
        return [
            Region(Address(low), high - low, permissions, name)
            for low, high, permissions, name in spans
            if low < high
        ]

    def read(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes; `TargetError` for none at all."""
        window = self._window(address)
        try:
            data = window.read(address, length)
        except DebugError as error:
            raise TargetError(errno.EFAULT, str(error)) from error
        if not data and length:
            raise unreadable(address, length)
        if self._attention.several and isinstance(window, _Guest):
            self._look(window, address, data)
        return data

    def _look(self, window: _Guest, address: int, data: bytes) -> None:
        owner = window.owner(address, len(data))
        if owner is not None:
            self._attention.look(owner, address, data)

    def write(self, address: int, data: bytes) -> None:
        """Write all of `data` or nothing."""
        window = self._window(address)
        owner: Instance | None = None
        if self._attention.several and isinstance(window, _Guest):
            owner = window.owner(address, len(data))
        if owner is not None and len(data) == _POINTER:
            value = self._memories.own_pointer(owner, int.from_bytes(data, "little"))
            data = value.to_bytes(_POINTER, "little")
        try:
            window.write(address, data)
        except DebugError as error:
            raise TargetError(errno.EFAULT, str(error)) from error
        if owner is not None:
            self._attention.look(owner, address, data)


def _name(code: CodeWindow) -> str:
    module = code.code.module
    return module.module.name or f"[module {module.index}]"
