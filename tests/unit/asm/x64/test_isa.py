"""What the runtime is told of x86-64, beside a processor and an assembler."""

import struct
from itertools import product
from select import POLLIN

import capstone
import pytest
import unicorn
from unicorn import x86_const as uc

from jit.abi import heartbeat, vmctx
from jit.abi.vmctx import Stub
from jit.asm.x64.integers import EQUAL_ORDERED, INVERSE, NOT_EQUAL_OR_UNORDERED
from jit.asm.x64.isa import ISA

CODE, STACK = 0x1000, 0x8000
FLAG_BITS = (1 << 0, 1 << 2, 1 << 6, 1 << 7, 1 << 11)
ALL_FLAGS = [sum(bits) for bits in product(*((0, bit) for bit in FLAG_BITS))]


def instructions(code: bytes, address: int) -> list[str]:
    """Disassemble."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return [f"{i.mnemonic} {i.op_str}".strip() for i in engine.disasm(code, address)]


def setcc(condition: int, flags: int) -> bool:
    """Ask a processor: push flags, popfq, setcc al."""
    machine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
    machine.mem_map(0, 0x10000)
    code = b"\x68" + struct.pack("<I", flags | 2) + b"\x9d\x0f" + bytes((0x90 | condition, 0xC0))
    machine.mem_write(CODE, code)
    machine.reg_write(uc.UC_X86_REG_RSP, STACK)
    machine.emu_start(CODE, CODE + len(code))
    return bool(machine.reg_read(uc.UC_X86_REG_AL))


@pytest.mark.parametrize("condition", range(16))
def test_a_condition_is_read_as_the_processor_does(condition: int) -> None:
    for flags in ALL_FLAGS:
        assert ISA.condition(condition, flags) == setcc(condition, flags), hex(flags)


def test_our_own_conditions_are_of_zero_and_parity() -> None:
    for flags in ALL_FLAGS:
        equal = setcc(4, flags) and not setcc(10, flags)
        assert ISA.condition(EQUAL_ORDERED, flags) == equal
        assert ISA.condition(NOT_EQUAL_OR_UNORDERED, flags) != equal


def test_a_condition_and_its_inverse_exclude_each_other() -> None:
    for condition, flags in product(range(18), ALL_FLAGS):
        assert ISA.condition(condition, flags) != ISA.condition(INVERSE[condition], flags)


def test_sites_are_a_no_op_and_a_call() -> None:
    site, breakpoint_ = 0x7000_0000, 0x1000_1234
    assert len(ISA.site_disabled()) == len(ISA.site_enabled(site, breakpoint_)) == ISA.site_size
    behind = bytes.fromhex("45 8b 44 1f 0c")
    prefixed = instructions(ISA.site_disabled() + behind, site)
    # The prefix says `es:`, which means nothing in 64-bit mode.
    assert [text.replace("es:", "") for text in prefixed] == instructions(behind, site)
    assert instructions(ISA.site_enabled(site, breakpoint_), site) == [f"call {breakpoint_:#x}"]
    assert instructions(ISA.site_enabled(breakpoint_, site), breakpoint_) == [f"call {site:#x}"]


def test_lazy_stubs_pass_their_index() -> None:
    code, size = ISA.lazy_stubs(300, 0x50_0000, 0x40_0000)
    assert len(code) == 300 * size
    for index in (0, 1, 299):
        stub = code[index * size : (index + 1) * size]
        address = 0x50_0000 + index * size
        spelt = f"{index:#x}" if index > 9 else str(index)
        assert instructions(stub, address) == [f"mov eax, {spelt}", "jmp 0x400000"]


def test_trampolines_have_every_entry_and_are_the_same_each_time() -> None:
    made = ISA.trampolines()
    assert made == ISA.trampolines()
    stubs = {stub.name.lower() for stub in Stub}
    others = {"resume", "breakpoint", "host", "compile", "done", "heartbeat"}
    assert set(made.entries) == stubs | others
    assert all(0 <= entry < len(made.code) for entry in made.entries.values())


def test_the_heartbeat_wants_the_interrupts_of_all_guests_until_there_is_something_to_read() -> (
    None
):
    block, guests, polls = 0x2000, (0x3000, 0x4000, 0x5000), [0, -4, 1]
    made = ISA.trampolines()
    machine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
    machine.mem_map(0, 0x10000)
    machine.mem_write(CODE, made.code)
    machine.mem_write(block, heartbeat.HEAD.pack(7, POLLIN, 0, 5) + struct.pack("<4Q", *guests, 0))
    seen = []

    def poll(machine: unicorn.Uc, data: object) -> None:
        registers = (uc.UC_X86_REG_RAX, uc.UC_X86_REG_RDI, uc.UC_X86_REG_RSI, uc.UC_X86_REG_RDX)
        assert [machine.reg_read(register) for register in registers] == [7, block, 1, 5]
        words = [machine.mem_read(guest, vmctx.INTERRUPT + 4) for guest in guests]
        seen.append(
            [(bytes(word[vmctx.STACK_LIMIT :][:8]), word[vmctx.INTERRUPT]) for word in words]
        )
        for guest in guests:
            machine.mem_write(guest, bytes(vmctx.INTERRUPT + 4))
        machine.reg_write(uc.UC_X86_REG_RAX, polls[len(seen) - 1] & (1 << 64) - 1)
        machine.reg_write(uc.UC_X86_REG_RCX, 0xBAD)
        machine.reg_write(uc.UC_X86_REG_R11, 0xBAD)

    machine.hook_add(unicorn.UC_HOOK_INSN, poll, None, 1, 0, uc.UC_X86_INS_SYSCALL)
    machine.mem_write(STACK, struct.pack("<Q", 0xF000))
    machine.reg_write(uc.UC_X86_REG_RSP, STACK)
    machine.reg_write(uc.UC_X86_REG_RDI, block)
    machine.emu_start(CODE + made.entries["heartbeat"], 0xF000)
    wanted = (struct.pack("<Q", vmctx.NO_STACK_LIMIT), 1)
    assert seen == [[(bytes(8), 0)] * 3, [wanted] * 3, [wanted] * 3]


def test_a_fresh_stack_returns_to_done_and_ends_the_chain() -> None:
    for sp in range(0x10000, 0x10010):
        start, registers, words = ISA.initial_stack(sp, 0x1234_5678_9ABC)
        assert start % 16 == 8 and start + len(words) <= sp
        assert struct.unpack("<Q", words) == (0x1234_5678_9ABC,)
        assert dict(registers) == {5: 0}


def test_a_frame_is_linked_as_the_prologue_has_it() -> None:
    assert ISA.caller(0x7F00) == (0x7F00, 0x7F08)
