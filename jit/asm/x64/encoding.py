"""x86-64 instruction encodings: from operands to bytes, nothing else (Intel SDM volume 2).

The four shapes of an instruction are `rr` (register, register), `rm` (register, memory), `rx`
(register, memory with an index) and `ri` (register, immediate).  Registers are the hardware's
numbers.  `w` selects 64-bit operands.
"""

from struct import Struct

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
R8, R9, R10, R11, R12, R13, R14, R15 = range(8, 16)

pack_i32 = Struct("<i").pack
pack_u32 = Struct("<I").pack
pack_u64 = Struct("<Q").pack


def rr(
    opcode: bytes, reg: int, rm_: int, w: int = 0, prefix: bytes = b"", byte: bool = False
) -> bytes:
    """Encode an instruction on two registers; `byte` asks for the uniform byte registers."""
    rex = w << 3 | (reg >> 3) << 2 | rm_ >> 3
    head = bytes((0x40 | rex,)) if rex or byte else b""
    return prefix + head + opcode + bytes((0xC0 | (reg & 7) << 3 | rm_ & 7,))


def rm(
    opcode: bytes,
    reg: int,
    base: int,
    disp: int,
    w: int = 0,
    prefix: bytes = b"",
    byte: bool = False,
) -> bytes:
    """Encode an instruction on a register and [base + disp]."""
    rex = w << 3 | (reg >> 3) << 2 | base >> 3
    head = bytes((0x40 | rex,)) if rex or byte else b""
    sib = b"\x24" if base & 7 == RSP else b""
    mod, displacement = _displacement(base, disp)
    return prefix + head + opcode + bytes((mod | (reg & 7) << 3 | base & 7,)) + sib + displacement


def rx(
    opcode: bytes,
    reg: int,
    base: int,
    index: int,
    disp: int,
    w: int = 0,
    prefix: bytes = b"",
    byte: bool = False,
    scale: int = 0,
) -> bytes:
    """Encode an instruction on a register and [base + index << scale + disp]."""
    rex = w << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3
    head = bytes((0x40 | rex,)) if rex or byte else b""
    mod, displacement = _displacement(base, disp)
    modrm = bytes((mod | (reg & 7) << 3 | 4, scale << 6 | (index & 7) << 3 | base & 7))
    return prefix + head + opcode + modrm + displacement


def _displacement(base: int, disp: int) -> tuple[int, bytes]:
    """Return the mod bits and bytes of a displacement from a base register."""
    if disp == 0 and base & 7 != RBP:
        return 0x00, b""
    if -128 <= disp < 128:
        return 0x40, bytes((disp & 0xFF,))
    return 0x80, pack_i32(disp)


ADD, OR, AND, SUB, XOR, CMP = 0, 1, 4, 5, 6, 7
"""Rows of the group 1 ALU operations."""


def alu(op: int, dst: int, src: int, w: int = 0) -> bytes:
    """`op dst, src` for a group 1 operation."""
    return rr(bytes((op << 3 | 3,)), dst, src, w)


def alu_imm(op: int, dst: int, imm: int, w: int = 0) -> bytes:
    """`op dst, imm` for a group 1 operation; `imm` is signed and has at most 32 bits."""
    if -128 <= imm < 128:
        return rr(b"\x83", op, dst, w) + bytes((imm & 0xFF,))
    return rr(b"\x81", op, dst, w) + pack_i32(imm)


def mov(dst: int, src: int, w: int = 1) -> bytes:
    """`mov dst, src`."""
    return rr(b"\x8b", dst, src, w)


def mov_imm(dst: int, value: int) -> bytes:
    """Set a register to an unsigned 64-bit value, leaving the flags alone."""
    head = b"\x41" if dst >> 3 else b""
    if value < 1 << 32:
        return head + bytes((0xB8 | dst & 7,)) + pack_u32(value)
    if value >= (1 << 64) - (1 << 31):
        return rr(b"\xc7", 0, dst, 1) + pack_i32(value - (1 << 64))
    return bytes((0x48 | dst >> 3, 0xB8 | dst & 7)) + pack_u64(value)


def load(dst: int, base: int, disp: int, w: int = 1) -> bytes:
    """`mov dst, [base + disp]`."""
    return rm(b"\x8b", dst, base, disp, w)


def store(base: int, disp: int, src: int, w: int = 1) -> bytes:
    """`mov [base + disp], src`."""
    return rm(b"\x89", src, base, disp, w)


def push(reg: int) -> bytes:
    """`push reg`."""
    return (b"\x41" if reg >> 3 else b"") + bytes((0x50 | reg & 7,))


def pop(reg: int) -> bytes:
    """`pop reg`."""
    return (b"\x41" if reg >> 3 else b"") + bytes((0x58 | reg & 7,))


def push_mem(base: int, disp: int) -> bytes:
    """`push qword [base + disp]`."""
    return rm(b"\xff", 6, base, disp)


def call_mem(base: int, disp: int) -> bytes:
    """`call [base + disp]`."""
    return rm(b"\xff", 2, base, disp)


def movups_load(dst: int, base: int, disp: int) -> bytes:
    """`movups dst, [base + disp]`."""
    return rm(b"\x0f\x10", dst, base, disp)


def movups_store(base: int, disp: int, src: int) -> bytes:
    """`movups [base + disp], src`."""
    return rm(b"\x0f\x11", src, base, disp)


def ldmxcsr(base: int, disp: int) -> bytes:
    """`ldmxcsr [base + disp]`."""
    return rm(b"\x0f\xae", 2, base, disp)


def stmxcsr(base: int, disp: int) -> bytes:
    """`stmxcsr [base + disp]`."""
    return rm(b"\x0f\xae", 3, base, disp)


PUSHFQ = b"\x9c"
POPFQ = b"\x9d"
RET = b"\xc3"
SYSCALL = b"\x0f\x05"
