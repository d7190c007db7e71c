"""Code, globals, memory and the host as gdb reads them."""

from types import SimpleNamespace
from typing import Any

import pytest

from gdbstub.target import TargetError
from gdbstub.views.common.code import ModuleCode
from gdbstub.views.x32.attention import Attention
from gdbstub.views.x32.nops import nop
from gdbstub.views.x32.windows import CodeWindow, HostWindow, MemoryWindow
from tests.unit.views.fakes import I32, FakeDebugger, FakeFrame

BASE = 0xE0000000


def code() -> ModuleCode:
    debugger = FakeDebugger()
    return ModuleCode(debugger, debugger.registered[0])  # type: ignore[arg-type]


def test_each_op_reads_as_one_no_op() -> None:
    ops = nop(3) + nop(2) + nop(2) + nop(2) + nop(1) + nop(1)
    assert CodeWindow(code(), BASE).read(BASE + 0x10, 11) == ops


def test_bytes_outside_functions_read_as_no_ops_and_the_module_ends() -> None:
    window = CodeWindow(code(), BASE)
    assert window.read(BASE + 0xE, 4) == b"\x90\x90" + nop(3)[:2]
    assert window.read(BASE + 0x1E, 100) == nop(1)


def test_a_read_may_begin_within_an_op() -> None:
    assert CodeWindow(code(), BASE).read(BASE + 0x14, 2) == nop(2)[1:] + nop(2)[:1]


def test_code_is_not_writable() -> None:
    with pytest.raises(TargetError, match="code"):
        CodeWindow(code(), BASE).write(BASE + 0x13, b"\xcc")


@pytest.mark.parametrize(("pc", "index"), [(0x10, 0), (0x1A, 0), (0x1B, 1), (0x1E, 1)])
def test_functions_are_found_by_pc(pc: int, index: int) -> None:
    function = code().function_at(pc)
    assert function is not None and function.defined_index == index


def test_no_function_lies_outside_bodies() -> None:
    assert code().function_at(0xF) is None
    assert code().function_at(0x1F) is None


def test_locals_are_counted_and_the_first_op_found() -> None:
    first, second = code().functions
    assert (first.num_locals, first.first_op) == (1, 0x13)
    assert (second.num_locals, second.first_op) == (0, 0x1C)


def test_the_types_a_call_returned() -> None:
    assert code().returned_types(0x19) == (I32,)
    assert code().returned_types(0x17) == ()
    assert code().returned_types(0x13) == ()


class OneMemory(FakeDebugger):
    def instances(self) -> list[Any]:
        linear = SimpleNamespace(view=memoryview(self.linear))
        return [SimpleNamespace(memories=(SimpleNamespace(linear=linear),))]


def test_memory_reads_stop_at_its_end() -> None:
    debugger = OneMemory([FakeFrame(0x20, 0, 0x13)])
    debugger.linear[-2:] = b"yz"
    window = MemoryWindow(debugger, Attention(debugger, several=False))  # type: ignore[arg-type]
    assert window.read(0xFFFE, 8) == b"yz"
    assert window.read(0x10000, 8) == b""
    window.write(0xFFFE, b"ab")
    assert debugger.linear[-2:] == b"ab"


def test_the_host_reads_as_no_ops() -> None:
    assert HostWindow().read(0xFFFF0FFE, 8) == b"\x90\x90"
