"""The call frame information of the synthetic machine: one CIE, and an FDE for each window.

DWARF 5, 6.4. Every frame of the module is the block of layout.py, so one rule set unwinds all
code; a host frame has no return address, which ends a backtrace.
"""

import struct

from gdbstub.objfile import layout
from gdbstub.objfile.leb import sleb, uleb

# DWARF register numbers of x86-64 (System V ABI, figure 3.36).
RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP = range(8)
R8, R9, RIP = 8, 9, 16

DATA_ALIGN = -8

DEF_CFA, UNDEFINED, EXPRESSION, VAL_EXPRESSION, OFFSET = 0x0C, 0x07, 0x10, 0x16, 0x80
EXPRESSION_DEREF_SIZE, EXPRESSION_LIT0 = 0x94, 0x30
EXPRESSION_MINUS, EXPRESSION_PLUS_UCONST = 0x1C, 0x23


def _cfa_offset(register: int, offset: int) -> bytes:
    return bytes((OFFSET | register, offset // DATA_ALIGN))


def _word_below_cfa(offset: int) -> bytes:
    """Return an expression for the word at an offset from the CFA, which it starts with on the stack."""
    return bytes((EXPRESSION_LIT0 - offset, EXPRESSION_MINUS, EXPRESSION_DEREF_SIZE, 4))


def _kept_below_cfa(register: int, offset: int) -> bytes:
    """Say where the caller's `register` is kept: unlike a value computed, gdb reads it with its stack cache."""
    place = bytes((EXPRESSION_LIT0 - offset, EXPRESSION_MINUS))
    return bytes((EXPRESSION, register, len(place))) + place


def _value(register: int, expression: bytes) -> bytes:
    return bytes((VAL_EXPRESSION, register)) + uleb(len(expression)) + expression


def _from_caller_cfa(register: int, offset: int) -> bytes:
    """Say that the caller's `register` is its own CFA, which is the word at CFA-16, plus `offset`.

    A rule counting from the CFA itself would give the caller this frame's value.
    """
    expression = _word_below_cfa(layout.CALLER_CFA_OFFSET)
    return _value(register, expression + bytes((EXPRESSION_PLUS_UCONST,)) + uleb(offset))


def _rules() -> bytes:
    parts = [
        bytes((DEF_CFA, RBP, 0)),
        _cfa_offset(RIP, layout.CALLER_PC_OFFSET),
        _cfa_offset(RBP, layout.CALLER_CFA_OFFSET),
        _kept_below_cfa(RSP, layout.CALLER_SP_OFFSET),
    ]
    parts += [bytes((UNDEFINED, register)) for register in (RAX, RDX, RCX, RSI, RDI, R8, R9)]
    for index, register in enumerate(layout.ANCHOR_REGISTERS):
        if register != RBP:
            parts.append(_from_caller_cfa(register, layout.ANCHOR_STRIDE * index))
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
