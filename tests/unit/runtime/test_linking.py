"""Linking fails as it does in wasmtime, word for word."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import wasmtime

from jit.runtime import types as ours
from jit.runtime.errors import LinkError, WasmtimeError
from jit.runtime.func import Func
from jit.runtime.global_ import Global
from jit.runtime.instance import Instance
from jit.runtime.linker import Linker
from jit.runtime.memory import Memory
from jit.runtime.table import Table
from tests.unit.runtime.assembled import make_module, make_store

OURS = SimpleNamespace(
    Func=Func, Memory=Memory, Table=Table, Global=Global, Instance=Instance, **vars(ours)
)


def item(text: str) -> Callable[[Any, Any], Any]:
    """Return a function (package, store) -> the item a wat-like text describes."""
    kind, *words = text.split()

    def types(w: Any, letters: str) -> list[Any]:
        return [
            getattr(w.ValType, {"i": "i32", "I": "i64", "f": "f32"}[c])()
            for c in letters
            if c != "-"
        ]

    def limits(w: Any) -> Any:
        return w.Limits(int(words[0]), int(words[1]) if words[1] != "-" else None)

    def make(w: Any, store: Any) -> Any:
        if kind == "func":
            return w.Func(
                store, w.FuncType(types(w, words[0]), types(w, words[1])), lambda *_: None
            )
        if kind == "memory":
            return w.Memory(store, w.MemoryType(limits(w)))
        if kind == "table":
            element = getattr(w.ValType, words[2])()
            return w.Table(store, w.TableType(element, limits(w)), None)
        return w.Global(store, w.GlobalType(types(w, words[0])[0], words[1] == "mut"), 1)

    return make


CASES = [
    ("(func)", "func - -"),
    ("(func)", "func i -"),
    ("(func (param i32 i64))", "func iI f"),
    ("(func (result i32 f32))", "func - if"),
    ("(func)", "memory 1 2"),
    ("(memory 1)", "memory 1 2"),
    ("(memory 1)", "memory 1 -"),
    ("(memory 2)", "memory 1 2"),
    ("(memory 1 1)", "memory 1 2"),
    ("(memory 1 1)", "memory 1 -"),
    ("(memory 0 9)", "memory 1 9"),
    ("(memory 1)", "global i const"),
    ("(table 1 funcref)", "table 1 - funcref"),
    ("(table 3 funcref)", "table 1 2 funcref"),
    ("(table 1 2 funcref)", "table 1 3 funcref"),
    ("(table 1 externref)", "table 1 2 funcref"),
    ("(table 1 externref)", "func - -"),
    ("(global i32)", "global i const"),
    ("(global i64)", "global i const"),
    ("(global (mut i32))", "global i const"),
    ("(global i32)", "global i mut"),
    ("(global i32)", "table 1 2 funcref"),
]


def outcome(call: Callable[..., object], *arguments: Any) -> str:
    try:
        call(*arguments)
    except (LinkError, WasmtimeError, wasmtime.WasmtimeError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("wanted", "offered"), CASES)
def test_types_of_imports(wanted: str, offered: str) -> None:
    wat = f'(module (import "a" "b" {wanted}))'
    store = make_store("native")
    imports = [item(offered)(OURS, store)]
    theirs = wasmtime.Store()
    expected = outcome(
        wasmtime.Instance,
        theirs,
        wasmtime.Module(theirs.engine, wat),
        [item(offered)(wasmtime, theirs)],
    )
    assert outcome(Instance, store, make_module(wat), imports) == expected


def test_sizes_count_as_they_are_now() -> None:
    store = make_store("native")
    memory = Memory(store, ours.MemoryType(ours.Limits(1, 5)))
    memory.grow(store, 2)
    Instance(store, make_module('(module (import "a" "b" (memory 3)))'), [memory])


def test_number_of_imports() -> None:
    store = make_store("native")
    with pytest.raises(WasmtimeError, match="expected 1 imports, found 0"):
        Instance(store, make_module('(module (import "a" "b" (func)))'), [])


def test_items_of_another_store_are_refused() -> None:
    memory = Memory(make_store("native"), ours.MemoryType(ours.Limits(1, None)))
    module = make_module('(module (import "a" "b" (memory 1)))')
    with pytest.raises(WasmtimeError, match="cross-`Store`"):
        Instance(make_store("native"), module, [memory])


def test_linker_does_not_know_an_import() -> None:
    module = make_module('(module (import "a" "b" (func)))')
    with pytest.raises(LinkError, match="unknown import: `a::b` has not been defined"):
        Linker().instantiate(make_store("native"), module)


def test_linker_refuses_a_second_definition() -> None:
    linker = Linker()
    empty = ours.FuncType([], [])
    linker.define_func("a", "b", empty, lambda: None)
    with pytest.raises(LinkError, match="import of `a::b` defined twice"):
        linker.define_func("a", "b", empty, lambda: None)
    linker.allow_shadowing = True
    linker.define_func("a", "b", empty, lambda: None)


def test_linker_gives_each_store_its_own_function() -> None:
    linker = Linker()
    linker.define_func("a", "b", ours.FuncType([], []), lambda: None)
    one, two = make_store("native"), make_store("native")
    first = linker.get(one, "a", "b")
    assert first is linker.get(one, "a", "b")
    assert first is not linker.get(two, "a", "b")


def test_linker_gets_what_is_defined() -> None:
    store = make_store("native")
    linker = Linker()
    memory = Memory(store, ours.MemoryType(ours.Limits(1, None)))
    linker.define(store, "a", "m", memory)
    assert linker.get(store, "a", "m") is memory
    with pytest.raises(WasmtimeError, match="item not defined in linker"):
        linker.get(store, "a", "n")


def test_linker_takes_the_exports_of_an_instance() -> None:
    store = make_store("native")
    instance = Instance(store, make_module('(module (memory (export "m") 1))'), [])
    linker = Linker()
    linker.define_instance(store, "i", instance)
    assert linker.get(store, "i", "m") is instance.exports(store)["m"]


def test_unknown_imports_as_default_values() -> None:
    store = make_store("native")
    module = make_module(
        '(module (import "a" "f" (func (result i32 f64))) (import "a" "m" (memory 1))'
        '(import "a" "t" (table 1 funcref)) (import "a" "g" (global externref))'
        '(export "f" (func 0)))'
    )
    linker = Linker()
    linker.define_unknown_imports_as_default_values(store, module)
    func = linker.instantiate(store, module).exports(store)["f"]
    assert isinstance(func, Func)
    assert func(store) == [0, 0.0]


def test_unknown_imports_as_traps() -> None:
    store = make_store("native")
    module = make_module('(module (import "a" "f" (func)) (export "f" (func 0)))')
    linker = Linker()
    linker.define_unknown_imports_as_traps(module)
    func = linker.instantiate(store, module).exports(store)["f"]
    assert isinstance(func, Func)
    with pytest.raises(Exception, match="unknown import: `a::f` has not been defined"):
        func(store)


def test_a_module_that_is_no_command_is_instantiated_once() -> None:
    store = make_store("native")
    linker = Linker()
    linker.define_module(
        store, "m", make_module('(module (global (export "g") (mut i32) (i32.const 3)))')
    )
    assert linker.get(store, "m", "g") is linker.get(store, "m", "g")
    assert len(store.instances) == 1
