"""Registers: how frame 0 is shown, and what a write leaves behind."""

import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

import pytest

from gdbstub.target import RegisterNumber, TargetError
from gdbstub.views.x32 import description as d
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.registers import RegisterFile
from gdbstub.views.x32.returned import scalar_results
from gdbstub.views.x32.windows import FRAMES_END, LINKS_BASE
from tests.unit.views.fakes import I32, FakeDebugger, FakeFrame

BLOCK = FRAMES_END - 2 * 0x40
PC = 0xE0000013


def registers(returned: Mapping[int, int] | None = None, stack: int = 0) -> RegisterFile:
    blocks = Blocks(
        FakeDebugger([FakeFrame(0x40, 0, 0x13)]),  # type: ignore[arg-type]
        lambda frame: PC,
        lambda frame: None,
        lambda frame: 0,
        0,
    )
    return RegisterFile(blocks, lambda: PC, lambda: returned or {}, lambda: stack)


def number(name: str) -> RegisterNumber:
    names = [register.name for register in d.REGISTERS]
    return RegisterNumber(names.index(name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rip", PC),
        ("fs", LINKS_BASE + 0x1000000 - 0x10),
        ("rbp", BLOCK),
        ("rsp", BLOCK),
        ("rbx", BLOCK + 128),
        ("r10", BLOCK + 256),
        ("r15", BLOCK + 896),
        ("eflags", 0x202),
        ("mxcsr", 0x1F80),
        ("fctrl", 0x37F),
        ("rax", 0),
        ("st0", 0),
    ],
)
def test_values(name: str, value: int) -> None:
    assert int.from_bytes(registers().read(number(name)), "little") == value


def test_the_stack_pointer_is_the_shadow_stack_s_where_there_is_one() -> None:
    assert registers(stack=0xFB00).read(number("rsp")) == (0xFB00).to_bytes(4, "little")


def test_a_g_packet_is_all_of_them_in_order() -> None:
    data = registers().read_all()
    assert (
        len(data) == d.G_SIZE == 14 * 8 + 4 + 4 + 4 + 4 + 6 * 4 + 8 * 10 + 8 * 4 + 16 * 16 + 4 + 8
    )
    assert struct.unpack_from("<I", data, d.OFFSETS[d.RIP]) == (PC,)


def test_results_are_shown() -> None:
    shown = registers({d.RAX: 8, d.XMM0: 0x4020_0000_0000_0000})
    assert shown.read(number("rax")) == (8).to_bytes(8, "little")
    assert shown.read(number("xmm0")) == struct.pack("<dd", 8.0, 0.0)


def test_writing_back_what_was_read_leaves_no_trace() -> None:
    shown = registers()
    shown.write_all(shown.read_all())
    assert not shown.written


def test_a_write_is_read_back_and_kept_for_the_resume() -> None:
    shown = registers()
    shown.write(number("rip"), (0xE0000019).to_bytes(4, "little"))
    assert shown.read(number("rip")) == (0xE0000019).to_bytes(4, "little")
    assert set(shown.written) == {d.RIP}


def test_a_write_undone_leaves_no_trace() -> None:
    shown = registers()
    shown.write(number("rax"), bytes(7) + b"\1")
    shown.write(number("rax"), bytes(8))
    assert not shown.written


@pytest.mark.parametrize("wrong", [-1, len(d.REGISTERS)])
def test_there_are_no_other_registers(wrong: int) -> None:
    with pytest.raises(TargetError, match="no register"):
        registers().read(RegisterNumber(wrong))


def test_a_value_has_its_registers_size() -> None:
    with pytest.raises(TargetError, match="rip has 4 bytes"):
        registers().write(number("rip"), bytes(8))


def test_results_are_the_topmost_operands() -> None:
    frame = FakeFrame(0x40, 0, 0x19, stack=[1, 2])
    assert scalar_results(frame, (I32,)) == {d.RAX: 2}  # type: ignore[arg-type]
    assert scalar_results(frame, (I32, I32)) == {d.RAX: 1, d.RDX: 2}  # type: ignore[arg-type]
    assert scalar_results(frame, ()) == {}  # type: ignore[arg-type]
    assert scalar_results(frame, (I32, I32, I32)) == {}  # type: ignore[arg-type]


def test_the_description_lists_every_register() -> None:
    document = ElementTree.fromstring(d.target_xml())
    shown = {
        int(register.attrib["regnum"]): (register.attrib["name"], int(register.attrib["bitsize"]))
        for register in document.iter("reg")
    }
    assert shown == {n: (r.name, 8 * r.size) for n, r in enumerate(d.REGISTERS)}
    assert document.findtext("architecture") == "i386:x64-32"
