"""Every encoder of aarch64 beside GNU as."""

from functools import cache

import pytest

from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import (
    ADD,
    ADD_IMM,
    AND_IMM,
    EOR_IMM,
    GT,
    HI,
    LO,
    NE,
    ORR_IMM,
    SP,
    SUB_IMM,
    SUBS_IMM,
    X0,
    X1,
    X2,
    X3,
    X9,
    X16,
    X17,
    X27,
    X28,
    X30,
    ZR,
)
from tests.codegen.aarch64.gnu_as import assemble, disassemble

# fmt: off
ROWS = [
    (a.NOP, "nop"),
    (a.RET, "ret"),

    # register, register, register
    *((a.rrr(op, X1, X2, X30, w), f"{name} {r}1, {r}2, {r}30") for w, r in enumerate("wx") for op, name in (
        (a.AND, "and"), (a.ORR, "orr"), (a.EOR, "eor"), (a.ADD, "add"), (a.SUB, "sub"), (a.SUBS, "subs"),
        (a.UDIV, "udiv"), (a.SDIV, "sdiv"), (a.LSLV, "lsl"), (a.LSRV, "lsr"), (a.ASRV, "asr"), (a.RORV, "ror"),
        (a.MUL, "mul"),
    )),
    (a.rr(a.RBIT, X1, X2), "rbit x1, x2"),
    (a.rr(a.CLZ, X1, X2, 0), "clz w1, w2"),
    (a.mov(X1, X30), "mov x1, x30"),
    (a.mov(X1, X30, 0), "mov w1, w30"),
    (a.neg(X1, X2), "neg x1, x2"),
    (a.cmp(X1, X2), "cmp x1, x2"),
    (a.cmp(X1, ZR, 0), "cmp w1, wzr"),
    (a.extended(a.SUBS, ZR, SP, X16), "cmp sp, x16"),
    (a.cmp_extended(X16, X17, True), "cmp x16, w17, sxtw"),
    (a.cmp_extended(X16, X17, False), "cmp x16, w17, uxtw"),
    (a.add_shifted(X17, X17, X16, 2), "add x17, x17, x16, lsl #2"),
    (a.extended(a.ADD, X17, SP, X17), "add x17, sp, x17"),
    (a.extended(a.ADD, SP, SP, X17), "add sp, sp, x17"),
    (a.extended(a.SUB, SP, SP, X17), "sub sp, sp, x17"),
    (a.msub(X1, X16, X2, X1), "msub x1, x16, x2, x1"),
    (a.msub(X1, X16, X2, X3, 0), "msub w1, w16, w2, w3"),

    # immediates
    (a.imm(ADD_IMM, X1, X2, 4095), "add x1, x2, #4095"),
    (a.imm(ADD_IMM, X1, SP, 0), "mov x1, sp"),
    (a.imm(ADD_IMM, SP, X1, 0), "mov sp, x1"),
    (a.imm(SUB_IMM, SP, SP, 0xFFF000), "sub sp, sp, #0xfff000"),
    (a.imm(SUBS_IMM, ZR, X1, 4096, 0), "cmp w1, #4096"),
    (a.imm(a.ADDS_IMM, ZR, X1, 1), "cmn x1, #1"),
    (a.lsl(X1, X2, 0), "lsl x1, x2, #0"),
    (a.lsl(X1, X2, 31, 0), "lsl w1, w2, #31"),
    (a.lsl(X1, X2, 63), "lsl x1, x2, #63"),
    (a.lsr(X1, X2, 16), "lsr x1, x2, #16"),
    (a.lsr(X1, X2, 1, 0), "lsr w1, w2, #1"),
    (a.asr(X1, X2, 63), "asr x1, x2, #63"),
    (a.asr(X1, X2, 31, 0), "asr w1, w2, #31"),
    (a.ror(X1, X2, 5), "ror x1, x2, #5"),
    (a.ror(X1, X2, 5, 0), "ror w1, w2, #5"),
    (a.bitfield(a.SBFM, X1, X2, 0, 7), "sxtb x1, w2"),
    (a.bitfield(a.SBFM, X1, X2, 0, 15, 0), "sxth w1, w2"),
    (a.bitfield(a.SBFM, X1, X2, 0, 31), "sxtw x1, w2"),
    (a.csel(X1, X2, X3, NE), "csel x1, x2, x3, ne"),
    (a.csel(X1, X2, X3, LO, 0), "csel w1, w2, w3, lo"),
    (a.cset(X1, GT), "cset w1, gt"),
    (a.ccmp_imm(X1, 1, 0, a.EQ), "ccmp x1, #1, #0, eq"),
    (a.ccmp_imm(X1, 31, 15, a.EQ, 0), "ccmp w1, #31, #15, eq"),

    # loads and stores
    *((a.mem(op, 3, X28, 16), f"{name}3, [x28, #16]") for op, name in (
        (a.STRB, "strb w"), (a.LDRB, "ldrb w"), (a.LDRSB_X, "ldrsb x"), (a.LDRSB_W, "ldrsb w"),
        (a.STRH, "strh w"), (a.LDRH, "ldrh w"), (a.LDRSH_X, "ldrsh x"), (a.LDRSH_W, "ldrsh w"),
        (a.STR_W, "str w"), (a.LDR_W, "ldr w"), (a.LDRSW, "ldrsw x"), (a.STR_X, "str x"), (a.LDR_X, "ldr x"),
        (a.STR_B, "str b"), (a.STR_H, "str h"), (a.STR_S, "str s"), (a.LDR_S, "ldr s"),
        (a.STR_D, "str d"), (a.LDR_D, "ldr d"), (a.STR_Q, "str q"), (a.LDR_Q, "ldr q"),
    )),
    (a.mem(a.LDR_X, X1, SP, 32760), "ldr x1, [sp, #32760]"),
    (a.mem(a.LDR_W, X1, X2, 16380), "ldr w1, [x2, #16380]"),
    (a.mem(a.LDR_X, X1, X2, 255), "ldur x1, [x2, #255]"),
    (a.mem(a.STR_D, 9, X2, -8), "stur d9, [x2, #-8]"),
    (a.mem(a.LDRSH_X, X1, X2, -256), "ldursh x1, [x2, #-256]"),
    (a.mem(a.STR_Q, 0, X2, -16), "stur q0, [x2, #-16]"),
    (a.mem_indexed(a.LDR_W, X1, X27, X9), "ldr w1, [x27, x9]"),
    (a.mem_indexed(a.STRB, X1, X27, X9), "strb w1, [x27, x9]"),
    (a.mem_indexed(a.LDR_X, X16, X17, X9, scaled=True), "ldr x16, [x17, x9, lsl #3]"),
    (a.mem_indexed(a.STR_D, 31, SP, X17), "str d31, [sp, x17]"),
    (a.pair(a.STP_X, X0, X1, X17, 192), "stp x0, x1, [x17, #192]"),
    (a.pair(a.LDP_X, X0, X1, X17, 504), "ldp x0, x1, [x17, #504]"),
    (a.pair(a.LDP_D, 8, 9, SP, -512), "ldp d8, d9, [sp, #-512]"),
    (a.pair(a.STP_D, 8, 9, SP, 16), "stp d8, d9, [sp, #16]"),
    (a.pair(a.STP_Q, 30, 31, X17, 928), "stp q30, q31, [x17, #928]"),
    (a.pair(a.LDP_Q, 0, 1, X3, -32), "ldp q0, q1, [x3, #-32]"),
    (a.push_pair(a.X29, X30), "stp x29, x30, [sp, #-16]!"),
    (a.pop_pair(a.X29, X30, 160), "ldp x29, x30, [sp], #160"),
    (a.stp_after(ZR, ZR, X17, 16), "stp xzr, xzr, [x17], #16"),

    # control
    (a.b(-4), "b . - 4"),
    (a.b((1 << 27) - 4), "b . + 0x7fffffc"),
    (a.bl(-(1 << 27)), "bl . - 0x8000000"),
    (a.b_cond(HI, 8), "b.hi . + 8"),
    (a.b_cond(a.EQ, -(1 << 20)), "b.eq . - 0x100000"),
    (a.cbz(X16, 12), "cbz w16, . + 12"),
    (a.cbz(X16, 12, 1), "cbz x16, . + 12"),
    (a.cbnz(X1, -4), "cbnz w1, . - 4"),
    (a.br(X17), "br x17"),
    (a.blr(X17), "blr x17"),
    (a.adr(X17, 12), "adr x17, . + 12"),
    (a.adr(X1, -1), "adr x1, . - 1"),
    (a.mrs(X1, a.NZCV), "mrs x1, nzcv"),
    (a.msr(a.NZCV, X1), "msr nzcv, x1"),
    (a.mrs(X1, a.FPCR), "mrs x1, fpcr"),
    (a.msr(a.FPCR, X1), "msr fpcr, x1"),

    # floats
    *((a.fff(op, 1, 2, 31, w), f"{name} {r}1, {r}2, {r}31") for w, r in enumerate("sd") for op, name in (
        (a.FMUL, "fmul"), (a.FDIV, "fdiv"), (a.FADD, "fadd"), (a.FSUB, "fsub"), (a.FMAX, "fmax"), (a.FMIN, "fmin"),
    )),
    *((a.ff(op, 1, 31, w), f"{name} {r}1, {r}31") for w, r in enumerate("sd") for op, name in (
        (a.FMOV, "fmov"), (a.FABS, "fabs"), (a.FNEG, "fneg"), (a.FSQRT, "fsqrt"),
        (a.FRINTN, "frintn"), (a.FRINTP, "frintp"), (a.FRINTM, "frintm"), (a.FRINTZ, "frintz"),
    )),
    *((a.convert(op, 1, 2, wide, w), f"{name} {f}1, {g}2")
      for wide, g in enumerate("wx") for w, f in enumerate("sd") for op, name in (
        (a.SCVTF, "scvtf"), (a.UCVTF, "ucvtf"),
    )),
    *((a.convert(op, 1, 2, wide, w), f"{name} {g}1, {f}2")
      for wide, g in enumerate("wx") for w, f in enumerate("sd") for op, name in (
        (a.FCVTZS, "fcvtzs"), (a.FCVTZU, "fcvtzu"),
    )),
    (a.convert(a.FMOV_TO_FLOAT, 1, X2, 0, 0), "fmov s1, w2"),
    (a.convert(a.FMOV_TO_FLOAT, 1, ZR, 1, 1), "fmov d1, xzr"),
    (a.convert(a.FMOV_TO_GENERAL, X1, 2, 0, 0), "fmov w1, s2"),
    (a.convert(a.FMOV_TO_GENERAL, X1, 2, 1, 1), "fmov x1, d2"),
    (a.fcvt(1, 2, True), "fcvt d1, s2"),
    (a.fcvt(1, 2, False), "fcvt s1, d2"),
    (a.fcmp(1, 2, 0), "fcmp s1, s2"),
    (a.fcmp(1, 2, 1), "fcmp d1, d2"),
    (a.fcsel(1, 2, 3, a.MI), "fcsel d1, d2, d3, mi"),
    (a.fmov_imm(1, 0x70), "fmov d1, #1.0"),
    (a.fmov_imm(1, 0xF0, 0), "fmov s1, #-1.0"),
    (a.bit(1, 2, 31), "bit v1.8b, v2.8b, v31.8b"),
    (a.cnt(31, 31), "cnt v31.8b, v31.8b"),
    (a.addv(31, 31), "addv b31, v31.8b"),
    (a.dup_bytes(0, X1), "dup v0.16b, w1"),
]
# fmt: on


