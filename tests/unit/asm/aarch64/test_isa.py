"""The `Isa` object of aarch64, against the emulator's processor where it says how that behaves."""

import pytest

from jit.abi.context import CONTEXT_SIZE, GENERAL, PC
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.isa import ISA
from jit.machine.emulation import EMULATIONS
from jit.machine.select import emulated_machine


@pytest.mark.parametrize("condition", range(14))
def test_conditions_hold_as_the_processor_has_them(condition: int) -> None:
    machine = emulated_machine("aarch64")
    code = a.msr(a.NZCV, a.X0) + a.cset(a.X0, condition) + a.RET
    processor = machine.function(machine.add_code(code))
    for flags in (nzcv << 28 for nzcv in range(16)):
        assert ISA.condition(condition, flags) == bool(processor(flags))


def test_lazy_stubs_are_of_one_size_and_pass_their_index() -> None:
    address, compile_ = 0x10_0000, 0x1000
    count = 65_600
    code, size = ISA.lazy_stubs(count, address, compile_)
    assert len(code) == size * count
    for index in (0, 65_599):
        stub = code[index * size : (index + 1) * size]
        jump = a.b(compile_ - (address + (index + 1) * size - 4))
        assert stub == a.mov_halves(a.X16, index) + jump


def test_a_site_is_as_large_as_what_enables_it() -> None:
    assert len(ISA.site_disabled()) == len(ISA.site_enabled(0x1000, 0)) == ISA.site_size


def test_every_site_of_a_store_reaches_the_breakpoint_trampoline() -> None:
    reserve = EMULATIONS["aarch64"].code_reserve
    last = reserve - ISA.site_size
    word = int.from_bytes(ISA.site_enabled(last, 0), "little")
    distance = (word & 0x3FF_FFFF) << 2
    assert distance - (1 << 28) == -last


def test_a_fresh_stack_is_aligned_and_returns_to_done() -> None:
    sp, registers, head = ISA.initial_stack(0x1239, 0x4000)
    assert (sp, dict(registers), head) == (0x1230, {29: 0, 30: 0x4000}, b"")


def test_resume_loads_what_an_exit_has_saved() -> None:
    """A guest of one instruction: it returns to `done` at once, all registers as they were loaded."""
    machine = emulated_machine("aarch64")
    trampolines = ISA.trampolines()
    base = machine.add_code(trampolines.code)
    guest = machine.add_code(a.RET)
    store = machine.allocate(64)
    vmctx = machine.allocate(4096)
    context = machine.allocate(CONTEXT_SIZE)
    low, end = machine.stack(1 << 16)
    machine.store_u64(vmctx + 48, store)
    machine.store_u64(store, context)
    values = {register: 0x0101_0101_0101_0101 * (register + 1) for register in range(32)}
    values.update({18: 0, 28: vmctx, 30: base + trampolines.entries["done"], 31: end - 64})
    for register, value in values.items():
        machine.store_u64(context + GENERAL + 8 * register, value)
    machine.store_u64(context + PC, guest)
    resume = machine.function(base + trampolines.entries["resume"])
    for _ in range(2):
        assert resume(context) == 1
        saved = {
            register: machine.load_u64(context + GENERAL + 8 * register) for register in range(32)
        }
        # x17 carries the address to go to; x18 is the system's and stays as it was in the context.
        assert {register: saved[register] for register in saved if register != 17} == {
            register: value for register, value in values.items() if register != 17
        }
    assert low < end
