"""Who is at the other end, told from the first packet.

lldb (any version) starts with `QStartNoAckMode`, gdb with `qSupported`; lldb's `qSupported` starts
with the architectures whose register descriptions it reads.
"""

from __future__ import annotations

from gdbstub.target import Dialect


def detect(packet: bytes) -> Dialect:
    """Return the dialect of the client that sends `packet` first."""
    if packet.startswith((b"QStartNoAckMode", b"qSupported:xmlRegisters=i386,arm")):
        return Dialect.LLDB
    return Dialect.GDB
