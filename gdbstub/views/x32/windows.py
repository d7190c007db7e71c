"""The address map gdb sees, and the windows that are plain: memory, code, the host.

The same on every start, because gdb keeps its symbols over reconnects:

    0x00000000  linear memory; where there are several, the one meant (see `attention`)
    0xC0000000  every linear memory, where there may be several (see `memories`)
    0xE0000000  code, a window per module in registration order: window + offset in the module
    0xEE000000  what each frame returns to (see `links`)
    0xF0000000  frames (see `frames`)
    0xF8000000  vmctx of each instance (see `vmctx`)
    0xFFFE0000  the number of frames
    0xFFFF0000  the host: where the outermost frame returns to

Only guest state is readable or writable through these windows.
"""

from __future__ import annotations

import errno
from bisect import bisect_left, bisect_right
from typing import Protocol

from gdbstub.objfile import vmctx
from gdbstub.target import TargetError
from gdbstub.views.common.code import FunctionCode, ModuleCode
from gdbstub.views.common.watching import Made
from gdbstub.views.x32.attention import Attention
from gdbstub.views.x32.nops import nop
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.watchpoints import Access

MEMORY_END = 0xC0000000
CODE_BASE = 0xE0000000
CODE_END = 0xEE000000
CODE_ALIGNMENT = 0x100000
LINKS_BASE = 0xEE000000
LINKS_END = 0xF0000000
FRAMES_BASE = 0xF0000000
FRAMES_END = 0xF8000000
VMCTX_BASE = 0xF8000000
VMCTX_STRIDE = vmctx.SIZE
VMCTX_END = 0xFFFE0000
DEPTH_ADDRESS = 0xFFFE0000
DEPTH_SIZE = 4
HOST_BASE = 0xFFFF0000
HOST_SIZE = 0x1000
HOST_RETURN = HOST_BASE + 8
"""gdb looks a return address up at pc-1: it must lie past the start of the host's symbol and FDE."""


class Window(Protocol):
    """A stretch of addresses."""

    def read(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes, fewer or none where the readable part ends."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """Write all of `data`, or raise `TargetError` and write nothing."""
        ...


def refused(address: int, what: str) -> TargetError:
    """Make the error for a write to what is only shown."""
    return TargetError(errno.EACCES, f"0x{address:x} cannot be written: {what}")


class MemoryWindow:
    """Linear memory at its own addresses: the one the client means."""

    def __init__(self, debugger: Debugger, attention: Attention) -> None:
        self._debugger = debugger
        self._attention = attention

    def size(self) -> int:
        """Return how much is readable, in bytes."""
        instance = self._attention.instance
        if instance is None:
            return 0
        return min(self._debugger.memory(instance, 0).linear.size, MEMORY_END)

    def owner(self, address: int, length: int) -> Instance | None:
        """Return the instance whose memory is meant, None for none."""
        return self._attention.meant(address, length)

    def read(self, address: int, length: int) -> bytes:
        """Read memory 0; see `Window`."""
        instance = self._attention.meant(address, length)
        if instance is None:
            return b""
        # As short as it can be: conditions are evaluated at every hit.
        return (
            instance.memories[0].linear.view[address : min(address + length, MEMORY_END)].tobytes()
        )

    def write(self, address: int, data: bytes) -> None:
        """Write memory 0; see `Window`."""
        instance = self._attention.meant(address, len(data))
        if instance is None or address + len(data) > MEMORY_END:
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        self._debugger.write_memory(instance, 0, address, data)

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch bytes of memory 0; see `Watching`."""
        instance = self._attention.watched(address, length)
        if instance is None:
            raise TargetError(errno.EFAULT, f"no memory at 0x{address:x}")
        return [(address, self._debugger.watch_memory(access, instance, 0, address, length))]


class CodeWindow:
    """One module's code: each op reads as a no-op of its length, everything else as single ones."""

    def __init__(self, code: ModuleCode, base: int) -> None:
        self.code = code
        self.base = base
        self.size = len(code.module.info.data)
        self.end = base + self.size

    def read(self, address: int, length: int) -> bytes:
        """Read no-ops; see `Window`."""
        pc = address - self.base
        end = min(pc + length, self.size)
        out = bytearray()
        while pc < end:
            function = self.code.function_at(pc)
            if function is None:
                out += nop(1)
                pc += 1
            else:
                part = self._read_function(function, pc, min(end, function.end))
                out += part
                pc += len(part)
        return bytes(out)

    def _read_function(self, function: FunctionCode, pc: int, end: int) -> bytes:
        marks = [function.start, *self.code.boundaries(function), function.end]
        first = bisect_right(marks, pc) - 1
        last = bisect_left(marks, end)
        text = b"".join(nop(marks[at + 1] - marks[at]) for at in range(first, last))
        skipped = pc - marks[first]
        return text[skipped : skipped + end - pc]

    def write(self, address: int, data: bytes) -> None:
        """Refuse: code is not writable."""
        raise refused(address, "code")


class HostWindow:
    """The host's side: no-ops."""

    def read(self, address: int, length: int) -> bytes:
        """Read no-ops; see `Window`."""
        return nop(1) * min(length, HOST_BASE + HOST_SIZE - address)

    def write(self, address: int, data: bytes) -> None:
        """Refuse: the host is not writable."""
        raise refused(address, "the host's side")
