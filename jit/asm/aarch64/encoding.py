"""aarch64 instruction encodings: from operands to bytes, nothing else (Arm ARM, chapter C4 and C6).

Operands stand in the manual's order.  Register numbers are the hardware's; 31 is the zero register or
the stack pointer, as the instruction has it.  `w` selects 64-bit operands, of a float instruction
double precision.
"""

from struct import Struct

X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15 = range(16)
X16, X17, X18, X19, X20, X21, X22, X23, X24, X25, X26, X27, X28, X29, X30, SP = range(16, 32)
ZR = 31

EQ, NE, HS, LO, MI, PL, VS, VC, HI, LS, GE, LT, GT, LE = range(14)
"""Condition codes; the inverse of one differs in the last bit."""

pack = Struct("<I").pack
unpack = Struct("<I").unpack_from

NOP = pack(0xD503_201F)
RET = pack(0xD65F_03C0)

# fmt: off
# Register, register, register (C4.1.91): the encoding with 32-bit operands
AND, ORR, EOR                = 0x0A00_0000, 0x2A00_0000, 0x4A00_0000
ADD, SUB, SUBS               = 0x0B00_0000, 0x4B00_0000, 0x6B00_0000
UDIV, SDIV                   = 0x1AC0_0800, 0x1AC0_0C00
LSLV, LSRV, ASRV, RORV       = 0x1AC0_2000, 0x1AC0_2400, 0x1AC0_2800, 0x1AC0_2C00
MUL                          = 0x1B00_7C00

# Register, register
RBIT, CLZ                    = 0x5AC0_0000, 0x5AC0_1000

# Immediates (C4.1.88)
AND_IMM, ORR_IMM, EOR_IMM    = 0x1200_0000, 0x3200_0000, 0x5200_0000
ADD_IMM, SUB_IMM             = 0x1100_0000, 0x5100_0000
ADDS_IMM, SUBS_IMM           = 0x3100_0000, 0x7100_0000
SBFM, UBFM                   = 0x1300_0000, 0x5300_0000

# Floats (C4.1.96): the encoding with single precision
FMUL, FDIV, FADD, FSUB       = 0x1E20_0800, 0x1E20_1800, 0x1E20_2800, 0x1E20_3800
FMAX, FMIN                   = 0x1E20_4800, 0x1E20_5800
FMOV, FABS, FNEG, FSQRT      = 0x1E20_4000, 0x1E20_C000, 0x1E21_4000, 0x1E21_C000
FRINTN, FRINTP               = 0x1E24_4000, 0x1E24_C000
FRINTM, FRINTZ               = 0x1E25_4000, 0x1E25_C000

# Between float and general registers: the encoding with 32-bit integers and single precision
SCVTF, UCVTF                 = 0x1E22_0000, 0x1E23_0000
FCVTZS, FCVTZU               = 0x1E38_0000, 0x1E39_0000
FMOV_TO_GENERAL              = 0x1E26_0000
FMOV_TO_FLOAT                = 0x1E27_0000

# Loads and stores (C4.1.94): the encoding with a scaled offset, and the binary logarithm of the size
STRB, LDRB, LDRSB_X, LDRSB_W = (0x3900_0000, 0), (0x3940_0000, 0), (0x3980_0000, 0), (0x39C0_0000, 0)
STRH, LDRH, LDRSH_X, LDRSH_W = (0x7900_0000, 1), (0x7940_0000, 1), (0x7980_0000, 1), (0x79C0_0000, 1)
STR_W, LDR_W, LDRSW          = (0xB900_0000, 2), (0xB940_0000, 2), (0xB980_0000, 2)
STR_X, LDR_X                 = (0xF900_0000, 3), (0xF940_0000, 3)
STR_B, STR_H                 = (0x3D00_0000, 0), (0x7D00_0000, 1)
STR_S, LDR_S                 = (0xBD00_0000, 2), (0xBD40_0000, 2)
STR_D, LDR_D                 = (0xFD00_0000, 3), (0xFD40_0000, 3)
STR_Q, LDR_Q                 = (0x3D80_0000, 4), (0x3DC0_0000, 4)

# Pairs: the encoding with a signed offset
STP_X, LDP_X                 = (0xA900_0000, 3), (0xA940_0000, 3)
STP_D, LDP_D                 = (0x6D00_0000, 3), (0x6D40_0000, 3)
STP_Q, LDP_Q                 = (0xAD00_0000, 4), (0xAD40_0000, 4)

# System registers, as `mrs` and `msr` name them
NZCV, FPCR                   = 0x1B_4200, 0x1B_4400
# fmt: on