@cache
def expected() -> list[bytes]:
    return assemble([text for _, text in ROWS])


@pytest.mark.parametrize("row", range(len(ROWS)), ids=[text for _, text in ROWS])
def test_encoding(row: int) -> None:
    assert ROWS[row][0].hex() == expected()[row].hex()


PATTERNS = [
    0,
    1,
    0xFFFF,
    0x10000,
    0x12345678,
    0xFFFF0000,
    0xFFFF1234,
    0x1234FFFF,
    0xFFFFFFFE,
    0xFFFFFFFF,
    0x0F0F0F0F,
    0x7FFF_FFFF,
    0x8000_0000,
    0x1_0000_0000,
    0xFFFF_FFFF_0000_0000,
    0x8000_0000_0000_0000,
    0x7FFF_FFFF_FFFF_FFFF,
    0x5555_5555_5555_5555,
    0x0123_4567_89AB_CDEF,
    0xFFFF_FFFF_FFFF_1234,
    0xFFFF_1234_FFFF_5678,
    0x1234_0000_0000_5678,
    0xFFFF_FFFF_FFFF_FFFE,
    0xFFFF_FFFF_FFFF_FFFF,
    0x0000_FFFF_FFFF_0000,
    0x43E0_0000_0000_0000,
]


def simulate(code: bytes) -> int:
    """Run `mov_imm` code by what capstone says its instructions are; return the register."""
    value = 0
    for text in disassemble(code):
        mnemonic, operands = text.split(" ", 1)
        fields = [field.strip() for field in operands.split(",")]
        wide = fields[0].startswith("x")
        immediate = int(next(field for field in fields[1:] if field[0] == "#")[1:], 0)
        shift = int(fields[2].split("#")[1]) if fields[-1].startswith("lsl") else 0
        if mnemonic == "movk":
            value = value & ~(0xFFFF << shift) | immediate << shift
        elif mnemonic == "movn":
            value = ~(immediate << shift)
        else:
            assert mnemonic in ("mov", "movz", "orr")
            value = immediate << shift
        value &= (1 << 64) - 1 if wide else (1 << 32) - 1
    return value


