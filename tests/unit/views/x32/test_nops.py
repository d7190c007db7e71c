"""Code reads as no-ops: capstone agrees that each is one instruction of the length asked for."""

import pytest
from capstone import CS_ARCH_X86, CS_MODE_64, Cs

from gdbstub.views.x32.nops import nop


@pytest.mark.parametrize("length", range(1, 16))
def test_one_instruction_up_to_fifteen_bytes(length: int) -> None:
    [instruction] = Cs(CS_ARCH_X86, CS_MODE_64).disasm(nop(length), 0)
    assert (instruction.mnemonic, instruction.size) == ("nop", length)


@pytest.mark.parametrize("length", [16, 31, 200])
def test_longer_ones_are_chains(length: int) -> None:
    instructions = list(Cs(CS_ARCH_X86, CS_MODE_64).disasm(nop(length), 0))
    assert {instruction.mnemonic for instruction in instructions} == {"nop"}
    assert sum(instruction.size for instruction in instructions) == length