Transfer = tuple[int, int]
"""A row of the loads and stores above."""

_UNSIGNED_OFFSET = 0x0100_0000
_WRITE_BACK = 0x0080_0000
"""Added to a pair's encoding the base changes before the access; subtracted, after it."""


# Integers


def rrr(op: int, d: int, n: int, m: int, w: int = 1) -> bytes:
    """`op d, n, m`."""
    return pack(w << 31 | op | m << 16 | n << 5 | d)


def rr(op: int, d: int, n: int, w: int = 1) -> bytes:
    """`op d, n`."""
    return pack(w << 31 | op | n << 5 | d)


def mov(d: int, n: int, w: int = 1) -> bytes:
    """`mov d, n`, neither being the stack pointer."""
    return rrr(ORR, d, ZR, n, w)


def neg(d: int, m: int, w: int = 1) -> bytes:
    """`neg d, m`."""
    return rrr(SUB, d, ZR, m, w)


def cmp(n: int, m: int, w: int = 1) -> bytes:
    """`cmp n, m`."""
    return rrr(SUBS, ZR, n, m, w)


def cmp_extended(n: int, m: int, is_signed: bool) -> bytes:
    """`cmp n, wm, sxtw`, or `uxtw`."""
    return pack(0xEB20_001F | m << 16 | (0xC000 if is_signed else 0x4000) | n << 5)


def add_shifted(d: int, n: int, m: int, shift: int) -> bytes:
    """`add d, n, m, lsl #shift`."""
    return pack(0x8B00_0000 | m << 16 | shift << 10 | n << 5 | d)


def extended(op: int, d: int, n: int, m: int) -> bytes:
    """`op d, n, m` for an addition or subtraction, where d and n may be the stack pointer."""
    return pack(1 << 31 | op | 0x0020_6000 | m << 16 | n << 5 | d)


def msub(d: int, n: int, m: int, a: int, w: int = 1) -> bytes:
    """`msub d, n, m, a`: a - n * m."""
    return pack(w << 31 | 0x1B00_8000 | m << 16 | a << 10 | n << 5 | d)


def fits_arithmetic(value: int) -> bool:
    """Say whether `imm` takes a number: 12 bits, or 12 bits shifted left by 12."""
    return 0 <= value < 1 << 12 or (not value & 0xFFF and 0 <= value < 1 << 24)


def imm(op: int, d: int, n: int, value: int, w: int = 1) -> bytes:
    """`op d, n, #value` for an addition or subtraction; d and n may be the stack pointer."""
    shifted = value >= 1 << 12
    field = 1 << 12 | value >> 12 if shifted else value
    return pack(w << 31 | op | field << 10 | n << 5 | d)


def bitmask(value: int, w: int) -> int | None:
    """Return the fields N, immr and imms of a logical immediate, None if there are none for it.

    Such a number repeats an element of 2 to 64 bits that is a rotated run of ones.
    """
    width = 64 if w else 32
    size = width
    while size > 2:
        half = size >> 1
        if value >> half & (1 << half) - 1 != value & (1 << half) - 1:
            break
        size = half
    element = value & (1 << size) - 1
    ones = element.bit_count()
    if ones in (0, size):
        return None
    run = (1 << ones) - 1
    for rotation in range(size):
        if (run >> rotation | run << size - rotation) & (1 << size) - 1 == element:
            imms = (-2 * size | ones - 1) & 0x3F
            return (1 << 12 if size == 64 else 0) | rotation << 6 | imms
    return None


def logical(op: int, d: int, n: int, fields: int, w: int = 1) -> bytes:
    """`op d, n, #value`, of the value with these fields."""
    return pack(w << 31 | op | fields << 10 | n << 5 | d)


def bitfield(op: int, d: int, n: int, immr: int, imms: int, w: int = 1) -> bytes:
    """`sbfm` or `ubfm`: the way to shift by a constant and to extend."""
    return pack(w << 31 | w << 22 | op | immr << 16 | imms << 10 | n << 5 | d)


def lsl(d: int, n: int, count: int, w: int = 1) -> bytes:
    """`lsl d, n, #count`."""
    last = 63 if w else 31
    return bitfield(UBFM, d, n, -count & last, last - count, w)


def lsr(d: int, n: int, count: int, w: int = 1) -> bytes:
    """`lsr d, n, #count`."""
    return bitfield(UBFM, d, n, count, 63 if w else 31, w)


def asr(d: int, n: int, count: int, w: int = 1) -> bytes:
    """`asr d, n, #count`."""
    return bitfield(SBFM, d, n, count, 63 if w else 31, w)


