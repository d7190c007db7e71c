"""The call frame information of the synthetic machine: one CIE, and an FDE for each window.

DWARF 5, 6.4. Every frame of the module has the block and the link of layout.py, so one rule set unwinds
all code; a host frame has no return address, which ends a backtrace.
"""

import struct

from gdbstub.objfile import layout
from gdbstub.objfile.leb import sleb, uleb

# DWARF register numbers of x86-64 (System V ABI, figure 3.36).
RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP = range(8)
R8, R9, RIP = 8, 9, 16
FS = 54
"""Holds the CFA, the address of the frame's link: a register that gdb uses for nothing else."""

DATA_ALIGN = 4

DEF_CFA, UNDEFINED, VAL_EXPRESSION, OFFSET = 0x0C, 0x07, 0x16, 0x80
EXPRESSION_DEREF_SIZE, EXPRESSION_PLUS_UCONST = 0x94, 0x23


def _kept(register: int, offset: int) -> bytes:
    """Say where the caller's `register` is kept, from the CFA: gdb reads it with its stack cache."""
    return bytes((OFFSET | register,)) + uleb(offset // DATA_ALIGN)


def _plus(offset: int) -> bytes:
    return bytes((EXPRESSION_PLUS_UCONST,)) + uleb(offset)


def _value(register: int, expression: bytes) -> bytes:
    return bytes((VAL_EXPRESSION, register)) + uleb(len(expression)) + expression


def _from_caller_block(register: int, offset: int) -> bytes:
    """Say that the caller's `register` is the address of its block plus `offset`."""
    block = _plus(layout.CALLER_BLOCK_OFFSET) + bytes((EXPRESSION_DEREF_SIZE, 4))
    return _value(register, block + _plus(offset))


def _rules() -> bytes:
    parts = [
        bytes((DEF_CFA, FS, 0)),
        _kept(FS, layout.CALLER_CFA_OFFSET),
        _kept(RIP, layout.CALLER_PC_OFFSET),
        _kept(RSP, layout.CALLER_SP_OFFSET),
        _kept(RBP, layout.CALLER_BLOCK_OFFSET),
    ]
    parts += [bytes((UNDEFINED, register)) for register in (RAX, RDX, RCX, RSI, RDI, R8, R9)]
    for index, register in enumerate(layout.ANCHOR_REGISTERS):
        if register != RBP:
            parts.append(_from_caller_block(register, layout.ANCHOR_STRIDE * index))
    return b"".join(parts)


def _entry(body: bytes) -> bytes:
    """Prefix the length and pad with DW_CFA_nop to a multiple of 4."""
    body += bytes(-len(body) % 4)
    return struct.pack("<I", len(body)) + body


def debug_frame(code_base: int, code_size: int, host: tuple[int, int] | None) -> bytes:
    """Return .debug_frame for a code window and for the host's (address, size), if it is there."""
    header = struct.pack("<IB", 0xFFFFFFFF, 1) + b"\0"
    header += uleb(1) + sleb(DATA_ALIGN) + bytes((RIP,))
    frames = _entry(header + _rules())
    frames += _entry(struct.pack("<III", 0, code_base, code_size))
    if host is not None:
        frames += _entry(struct.pack("<III", 0, *host) + bytes((UNDEFINED, RIP)))
    return frames
