"""The x86-64 encoders beside GNU as: a row an instruction, over all registers and telling displacements."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest

from jit.asm.x64 import encoding as x
from tests.codegen.x64.gnu_as import assemble, disassemble

R64 = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
R32 = "eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d".split()
R8 = "al cl dl bl spl bpl sil dil r8b r9b r10b r11b r12b r13b r14b r15b".split()
R = (R32, R64)
DISPLACEMENTS = (0, 1, -1, 127, -128, 128, -129, 0x7FFF_FFFF, -0x8000_0000)
IMMEDIATES = (0, 1, -1, 127, -128, 128, -129, 0x7FFF_FFFF, -0x8000_0000)
CONSTANTS = (
    0,
    1,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1 << 32,
    (1 << 64) - 1,
    (1 << 64) - (1 << 31),
    (1 << 64) - (1 << 31) - 1,
    0x0123_4567_89AB_CDEF,
)
ALU = (("add", x.ADD), ("or", x.OR), ("and", x.AND), ("sub", x.SUB), ("xor", x.XOR), ("cmp", x.CMP))

Rows = Iterator[tuple[bytes, str]]


def memory(base: int, disp: int, index: int = -1, scale: int = 0) -> str:
    """Spell an address."""
    text = R64[base] if index < 0 else f"{R64[base]} + {R64[index]}*{1 << scale}"
    return f"[{text} + {disp}]"


# fmt: off
def registers() -> Rows:
    for a, b, w in product(range(16), range(16), (0, 1)):
        yield x.mov(a, b, w), f"mov {R[w][a]}, {R[w][b]}"
        yield x.rr(b"\x85", a, b, w), f"test {R[w][b]}, {R[w][a]}"
        yield x.rr(b"\x0f\xaf", a, b, w), f"imul {R[w][a]}, {R[w][b]}"
        yield x.rr(b"\x0f\xb6", a, b, w, byte=True), f"movzx {R[w][a]}, {R8[b]}"
        yield x.rr(b"\x0f\x44", a, b, w), f"cmove {R[w][a]}, {R[w][b]}"
        yield x.rr(b"\x0f\xb8", a, b, w, b"\xf3"), f"popcnt {R[w][a]}, {R[w][b]}"
        yield x.rr(b"\x0f\x58", a, b, w and 0, b"\xf2"), f"addsd xmm{a}, xmm{b}"
        yield x.rr(b"\x0f\x2a", a, b, w, b"\xf2"), f"cvtsi2sd xmm{a}, {R[w][b]}"
        for name, op in ALU:
            yield x.alu(op, a, b, w), f"{name} {R[w][a]}, {R[w][b]}"


def immediates() -> Rows:
    for a, w, imm in product(range(16), (0, 1), IMMEDIATES):
        for name, op in ALU:
            yield x.alu_imm(op, a, imm, w), f"{name} {R[w][a]}, {imm}"
    for a, value in product(range(16), CONSTANTS):
        if value < 1 << 32:
            yield x.mov_imm(a, value), f"mov {R32[a]}, {value}"
        elif value >= (1 << 64) - (1 << 31):
            yield x.mov_imm(a, value), f"mov {R64[a]}, {value - (1 << 64)}"
        else:
            yield x.mov_imm(a, value), f"movabs {R64[a]}, {value}"


def addresses() -> Rows:
    for a, base, disp, w in product((0, 4, 5, 9, 12, 15), range(16), DISPLACEMENTS, (0, 1)):
        yield x.load(a, base, disp, w), f"mov {R[w][a]}, {memory(base, disp)}"
        yield x.store(base, disp, a, w), f"mov {memory(base, disp)}, {R[w][a]}"
    for a, base, disp in product((0, 5, 8, 15), range(16), DISPLACEMENTS):
        yield x.movups_load(a, base, disp), f"movups xmm{a}, {memory(base, disp)}"
        yield x.movups_store(base, disp, a), f"movups {memory(base, disp)}, xmm{a}"
        yield x.rm(b"\x88", a, base, disp, byte=True), f"mov {memory(base, disp)}, {R8[a]}"
        yield x.push_mem(base, disp), f"push qword ptr {memory(base, disp)}"
        yield x.call_mem(base, disp), f"call qword ptr {memory(base, disp)}"
        yield x.ldmxcsr(base, disp), f"ldmxcsr {memory(base, disp)}"
        yield x.stmxcsr(base, disp), f"stmxcsr {memory(base, disp)}"


def indexed() -> Rows:
    indices = [index for index in range(16) if index != x.RSP]
    for base, index, disp, scale in product((0, 4, 5, 12, 13, 15), indices, DISPLACEMENTS, (0, 3)):
        where = memory(base, disp, index, scale)
        yield x.rx(b"\x8b", 9, base, index, disp, 1, scale=scale), f"mov r9, {where}"
        yield x.rx(b"\x89", 3, base, index, disp, 0, scale=scale), f"mov {where}, ebx"
        yield x.rx(b"\x88", 6, base, index, disp, byte=True, scale=scale), f"mov {where}, sil"
        yield x.rx(b"\x0f\x10", 8, base, index, disp, 0, b"\xf3", scale=scale), f"movss xmm8, {where}"


def plain() -> Rows:
    for a in range(16):
        yield x.push(a), f"push {R64[a]}"
        yield x.pop(a), f"pop {R64[a]}"
    yield x.PUSHFQ, "pushfq"
    yield x.POPFQ, "popfq"
    yield x.RET, "ret"
# fmt: on


@pytest.mark.parametrize("rows", [registers, immediates, addresses, indexed, plain])
def test_encoders_agree_with_gnu_as(rows: Callable[[], Rows]) -> None:
    made = list(rows())
    ours = [disassemble(code) for code, _ in made]
    theirs = assemble([text for _, text in made])
    assert all(len(instructions) == 1 for instructions in ours)
    for (code, text), mine, other in zip(made, ours, theirs, strict=True):
        assert mine[0] == other, (code.hex(), text)