def ror(d: int, n: int, count: int, w: int = 1) -> bytes:
    """`ror d, n, #count`."""
    return pack(w << 31 | w << 22 | 0x1380_0000 | n << 16 | count << 10 | n << 5 | d)


def mov_imm(d: int, value: int) -> bytes:
    """Set a register to an unsigned 64-bit value, leaving the flags alone."""
    w = 1 if value >> 32 else 0
    for width in (w, 1):
        fields = bitmask(value, width)
        if fields is not None and _chunks(value, w) > 1:
            return logical(ORR_IMM, d, ZR, fields, width)
    count = 4 if w else 2
    chunks = [value >> 16 * at & 0xFFFF for at in range(count)]
    inverted = chunks.count(0xFFFF) > chunks.count(0)
    skipped = 0xFFFF if inverted else 0
    first, *rest = [at for at in range(count) if chunks[at] != skipped] or [0]
    if inverted:
        code = _wide(0x1280_0000, d, chunks[first] ^ 0xFFFF, first, w)
    else:
        code = _wide(0x5280_0000, d, chunks[first], first, w)
    return code + b"".join(_wide(0x7280_0000, d, chunks[at], at, w) for at in rest)


def mov_halves(d: int, value: int) -> bytes:
    """Set a register to an unsigned 32-bit value, always in two instructions."""
    return _wide(0x5280_0000, d, value & 0xFFFF, 0, 0) + _wide(0x7280_0000, d, value >> 16, 1, 0)


def _chunks(value: int, w: int) -> int:
    """Count the instructions that make a value 16 bits at a time."""
    chunks = [value >> 16 * at & 0xFFFF for at in range(4 if w else 2)]
    return max(1, len(chunks) - max(chunks.count(0), chunks.count(0xFFFF)))


def _wide(op: int, d: int, chunk: int, at: int, w: int) -> bytes:
    """`movn`, `movz` or `movk d, #chunk, lsl #(16 * at)`."""
    return pack(w << 31 | op | at << 21 | chunk << 5 | d)


def csel(d: int, n: int, m: int, condition: int, w: int = 1) -> bytes:
    """`csel d, n, m, condition`."""
    return pack(w << 31 | 0x1A80_0000 | m << 16 | condition << 12 | n << 5 | d)


def cset(d: int, condition: int) -> bytes:
    """`cset d, condition`."""
    return pack(0x1A9F_07E0 | (condition ^ 1) << 12 | d)


def ccmp_imm(n: int, value: int, flags: int, condition: int, w: int = 1) -> bytes:
    """`ccmp n, #value, #flags, condition`."""
    return pack(w << 31 | 0x7A40_0800 | value << 16 | condition << 12 | n << 5 | flags)


# Memory


def reaches(transfer: Transfer, offset: int) -> bool:
    """Say whether `mem` takes an offset."""
    scale = transfer[1]
    return -256 <= offset < 256 or (0 <= offset < 4096 << scale and not offset & (1 << scale) - 1)


def mem(transfer: Transfer, t: int, n: int, offset: int = 0) -> bytes:
    """`op t, [n, #offset]`."""
    op, scale = transfer
    if offset >= 0 and not offset & (1 << scale) - 1:
        assert offset < 4096 << scale
        return pack(op | offset >> scale << 10 | n << 5 | t)
    assert -256 <= offset < 256
    return pack(op - _UNSIGNED_OFFSET | (offset & 0x1FF) << 12 | n << 5 | t)


def mem_indexed(transfer: Transfer, t: int, n: int, m: int, scaled: bool = False) -> bytes:
    """`op t, [n, m]`, or `[n, m, lsl #k]` with the access's own size."""
    op = transfer[0] - _UNSIGNED_OFFSET | 0x0020_6800 | (0x1000 if scaled else 0)
    return pack(op | m << 16 | n << 5 | t)


def mem_far(transfer: Transfer, t: int, n: int, offset: int, temporary: int) -> bytes:
    """`op t, [n, #offset]` for any offset up to 2^32, by a temporary where it is large."""
    if reaches(transfer, offset):
        return mem(transfer, t, n, offset)
    low = offset & 0xFFF
    if 0 <= offset < 1 << 24 and reaches(transfer, low):
        high = imm(ADD_IMM, temporary, n, offset - low)
        return high + mem(transfer, t, temporary, low)
    return mov_imm(temporary, offset) + mem_indexed(transfer, t, n, temporary)


def pair(transfer: Transfer, t: int, u: int, n: int, offset: int = 0) -> bytes:
    """`op t, u, [n, #offset]`."""
    op, scale = transfer
    return pack(op | (offset >> scale & 0x7F) << 15 | u << 10 | n << 5 | t)