@pytest.mark.parametrize("value", PATTERNS, ids=hex)
def test_mov_imm_makes_the_value(value: int) -> None:
    code = a.mov_imm(X1, value)
    assert simulate(code) == value
    assert assemble(list(disassemble(code))) == [code[at : at + 4] for at in range(0, len(code), 4)]


def test_mov_halves() -> None:
    assert [simulate(a.mov_halves(X16, value)) for value in (0, 0xFFFF, 0x12345)] == [
        0,
        0xFFFF,
        0x12345,
    ]


def masks(width: int) -> list[int]:
    """Every logical immediate of a width, by its definition: repeated rotated runs of ones."""
    found = set()
    size = 2
    while size <= width:
        for ones in range(1, size):
            run = (1 << ones) - 1
            for rotation in range(size):
                element = (run >> rotation | run << (size - rotation)) & (1 << size) - 1
                found.add(sum(element << at for at in range(0, width, size)))
        size *= 2
    return sorted(found)


@pytest.mark.parametrize("w", [0, 1])
def test_logical_immediates(w: int) -> None:
    values = masks(64 if w else 32)
    assert len(values) == (5334 if w else 1302)
    r = "wx"[w]
    sample = values[:: 7 if w else 1]
    ours = []
    for value in sample:
        fields = a.bitmask(value, w)
        assert fields is not None
        ours.append(a.logical((AND_IMM, ORR_IMM, EOR_IMM)[value % 3], X1, X2, fields, w))
    theirs = [f"{('and', 'orr', 'eor')[value % 3]} {r}1, {r}2, #{value:#x}" for value in sample]
    assert ours == assemble(theirs)


@pytest.mark.parametrize("value", [0, 0xFFFF_FFFF, 0x1234_5678, 5, 0xFFFF_0001_0000])
def test_no_logical_immediate(value: int) -> None:
    assert a.bitmask(value, 0 if value < 1 << 32 else 1) is None


def test_far_accesses() -> None:
    near = a.mem_far(a.LDR_X, X1, X28, 32760, X16)
    assert list(disassemble(near)) == ["ldr x1, [x28, #0x7ff8]"]
    middle = a.mem_far(a.LDR_X, X1, X28, 0x12_3458, X16)
    assert list(disassemble(middle)) == ["add x16, x28, #0x123, lsl #12", "ldr x1, [x16, #0x458]"]
    far = a.mem_far(a.STRB, X1, SP, 0x1234_5678, X16)
    assert list(disassemble(far)) == [
        "mov w16, #0x5678",
        "movk w16, #0x1234, lsl #16",
        "strb w1, [sp, x16]",
    ]
    assert a.rrr(ADD, X1, X1, X2) == assemble(["add x1, x1, x2"])[0]
