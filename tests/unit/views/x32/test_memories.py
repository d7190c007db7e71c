"""Where each memory is shown: by module, instance and index, the same however late they come."""

from __future__ import annotations

import pytest
import wasmtime

from gdbstub.target import TargetError
from gdbstub.views.x32.attention import Attention
from gdbstub.views.x32.memories import MemoriesWindow
from jit import Config, Engine, Instance, Module, Store
from jit.debug.debugger import Debugger

FIRST, SECOND, LAST, BEFORE_LAST = 0xC0000000, 0xC4000000, 0xDC000000, 0xD8000000
OWN = """(module (memory (export "m") 1) (data (i32.const 8) "{}"))"""
SHARING = """(module (import "" "m" (memory 1)))"""


class Guest:
    """A store under a debugger, and the window on its memories."""

    def __init__(self, *known: str) -> None:
        config = Config()
        config.guest_debug = True
        self.engine = Engine(config)
        self.store = Store(self.engine)
        self.debugger = Debugger(self.store)
        self.modules = [self.module(text) for text in known]
        self.attention = Attention(self.debugger, several=True)
        self.window = MemoriesWindow(self.debugger, self.attention, self.modules)

    def module(self, text: str) -> Module:
        return Module(self.engine, bytes(wasmtime.wat2wasm(text)))

    def make(self, module: Module, *imports: object) -> Instance:
        return Instance(self.store, module, list(imports))  # type: ignore[arg-type]


def test_modules_have_places_before_they_have_instances() -> None:
    guest = Guest(OWN.format("program"), OWN.format("library"))
    program, library = guest.modules
    assert guest.window.base_of_module(program) == FIRST
    assert guest.window.base_of_module(library) == SECOND
    assert list(guest.window.spans()) == []
    made = guest.make(library)
    assert guest.window.base(made) == SECOND
    assert guest.window.read(SECOND + 8, 7) == b"library"
    assert guest.window.base(guest.make(program)) == FIRST
    assert guest.window.read(FIRST + 8, 7) == b"program"


def test_modules_that_come_late_follow() -> None:
    guest = Guest(OWN.format("program"))
    late = guest.module(OWN.format("late"))
    guest.make(guest.modules[0])
    assert guest.window.base(guest.make(late)) == SECOND
    assert [low for low, _ in guest.window.spans()] == [FIRST, SECOND]


def test_a_memory_that_is_imported_is_its_exporters() -> None:
    guest = Guest(OWN.format("program"), SHARING)
    program = guest.make(guest.modules[0])
    sharing = guest.make(guest.modules[1], program.exports(guest.store)["m"])
    assert guest.window.base(sharing) == guest.window.base_of_module(guest.modules[1]) == FIRST


def test_each_instance_of_a_module_has_a_place_and_the_module_that_of_one() -> None:
    guest = Guest(OWN.format("program"), OWN.format("library"))
    library = guest.modules[1]
    first = guest.make(library)
    second = guest.make(library)
    assert [guest.window.base(instance) for instance in (first, second)] == [LAST, BEFORE_LAST]
    guest.window.write(BEFORE_LAST + 8, b"another")
    assert guest.window.read(SECOND + 8, 7) == b"library"
    guest.attention.look(second, 0xF7FFFF00, b"")
    assert guest.window.read(SECOND + 8, 7) == b"another"
    assert guest.window.own_pointer(second, SECOND + 8) == 8
    assert guest.window.own_pointer(second, BEFORE_LAST + 8) == 8
    assert guest.window.own_pointer(second, LAST + 8) == LAST + 8


def test_pointers_count_from_0_in_their_own_module_alone() -> None:
    guest = Guest(OWN.format("program"), OWN.format("library"))
    program = guest.make(guest.modules[0])
    assert guest.window.own_pointer(program, FIRST + 8) == 8
    assert guest.window.own_pointer(program, SECOND + 8) == SECOND + 8
    assert guest.window.own_pointer(program, 8) == 8


@pytest.mark.parametrize("address", [FIRST + 0x10000, SECOND, LAST])
def test_there_is_nothing_where_no_memory_is(address: int) -> None:
    guest = Guest(OWN.format("program"))
    guest.make(guest.modules[0])
    assert guest.window.read(FIRST + 0xFFFC, 8) == bytes(4)
    with pytest.raises(TargetError, match="no memory"):
        guest.window.write(address, b"x")


def test_with_one_memory_there_is_no_window() -> None:
    guest = Guest(OWN.format("program"))
    window = MemoriesWindow(guest.debugger, Attention(guest.debugger, several=False))
    made = guest.make(guest.modules[0])
    assert window.base(made) == window.base_of_module(guest.modules[0]) == 0
    assert list(window.spans()) == []
    with pytest.raises(TargetError, match="no memory"):
        window.read(FIRST, 4)