def push_pair(t: int, u: int, size: int = 16) -> bytes:
    """`stp t, u, [sp, #-size]!`."""
    return pair((STP_X[0] + _WRITE_BACK, 3), t, u, SP, -size)


def pop_pair(t: int, u: int, size: int = 16) -> bytes:
    """`ldp t, u, [sp], #size`."""
    return pair((LDP_X[0] - _WRITE_BACK, 3), t, u, SP, size)


def stp_after(t: int, u: int, n: int, step: int) -> bytes:
    """`stp t, u, [n], #step`."""
    return pair((STP_X[0] - _WRITE_BACK, 3), t, u, n, step)


# Control


def b(distance: int = 0) -> bytes:
    """`b`, from the instruction's own address."""
    return pack(0x1400_0000 | distance >> 2 & 0x3FF_FFFF)


def bl(distance: int) -> bytes:
    """`bl`, from the instruction's own address."""
    return pack(0x9400_0000 | distance >> 2 & 0x3FF_FFFF)


def b_cond(condition: int, distance: int = 0) -> bytes:
    """`b.condition`, from the instruction's own address."""
    return pack(0x5400_0000 | (distance >> 2 & 0x7_FFFF) << 5 | condition)


def cbz(t: int, distance: int = 0, w: int = 0) -> bytes:
    """`cbz t`."""
    return pack(w << 31 | 0x3400_0000 | (distance >> 2 & 0x7_FFFF) << 5 | t)


def cbnz(t: int, distance: int = 0, w: int = 0) -> bytes:
    """`cbnz t`."""
    return pack(w << 31 | 0x3500_0000 | (distance >> 2 & 0x7_FFFF) << 5 | t)


def br(n: int) -> bytes:
    """`br n`."""
    return pack(0xD61F_0000 | n << 5)


def blr(n: int) -> bytes:
    """`blr n`."""
    return pack(0xD63F_0000 | n << 5)


def adr(d: int, distance: int) -> bytes:
    """`adr d`, from the instruction's own address."""
    return pack(0x1000_0000 | (distance & 3) << 29 | (distance >> 2 & 0x7_FFFF) << 5 | d)


def mrs(t: int, register: int) -> bytes:
    """`mrs t, register`."""
    return pack(0xD520_0000 | register | t)


def msr(register: int, t: int) -> bytes:
    """`msr register, t`."""
    return pack(0xD500_0000 | register | t)


# Floats


def fff(op: int, d: int, n: int, m: int, w: int) -> bytes:
    """`op d, n, m`."""
    return pack(w << 22 | op | m << 16 | n << 5 | d)


def ff(op: int, d: int, n: int, w: int) -> bytes:
    """`op d, n`."""
    return pack(w << 22 | op | n << 5 | d)


def fcvt(d: int, n: int, to_double: bool) -> bytes:
    """`fcvt` between single and double precision."""
    return pack((0x1E22_C000 if to_double else 0x1E62_4000) | n << 5 | d)


def fcmp(n: int, m: int, w: int) -> bytes:
    """`fcmp n, m`."""
    return pack(w << 22 | 0x1E20_2000 | m << 16 | n << 5)


def fcsel(d: int, n: int, m: int, condition: int, w: int = 1) -> bytes:
    """`fcsel d, n, m, condition`."""
    return pack(w << 22 | 0x1E20_0C00 | m << 16 | condition << 12 | n << 5 | d)


def convert(op: int, d: int, n: int, wide: int, w: int) -> bytes:
    """A conversion or move between a general register (`wide`: 64 bits) and a float register."""
    return pack(wide << 31 | w << 22 | op | n << 5 | d)


def fmov_imm(d: int, byte: int, w: int = 1) -> bytes:
    """`fmov d, #number`, the number being the one that an 8-bit immediate stands for."""
    return pack(w << 22 | 0x1E20_1000 | byte << 13 | d)


def bit(d: int, n: int, m: int) -> bytes:
    """`bit d.8b, n.8b, m.8b`: d takes n's bits where m has ones."""
    return pack(0x2EA0_1C00 | m << 16 | n << 5 | d)


def cnt(d: int, n: int) -> bytes:
    """`cnt d.8b, n.8b`."""
    return pack(0x0E20_5800 | n << 5 | d)


def addv(d: int, n: int) -> bytes:
    """`addv bd, n.8b`."""
    return pack(0x0E31_B800 | n << 5 | d)


def dup_bytes(d: int, n: int) -> bytes:
    """`dup d.16b, wn`."""
    return pack(0x4E01_0C00 | n << 5 | d)
