"""Globals, tables and memories of an instance as gdb reads them."""

from types import SimpleNamespace
from typing import Any

import pytest

from gdbstub.objfile import VmctxLayout
from gdbstub.target import TargetError
from gdbstub.views.x32.vmctx import DepthWindow, References, VmctxWindow
from gdbstub.views.x32.windows import DEPTH_ADDRESS, HOST_BASE
from tests.unit.views.fakes import I32, FakeDebugger

FUNCREF = 0x70
LAYOUT = VmctxLayout((("", "i32"), ("", "i64")), (("", "funcref"),), ("",))
RECORDS = 0x5000_0000_0000
HOST_RECORD = 0x6000_0000_0000


class Debugger(FakeDebugger):
    """One instance with two globals, a table of three elements and a memory."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = elements = [0, RECORDS + 32, HOST_RECORD]
        self.instance = SimpleNamespace(
            vmctx=RECORDS,
            layout=SimpleNamespace(records=0),
            module=SimpleNamespace(info=SimpleNamespace(bodies=[None, None])),
            tables=[
                SimpleNamespace(
                    elements=SimpleNamespace(
                        size=len(elements),
                        get=elements.__getitem__,
                        type=SimpleNamespace(element=FUNCREF),
                        initialize=self.initialize,
                    )
                )
            ],
        )
        self.store = SimpleNamespace(instances=[self.instance])

    def initialize(self, start: int, references: list[int]) -> None:
        self.elements[start : start + len(references)] = references

    def function_at(self, instance: object, address: int) -> Any:
        return SimpleNamespace(record=RECORDS) if address == 0xE0000010 else None

    def instances(self) -> list[Any]:
        return [self.instance]

    def global_type(self, instance: object, index: int) -> Any:
        return SimpleNamespace(valtype=I32)

    def memory(self, instance: object, index: int) -> Any:
        return SimpleNamespace(linear=SimpleNamespace(size=0x20000))


def window() -> tuple[VmctxWindow, Debugger, int]:
    debugger: Any = Debugger()
    references = References(
        debugger, lambda instance, index: 0xE0000010 + index, debugger.function_at
    )
    made = VmctxWindow(
        debugger, references, lambda instance: LAYOUT, lambda instance, index: 0xC0000000
    )
    return made, debugger, made.address_of(debugger.instance)


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]


def test_globals_are_shown_and_written() -> None:
    shown, debugger, address = window()
    assert shown.read(address, 20) == (0x1122).to_bytes(16, "little") + b"\xff" * 4
    shown.write(address + 1, b"\x33")
    assert debugger.globals[0] == 0x3322


def test_a_table_has_a_size_and_elements_that_are_code_addresses() -> None:
    shown, _, address = window()
    size, elements = words(shown.read(address + LAYOUT.table_offset(0), 8))
    assert size == 3
    assert words(shown.read(elements, 16)) == [0, 0xE0000011, HOST_BASE, 0]
    assert shown.read(elements + 5, 2) == b"\x00\x00"


@pytest.mark.parametrize(
    ("address", "element"),
    [(0xE0000010, RECORDS), (0, 0), (1, RECORDS + 32), (2, HOST_RECORD)],
    ids=["code", "null", "another slot", "a host function by its slot"],
)
def test_an_element_is_written_as_a_code_address_or_a_slot(address: int, element: int) -> None:
    shown, debugger, base = window()
    [elements] = words(shown.read(base + LAYOUT.table_offset(0) + 4, 4))
    shown.write(elements + 4, address.to_bytes(4, "little"))
    assert debugger.elements == [0, element, HOST_RECORD]


@pytest.mark.parametrize(
    ("offset", "data"), [(4, b"\1\1"), (5, b"\0\0\0\0"), (12, bytes(4)), (4, b"\0\0\0\xe0")]
)
def test_what_is_no_element_or_no_function_is_refused(offset: int, data: bytes) -> None:
    shown, debugger, base = window()
    [elements] = words(shown.read(base + LAYOUT.table_offset(0) + 4, 4))
    with pytest.raises(TargetError):
        shown.write(elements + offset, data)
    assert debugger.elements == [0, RECORDS + 32, HOST_RECORD]


def test_a_memory_has_an_address_and_a_size() -> None:
    shown, _, address = window()
    assert words(shown.read(address + LAYOUT.memory_offset(0), 16)) == [0xC0000000, 0, 0x20000, 0]


def test_there_is_no_vmctx_behind_the_last_instance() -> None:
    shown, _, address = window()
    assert shown.read(address + 0x100000, 4) == b""


@pytest.mark.parametrize("offset", [15, 32, 0x1000, 0x100000])
def test_only_whole_globals_are_writable(offset: int) -> None:
    shown, _, address = window()
    with pytest.raises(TargetError):
        shown.write(address + offset, b"\1\1")


def test_the_number_of_frames() -> None:
    debugger: Any = SimpleNamespace(depth=lambda: 0x1234)
    shown = DepthWindow(debugger)
    assert shown.read(DEPTH_ADDRESS, 4) == b"\x34\x12\0\0"
    assert shown.read(DEPTH_ADDRESS + 1, 8) == b"\x12\0\0"
    with pytest.raises(TargetError):
        shown.write(DEPTH_ADDRESS, b"\1")
