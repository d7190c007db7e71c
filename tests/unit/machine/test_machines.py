"""What every machine promises: code, patches, data, stacks, linear memories."""

import gc
import struct
import threading
from collections.abc import Callable

import pytest

from jit.machine.code_memory import CODE_RESERVE, CodeMemory
from jit.machine.emulation import EMULATIONS
from jit.machine.errors import MachineError
from jit.machine.host import READ, WRITE, Region
from jit.machine.protocol import Machine
from jit.machine.select import default_machine, emulated_machine, native_machine

PAGE = 65536

# `return (uint32) (argument + 1)` and `return (uint32) (argument + 2)`, by GNU as and llvm-mc 22.
ADD_1 = {
    "x86-64": "8d4701c3",
    "aarch64": "00040091c0035fd6",
    "riscv64": "1305150067800000",
    "s390x": "a72b000107fe",
}
ADD_2 = {
    "x86-64": "8d4702c3",
    "aarch64": "00080091c0035fd6",
    "riscv64": "1305250067800000",
    "s390x": "a72b000207fe",
}
# Loads the word at the argument: mov rax,[rdi]; ret and so on.
LOAD = {
    "x86-64": "488b07c3",
    "aarch64": "000040f9c0035fd6",
    "riscv64": "0335050067800000",
    "s390x": "e3202000000407fe",
}

MAKERS: dict[str, Callable[[], Machine]] = {
    "native": lambda: native_machine("x86-64"),
    **{f"emulated {isa}": (lambda isa=isa: emulated_machine(isa)) for isa in EMULATIONS},
}


@pytest.fixture(params=MAKERS)
def machine(request: pytest.FixtureRequest) -> Machine:
    return MAKERS[request.param]()


def isa(machine: Machine) -> str:
    return machine.name.split()[-1]


def test_code_runs(machine: Machine) -> None:
    function = machine.function(machine.add_code(bytes.fromhex(ADD_1[isa(machine)])))
    assert [function(41), function(0xFFFF_FFFF)] == [42, 0]


def test_patch_is_seen_after_the_code_has_run(machine: Machine) -> None:
    address = machine.add_code(bytes.fromhex(ADD_1[isa(machine)]))
    function = machine.function(address)
    function(0)
    machine.patch(address, bytes.fromhex(ADD_2[isa(machine)]))
    assert function(40) == 42


def test_code_reads_back_with_patches(machine: Machine) -> None:
    address = machine.add_code(b"abcdef")
    machine.patch(address + 2, b"CD")
    assert machine.read_code(address, 6) == b"abCDef"


def test_patch_of_nothing(machine: Machine) -> None:
    machine.patch(machine.add_code(b""), b"")


def test_code_is_aligned_and_rises(machine: Machine) -> None:
    first, second = machine.add_code(b"abc"), machine.add_code(b"def")
    assert first % 16 == second % 16 == 0
    assert second == first + 16


def test_patch_outside_code_is_refused(machine: Machine) -> None:
    address = machine.add_code(b"abc")
    with pytest.raises(MachineError, match="not in code memory"):
        machine.patch(address + 2, b"de")


def test_data_is_zeroed_and_apart(machine: Machine) -> None:
    sizes = [1, 64, 100, 1 << 20, 3]
    places = [machine.allocate(size) for size in sizes]
    assert all(
        machine.read(place, size) == bytes(size) for place, size in zip(places, sizes, strict=True)
    )
    for place, size in zip(places, sizes, strict=True):
        machine.write(place, b"x" * size)
    assert all(place % 64 == 0 for place in places)
    assert machine.read(places[1], 100) == b"x" * 64 + bytes(0) + machine.read(places[1] + 64, 36)


def test_words_are_numbers_in_the_guests_byte_order(machine: Machine) -> None:
    address = machine.allocate(16)
    machine.store_u64(address + 8, 0x0102030405060708)
    order = "<" if machine.byteorder == "little" else ">"
    assert machine.read(address + 8, 8) == struct.pack(order + "Q", 0x0102030405060708)
    words = machine.words(address, 2)
    assert words[1] == machine.load_u64(address + 8) == 0x0102030405060708
    words[0] = 5
    assert machine.load_u64(address) == 5
    machine.store_u32(address, 7)
    assert machine.load_u32(address) == 7


def test_guest_sees_what_was_stored(machine: Machine) -> None:
    address = machine.allocate(8)
    machine.store_u64(address, 0x1234)
    load = machine.function(machine.add_code(bytes.fromhex(LOAD[isa(machine)])))
    assert load(address) == 0x1234


def test_shared_region_is_seen(machine: Machine) -> None:
    region = Region(8, READ | WRITE)
    machine.share(region)
    machine.store_u64(region.address, 77)
    load = machine.function(machine.add_code(bytes.fromhex(LOAD[isa(machine)])))
    assert load(region.address) == 77


def test_linear_memory_grows_in_place(machine: Machine) -> None:
    memory = machine.linear_memory(4 << 30)
    memory.grow(0, PAGE)
    memory.view(PAGE)[PAGE - 1] = 9
    memory.grow(PAGE, 3 * PAGE)
    view = memory.view(3 * PAGE)
    assert (view[PAGE - 1], view[3 * PAGE - 1], len(view)) == (9, 0, 3 * PAGE)


def test_linear_memory_may_be_empty(machine: Machine) -> None:
    memory = machine.linear_memory(0)
    memory.grow(0, 0)
    assert len(memory.view(0)) == 0


def test_view_outlives_the_machine() -> None:
    machine = native_machine("x86-64")
    memory = machine.linear_memory(PAGE)
    memory.grow(0, PAGE)
    view = memory.view(PAGE)
    del machine, memory
    gc.collect()
    view[0] = 1
    assert view[0] == 1


def test_stack_has_its_size(machine: Machine) -> None:
    low, end = machine.stack(1 << 20)
    machine.write(low, b"a")
    machine.write(end - 1, b"z")
    assert end - low == 1 << 20


def test_emulated_guest_in_forbidden_memory_is_an_error() -> None:
    machine = emulated_machine("x86-64")
    load = machine.function(machine.add_code(bytes.fromhex(LOAD["x86-64"])))
    with pytest.raises(MachineError, match=r"emulated x86-64: .*READ.* at code address"):
        load(64)


def test_wrong_instruction_set() -> None:
    with pytest.raises(MachineError, match="aarch64 code does not run natively here"):
        native_machine("aarch64")
    with pytest.raises(MachineError, match="vax code cannot be emulated"):
        emulated_machine("vax")


def test_default_machine_says_that_it_emulates(caplog: pytest.LogCaptureFixture) -> None:
    assert default_machine("riscv64").name == "emulated riscv64"
    assert "does not run natively here" in caplog.text


def test_default_machine_is_native_where_possible(caplog: pytest.LogCaptureFixture) -> None:
    assert default_machine("x86-64").name == "native x86-64"
    assert not caplog.records


def test_code_memory_has_a_limit() -> None:
    code = CodeMemory(executable=True, size=4096)
    code.add(bytes(4000))
    with pytest.raises(MachineError, match=r"out of code memory \(4096 bytes\)"):
        code.add(bytes(100))
    assert CODE_RESERVE > 100 << 20


def test_guest_releases_the_interpreter() -> None:
    machine = native_machine("x86-64")
    # Spins until the word at the argument is not 0, which only another thread can bring about.
    spin = machine.function(machine.add_code(bytes.fromhex("833f0074fb8b07c3")))
    word = machine.allocate(8)
    threading.Timer(0.01, machine.store_u32, (word, 5)).start()
    assert spin(word) == 5
