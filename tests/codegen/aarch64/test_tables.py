"""What all code in the macro assembler's tables keeps to: real instructions, the registers it may change.

Each piece is disassembled by capstone and assembled again by GNU as, which must give the same bytes;
capstone also says which registers it changes.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import capstone
import pytest

from jit.abi.vmctx import Stub
from jit.asm.aarch64 import trampolines
from jit.asm.aarch64.isa import ISA
from jit.asm.masm import MacroAssembler
from jit.asm.places import CONST, FLOAT
from tests.codegen.aarch64.gnu_as import assemble, disassemble

MASM = ISA.masm
FLAGS = "nzcv"
SP = 31
SCRATCH = {15, 16, 17, FLOAT + 31}
CALLS = {30}
INSTANCE = {27, 28}

REGISTERS = (0, 9, 26)
FLOATS = (FLOAT, FLOAT + 30)
INTEGERS = (CONST, CONST + 5, CONST + 0x1234_5678, CONST + 0xFFFF_FFFF)
WIDE = (*INTEGERS, CONST + 0x0123_4567_89AB_CDEF)
SLOTS = (8, 32760, 32768, 1 << 24)
OFFSETS = (8336, 32768, 0x12_3458, 1 << 25)


class Piece(NamedTuple):
    """Code, the places it may change beside the scratch registers, whether it must keep the flags."""

    name: str
    code: bytes
    changes: set[int]
    keeps_flags: bool = False


def slots(m: MacroAssembler) -> Iterator[Piece]:
    for key, r in product(SLOTS, REGISTERS):
        yield Piece("slot_load32", m.slot_load32[r][key], {r}, True)
        yield Piece("slot_load64", m.slot_load64[r][key], {r}, True)
        yield Piece("overflow_store", m.overflow_store[16 * r][key], set())
        yield Piece("overflow_load", m.overflow_load[key][16 * r], set())
    for key, f in product(SLOTS, FLOATS):
        yield Piece("slot_load_float", m.slot_load_float[f][key], {f}, True)
    for key, operand in product(SLOTS, (*REGISTERS, *FLOATS, *WIDE)):
        code = m.slot_store[operand][key] if operand < CONST else m.slot_constant(operand, key)
        yield Piece("slot_store", code, set(), True)
    for to, from_ in product(SLOTS, SLOTS):
        yield Piece("slot_move", m.slot_move[to][from_], set(), True)
    for start, end in ((8, 16), (8, 24), (16, 64), (8, 264), (8, 8000), (40000, 40016)):
        yield Piece("zero_slots", m.zero_slots(start, end, 1 << 16), set())


def values(m: MacroAssembler) -> Iterator[Piece]:
    for r, operand in product(REGISTERS, (*REGISTERS, *WIDE)):
        yield Piece("move32", m.move32[r][operand], {r}, True)
        yield Piece("move64", m.move64[r][operand], {r}, True)
    for f, operand in product(FLOATS, (*FLOATS, *WIDE, CONST + 0x3FF0 * (1 << 48))):
        yield Piece("move_float", m.move_float[f][operand], {f}, True)
    for name, condition in product(("select", "select_float"), range(14)):
        table = getattr(m, name)[condition]
        pair = FLOATS if name == "select_float" else REGISTERS[:2]
        yield Piece(name, table[pair[0]][pair[1]], {pair[0]})
        yield Piece("set_flag", m.set_flag[9][condition], {9})


def operators(m: MacroAssembler) -> Iterator[Piece]:
    for name, binary in m.binary.items():
        integer = name.startswith("i")
        a, b = REGISTERS[:2] if integer else FLOATS
        operands = (b, *(WIDE if name.startswith("i64") else INTEGERS)) if integer else (b,)
        for operand in operands:
            yield Piece(name, binary[a][operand], {a})
            yield Piece(name, m.three[name][26 if integer else FLOAT + 9][a][operand], {26, 41})
    for name, divide in m.divide.items():
        for operand in (9, *(WIDE if name.startswith("i64") else INTEGERS)):
            yield Piece(name, divide[0][operand].code, {0})
    for name, unary in m.unary.items():
        result, operand = name[0], _operand_kind(name)
        to = 0 if result == "i" else FLOAT
        from_ = 9 if operand == "i" else FLOAT + 9
        yield Piece(name, unary[to][from_], {to})
        if result == operand:
            yield Piece(name, unary[to][to], {to})
    for name, truncate in m.truncate.items():
        yield Piece(name, truncate[0][FLOAT + 9].code, {0})
    for name, compare in m.compare.items():
        integer = name.startswith("i")
        operands = (9, *(WIDE if name.startswith("i64") else INTEGERS)) if integer else (FLOAT + 9,)
        for operand in operands:
            yield Piece(name, compare.code[0 if integer else FLOAT][operand], set())


def _operand_kind(name: str) -> str:
    """Whether a one-operand operator takes an integer or a float, from its name."""
    for word in name.split(".")[1].split("_"):
        if word in ("i32", "i64", "f32", "f64"):
            return word[0]
    return name[0]


def memory(m: MacroAssembler) -> Iterator[Piece]:
    offsets = (0, 4, 1000, 5000, 0x7FFF_FFFF, 0xFFFF_FFFF)
    for name, load in m.load.items():
        to = FLOAT + 9 if name[0] == "f" else 9
        for offset in offsets:
            code, back = load.checked[to][0][offset]
            yield Piece(name, code, {to})
            yield Piece(name, code[len(code) - back :], {to})
            yield Piece(name, load.known[to][offset], {to})
    for name, store in m.store.items():
        from_ = FLOAT + 9 if name[0] == "f" else 9
        for offset, operand in product(offsets, (from_, *WIDE)):
            yield Piece(name, store.checked[0][operand][offset][0], set())
            yield Piece(name, store.known[offset][operand], set())
    yield Piece("memory_size", m.memory_size[9], {9})
    for imported, width, offset in product((False, True), (32, 64, 0), OFFSETS):
        register = 9 if width else FLOAT + 9
        yield Piece("global_get", m.global_get[imported][width][offset][register], {register})
        for operand in (register, *WIDE):
            yield Piece("global_set", m.global_set[imported][width][offset][operand], set())
    for offset, key in product(OFFSETS, SLOTS):
        yield Piece("table_size", m.table_size[offset][9], {9})
        yield Piece("table_get", m.table_get(offset, 9, key).code, set())
        yield Piece("table_set", m.table_set(offset, 9, key).code, set())
        yield Piece("indirect_record", m.indirect_record(offset, offset + 8, 9).code, set())
        for import_ in (False, True):
            yield Piece("function_reference", m.function_reference(import_, offset, key), set())


def control(m: MacroAssembler) -> Iterator[Piece]:
    for size in (16, 4096, 0x1230, 1 << 24, (1 << 24) + 16):
        yield Piece("prologue", m.prologue(size), {29, SP})
        yield Piece("frame_check", m.frame_check(size), set())
    yield Piece("epilogue", m.epilogue, {29, 30, SP})
    yield Piece("site", m.site, set(), True)
    yield Piece("jump", m.jump, set(), True)
    for condition in range(14):
        yield Piece("branch", m.branch[condition], set(), True)
    yield Piece("branch_nonzero", m.branch_nonzero[9], set(), True)
    yield Piece("branch_zero", m.branch_zero[9], set(), True)
    yield Piece("branch_failed", m.branch_failed, set())
    yield Piece("interrupt_check", m.interrupt_check, set())
    yield Piece("stack_check", m.stack_check, set())
    yield Piece("epoch_check", m.epoch_check, set())
    for count in (0, 5, 100_000):
        yield Piece("branch_table", m.branch_table(9, count), set())
    for trap in range(13):
        yield Piece("trap_exit", m.trap_exit[trap], CALLS)
    for number in range(8):
        yield Piece("call_libcall", m.call_libcall[number], CALLS)
    for stub in Stub:
        yield Piece("call_stub", m.call_stub[stub], CALLS)
    for offset in OFFSETS:
        yield Piece("call_defined", m.call_defined[offset], CALLS)
        yield Piece("call_import", m.call_import[offset], CALLS | INSTANCE)
    yield Piece("call_record", m.call_record, CALLS | INSTANCE)
    yield Piece("leave_callee", m.leave_callee, INSTANCE)


COMPARISONS = ("cmp", "cmn", "ccmp", "fcmp")
"""They change the flags alone; capstone counts their first operand too."""

GROUPS = (slots, values, operators, memory, control)
PIECES = [
    pytest.param(list(group(masm)), id=f"{group.__name__}-{reach}")
    for reach, masm in (("near", MASM), ("far", MASM.far))
    for group in GROUPS
]


def changed(code: bytes) -> set[int | str]:
    """Return the places an instruction sequence changes, as capstone sees it, and the flags."""
    engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    engine.detail = True
    found: set[int | str] = set()
    for instruction in engine.disasm(code, 0):
        if instruction.mnemonic in COMPARISONS:
            found.add(FLAGS)
            continue
        for register in instruction.regs_access()[1]:
            found.add(place(instruction.reg_name(register)))
    return found


def place(name: str) -> int | str:
    """Return what `jit.asm.places` calls a register, by its name in assembly."""
    if name in ("sp", "wsp"):
        return SP
    if name in ("xzr", "wzr"):
        return 16  # no register: as good as scratch
    if name == "lr":
        return 30
    if name == "fp":
        return 29
    if name == FLAGS:
        return FLAGS
    return int(name[1:]) + (FLOAT if name[0] in "bhsdqv" else 0)


@pytest.mark.parametrize("pieces", PIECES)
def test_only_instructions_that_gnu_as_makes_too(pieces: list[Piece]) -> None:
    code = b"".join(piece.code for piece in pieces)
    made = assemble(list(disassemble(code)))
    assert b"".join(made) == code


@pytest.mark.parametrize("pieces", PIECES)
def test_only_registers_outside_the_pools_change(pieces: list[Piece]) -> None:
    for piece in pieces:
        surplus = changed(piece.code) - piece.changes - SCRATCH - {FLAGS}
        assert not surplus, (piece.name, list(disassemble(piece.code)))


@pytest.mark.parametrize("pieces", PIECES)
def test_flags_survive_where_they_must(pieces: list[Piece]) -> None:
    for piece in pieces:
        if piece.keeps_flags:
            assert FLAGS not in changed(piece.code), (piece.name, list(disassemble(piece.code)))


def test_pools_hold_no_scratch_or_pinned_register() -> None:
    pools = {*MASM.pool, *MASM.float_pool}
    assert len(pools) == len(MASM.pool) + len(MASM.float_pool)
    assert not pools & (SCRATCH | INSTANCE | {18, 29, 30, SP})


def test_trampolines_are_instructions_and_leave_x18_alone() -> None:
    code = trampolines.build().code
    text = list(disassemble(code))
    assert b"".join(assemble(text)) == code
    assert not [line for line in text if re.search(r"\b[xw]18\b", line)]
