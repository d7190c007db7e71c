"""The embedding interface does what wasmtime's does: each scenario runs with both and must tell the same."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wasmtime

import jit

Outcome = tuple[str, ...]


class Lab:
    """One package, a store, and a notebook of what happened in it."""

    def __init__(self, package: Any, config: Any = None) -> None:
        self.w = package
        self.engine = package.Engine(config) if config else package.Engine()
        self.store = package.Store(self.engine)
        self.notes: list[str] = []

    def module(self, wat: str) -> Any:
        return self.w.Module(self.engine, bytes(wasmtime.wat2wasm(wat)))

    def exports(self, wat: str, *imports: Any) -> Any:
        return self.w.Instance(self.store, self.module(wat), imports).exports(self.store)

    def note(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call and note the result, or the kind and text of the error."""
        try:
            result = call(*arguments)
        except Exception as error:
            kind = next(c.__name__ for c in type(error).__mro__ if c.__name__ in KINDS)
            self.notes.append(f"{kind}: {error}")
            return None
        self.notes.append(self.show(result))
        return result

    def show(self, value: Any) -> str:
        if isinstance(value, self.w.Val):
            return f"Val {self.show(value.value)}"
        if isinstance(value, self.w.Func):
            return "Func"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self.show, value))}]"
        return repr(value)


KINDS = {
    "Trap", "ExitTrap", "WasmtimeError", "TypeError", "ValueError", "KeyError", "IndexError", "ZeroDivisionError",
}  # fmt: skip

SCENARIOS: list[Callable[[Lab], None]] = []


def scenario(function: Callable[[Lab], None]) -> Callable[[Lab], None]:
    SCENARIOS.append(function)
    return function


@scenario
def resolved_imports_and_with_blocks(lab: Lab) -> None:
    w = lab.w
    with w.Config() as config, w.Engine(config) as engine, w.Store(engine) as store:
        wat = """(module (import "a" "f" (func $f (result i32))) (func (export "g") (result i32) call $f))"""
        with w.Module(engine, bytes(wasmtime.wat2wasm(wat))) as module, w.Linker(engine) as linker:
            lab.note(linker.instantiate_pre, module)
            lab.note(linker.instantiate_pre, wat)
            linker.define_func("a", "f", w.FuncType([], [w.ValType.i32()]), lambda: 5)
            ready = linker.instantiate_pre(module)
            one, other = ready.instantiate(store), ready.instantiate(store)
            for instance in (one, other):
                lab.note(instance.exports(store)["g"], store)
            lab.note(lambda: [item.name for item in ready.module.imports])


@scenario
def what_is_closed_is_of_no_more_use(lab: Lab) -> None:
    w = lab.w
    memory = w.Memory(lab.store, w.MemoryType(w.Limits(1, 2)))
    lab.store.close()
    lab.store.close()
    lab.note(memory.size, lab.store)
    lab.note(lab.store.set_epoch_deadline, 1)
    lab.note(w.Memory, lab.store, w.MemoryType(w.Limits(1, 2)))
    config, engine = w.Config(), w.Engine()
    config.close()
    engine.close()
    lab.note(w.Engine, config)
    lab.note(w.Store, engine)
    lab.note(w.Linker, engine)
    lab.note(w.Module, engine, b"\0asm\1\0\0\0")


@scenario
def a_start_function_of_the_host_knows_its_instance(lab: Lab) -> None:
    w = lab.w
    kept = []

    def start(caller: Any) -> None:
        kept.append(caller)
        lab.note(caller["memory"].read, caller, 0, 3)
        lab.note(caller.get, "other")

    func = w.Func(lab.store, w.FuncType([], []), start, access_caller=True)
    lab.exports(
        '(module (import "" "" (func)) (memory (export "memory") 1) (start 0) (data (i32.const 0) "foo"))',
        func,
    )
    lab.note(kept[0].get, "memory")


@scenario
def modules_that_are_none(lab: Lab) -> None:
    linker = lab.w.Linker(lab.engine)
    lab.note(linker.define_unknown_imports_as_traps, "text")
    lab.note(linker.define_unknown_imports_as_default_values, lab.store, "text")
    lab.note(lab.w.Func, 1, lab.w.FuncType([], []), print)


@scenario
def kinds_of_memories(lab: Lab) -> None:
    type_ = lab.w.MemoryType(lab.w.Limits(1, 2))
    for name in ("is_64", "is_shared", "page_size", "page_size_log2"):
        lab.note(getattr, type_, name)
    lab.note(lab.w.MemoryType, None)


@scenario
def numbers(lab: Lab) -> None:
    for kind, values in {
        "i32": (0, -1, 1 << 31, (1 << 32) + 5, True, 1.0, "q", None),
        "i64": (0, -1, 1 << 63, (1 << 64) + 5, 2.5),
        "f32": (0.1, 1e300, float("inf"), -0.0, 1),
        "f64": (0.1, -1e300, 3),
    }.items():
        wat = f'(module (func (export "f") (param {kind}) (result {kind}) local.get 0))'
        func = lab.exports(wat)["f"]
        for value in values:
            lab.note(func, lab.store, value)
            lab.note(lambda kind=kind, value=value: getattr(lab.w.Val, kind)(value))
        lab.note(func, lab.store)
        lab.note(func, lab.store, 1, 2)


@scenario
def several_results(lab: Lab) -> None:
    exports = lab.exports(
        '(module (func (export "n")) (func (export "m") (result i32 i64 f64)'
        " i32.const 1 i64.const 2 f64.const 3))"
    )
    lab.note(exports["n"], lab.store)
    lab.note(exports["m"], lab.store)


@scenario
def values_as_val(lab: Lab) -> None:
    w = lab.w
    func = lab.exports('(module (func (export "f") (param i64) (result i64) local.get 0))')["f"]
    lab.note(func, lab.store, w.Val.i64(-5))
    lab.note(func, lab.store, w.Val.i32(-5))
    for val in (
        w.Val.i32(-1),
        w.Val.f64(1.5),
        w.Val.externref("a"),
        w.Val.ref_null(w.ValType.externref()),
    ):
        lab.notes.append(str(val.type))
        lab.notes += [lab.show(p) for p in (val, val.as_i32(), val.as_f64(), val.as_externref())]
    lab.notes.append(
        repr((w.Val.i32(1) == 1, w.Val.i32(1) == w.Val.i64(1), w.Val.i32(1) == w.Val.i32(1)))
    )
    lab.note(w.Val.ref_null, w.ValType.i32())


@scenario
def types_of_everything(lab: Lab) -> None:
    w = lab.w
    module = lab.module(
        '(module (import "a" "f" (func (param i32) (result f32 f64))) (import "a" "m" (memory 1))'
        '(import "b" "t" (table 1 9 externref)) (import "b" "g" (global (mut i64)))'
        '(export "f" (func 0)) (export "m" (memory 0)) (export "t" (table 0)) (export "g" (global 0)))'
    )
    for item in (*module.imports, *module.exports):
        type_ = item.type
        lab.notes.append(f"{getattr(item, 'module', '')} {item.name} {type(type_).__name__}")
        if isinstance(type_, w.FuncType):
            lab.notes.append(f"{type_.params} {type_.results}")
        elif isinstance(type_, w.GlobalType):
            lab.notes.append(f"{type_.content} {type_.mutable}")
        else:
            lab.notes.append(
                f"{getattr(type_, 'element', '')} {type_.limits.min} {type_.limits.max}"
            )
    lab.note(w.ValType)
    lab.note(w.FuncType, ["i32"], [])
    lab.notes.append(repr(w.ValType.i32() == w.ValType.i32()))
    lab.notes.append(repr(w.ValType.i32() == w.ValType.i64()))
    lab.notes.append(repr(w.Limits(1, None) == w.Limits(1, None)))
    lab.note(w.MemoryType, "x")


@scenario
def memories(lab: Lab) -> None:
    w, store = lab.w, lab.store
    memory = w.Memory(store, w.MemoryType(w.Limits(1, 3)))
    lab.note(memory.size, store)
    lab.note(memory.data_len, store)
    lab.note(memory.grow, store, 1)
    lab.note(memory.grow, store, 5)
    lab.note(memory.grow, store, -1)
    lab.note(memory.size, store)
    lab.note(memory.page_size, store)
    lab.notes.append(repr((memory.type(store).limits.min, memory.type(store).limits.max)))
    for value, start in (
        (b"abc", 0), (b"xyz", 131069), (b"xyzw", 131069), (b"", 5), (b"q", 131072), (b"q", 131073),
        (bytearray(b"end"), -3), (b"n", None),
    ):  # fmt: skip
        lab.note(memory.write, store, value, start)
    for start, stop in (
        (0, 5),
        (131066, None),
        (-3, None),
        (131070, 200000),
        (5, 3),
        (200000, None),
        (-200000, 2),
    ):
        lab.note(memory.read, store, start, stop)
    lab.note(lambda: len(memory.read(store)))


@scenario
def memory_seen_by_the_guest(lab: Lab) -> None:
    exports = lab.exports(
        '(module (memory (export "m") 1 3) (func (export "load") (param i32) (result i32)'
        ' (i32.load (local.get 0))) (func (export "grow") (param i32) (result i32)'
        ' (memory.grow (local.get 0))) (func (export "size") (result i32) memory.size))'
    )
    store, memory = lab.store, exports["m"]
    lab.note(memory.write, store, b"\1\2\3\4", 8)
    lab.note(exports["load"], store, 8)
    lab.note(exports["grow"], store, 1)
    lab.note(memory.size, store)
    lab.note(memory.grow, store, 1)
    lab.note(exports["size"], store)
    lab.note(exports["grow"], store, 1)
    lab.note(exports["load"], store, 3 * 65536 - 4)


@scenario
def memory_of_two_instances(lab: Lab) -> None:
    w, store = lab.w, lab.store
    memory = w.Memory(store, w.MemoryType(w.Limits(1, None)))
    wat = (
        '(module (import "" "m" (memory 1)) (func (export "load") (param i32) (result i32)'
        ' (i32.load8_u (local.get 0))) (func (export "grow") (result i32) (memory.grow (i32.const 1))))'
    )
    one, two = lab.exports(wat, memory), lab.exports(wat, memory)
    lab.note(one["grow"], store)
    lab.note(memory.write, store, b"x", 65536 + 5)
    lab.note(two["load"], store, 65536 + 5)
    lab.note(memory.grow, store, 2)
    lab.note(one["load"], store, 4 * 65536 - 1)


@scenario
def tables(lab: Lab) -> None:
    w, store = lab.w, lab.store
    exports = lab.exports(
        '(module (table (export "t") 2 4 funcref) (elem (i32.const 1) $f)'
        '(func $f (export "f") (result i32) i32.const 7)'
        '(func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))'
    )
    table = exports["t"]
    for index in (0, 1, 2):
        lab.note(table.get, store, index)
        lab.note(exports["call"], store, index)
    lab.note(lambda: table.get(store, 1)(store))
    host = w.Func(store, w.FuncType([], [w.ValType.i32()]), lambda: 8)
    lab.note(table.set, store, 0, host)
    lab.note(exports["call"], store, 0)
    lab.note(table.set, store, 0, w.Func(store, w.FuncType([], []), lambda: None))
    lab.note(lambda: exports["call"](store, 0) if w is None else None)
    lab.note(table.set, store, 0, exports["f"])
    lab.note(exports["call"], store, 0)
    lab.note(table.set, store, 9, None)
    lab.note(table.set, store, 0, 5)
    lab.note(table.grow, store, 1, exports["f"])
    lab.note(exports["call"], store, 2)
    lab.note(table.grow, store, 9, None)
    lab.note(table.size, store)
    lab.notes.append(str(table.type(store).element))


@scenario
def externrefs(lab: Lab) -> None:
    w, store = lab.w, lab.store
    exports = lab.exports(
        '(module (table (export "t") 1 externref) (func (export "f") (param externref)'
        ' (result externref) local.get 0) (func (export "null") (param externref) (result i32)'
        ' (ref.is_null (local.get 0))) (global (export "g") (mut externref) (ref.null extern)))'
    )
    for value in ("text", 5, None, [1]):
        lab.note(exports["f"], store, value)
        lab.note(exports["null"], store, value)
        lab.note(exports["g"].set_value, store, value)
        lab.note(exports["g"].value, store)
        lab.note(exports["t"].set, store, 0, value)
        lab.note(exports["t"].get, store, 0)
    table = w.Table(store, w.TableType(w.ValType.externref(), w.Limits(1, None)), "x")
    lab.note(table.get, store, 0)


@scenario
def globals_(lab: Lab) -> None:
    w, store = lab.w, lab.store
    exports = lab.exports(
        '(module (global (export "c") i32 (i32.const -3)) (global (export "m") (mut f32) (f32.const 0.1))'
        '(func (export "set") (param f32) (global.set 1 (local.get 0))))'
    )
    lab.note(exports["c"].value, store)
    lab.note(exports["c"].set_value, store, 4)
    lab.note(exports["m"].value, store)
    lab.note(exports["m"].set_value, store, 4)
    lab.note(exports["m"].set_value, store, 4.5)
    lab.note(exports["m"].value, store)
    lab.note(exports["set"], store, 2.5)
    lab.note(exports["m"].value, store)
    made = w.Global(store, w.GlobalType(w.ValType.i64(), True), -9)
    get = lab.exports(
        '(module (import "" "g" (global (mut i64))) (func (export "f") (result i64) global.get 0))',
        made,
    )
    lab.note(get["f"], store)
    lab.note(made.set_value, store, 1 << 63)
    lab.note(get["f"], store)
    lab.notes.append(repr((str(made.type(store).content), made.type(store).mutable)))


@scenario
def host_functions(lab: Lab) -> None:
    w, store = lab.w, lab.store
    i32, f64, externref, funcref = (
        w.ValType.i32(),
        w.ValType.f64(),
        w.ValType.externref(),
        w.ValType.funcref(),
    )
    bodies: list[tuple[list[Any], list[Any], str, Callable[..., Any]]] = [
        ([i32, f64], [f64], "i32 f64|f64", lambda a, b: a + b),
        ([], [i32, i32], "|i32 i32", lambda: (1, 2)),
        ([], [i32, i32], "|i32 i32", lambda: [1]),
        ([], [i32], "|i32", lambda: None),
        ([], [], "|", lambda: 5),
        ([], [f64], "|f64", lambda: 1),
        ([externref], [externref], "externref|externref", lambda value: value),
        ([funcref], [funcref], "funcref|funcref", lambda value: value),
    ]
    samples: dict[str, Any] = {"i32": -7, "f64": 0.5, "externref": "e", "funcref": None}
    for params, results, text, body in bodies:
        names, _, result = text.partition("|")
        signature = (
            f"{f'(param {names})' if names else ''} {f'(result {result})' if result else ''}"
        )
        host = w.Func(store, w.FuncType(params, results), body)
        arguments = [samples[name] for name in names.split()]
        gets = " ".join(f"(local.get {index})" for index in range(len(arguments)))
        exports = lab.exports(
            f'(module (import "" "f" (func $h {signature})) (export "h" (func $h))'
            f' (func (export "f") {signature} (call $h {gets})))',
            host,
        )
        lab.note(host, store, *arguments)
        lab.note(exports["f"], store, *arguments)
        lab.note(exports["h"], store, *arguments)


@scenario
def callers(lab: Lab) -> None:
    w, store = lab.w, lab.store

    def host(caller: Any, pointer: int) -> int:
        memory = caller["memory"]
        lab.note(lambda: bytes(memory.read(caller, pointer, pointer + 3)))
        lab.note(lambda: caller.get("nothing"))
        lab.note(lambda: caller["nothing"])
        lab.note(lambda: caller["f"](caller))
        return int(memory.size(caller))

    func = w.Func(store, w.FuncType([w.ValType.i32()], [w.ValType.i32()]), host, access_caller=True)
    exports = lab.exports(
        '(module (import "" "h" (func $h (param i32) (result i32))) (memory (export "memory") 2)'
        ' (data (i32.const 4) "abc") (func (export "f") (result i32) i32.const 9)'
        ' (func (export "go") (result i32) (call $h (i32.const 4))))',
        func,
    )
    lab.note(exports["go"], store)


@scenario
def errors_of_host_functions(lab: Lab) -> None:
    w, store = lab.w, lab.store
    for error in (
        KeyError("k"),
        w.Trap("my trap"),
        w.WasmtimeError("my error"),
        ZeroDivisionError("z"),
    ):

        def host(error: Exception = error) -> None:
            raise error

        func = w.Func(store, w.FuncType([], []), host)
        exports = lab.exports('(module (import "" "f" (func)) (func (export "g") call 0))', func)
        lab.note(exports["g"], store)


TRAPS = {
    "unreachable": "unreachable",
    "divide": "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
    "overflow": "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "convert": "(drop (i32.trunc_f32_s (f32.const nan)))",
    "range": "(drop (i64.trunc_f64_u (f64.const 1e30)))",
    "table": "(call_indirect (i32.const 99))",
    "null": "(call_indirect (i32.const 0))",
    "signature": "(call_indirect (param i64) (i64.const 0) (i32.const 1))",
    "table_get": "(drop (table.get 0 (i32.const 50)))",
    "copy": "(memory.copy (i32.const 65530) (i32.const 0) (i32.const 10))",
    "init": "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 5))",
    "grow_init": "(table.init 0 (i32.const 0) (i32.const 0) (i32.const 9))",
    "nested": "(call $inner)",
}


@scenario
def traps(lab: Lab) -> None:
    w = lab.w
    for name, body in TRAPS.items():
        exports = lab.exports(
            f"(module ${name} (memory 1) (table 2 funcref) (elem (i32.const 1) func $inner) (elem func $inner)"
            f' (data "abc") (func $inner unreachable) (func $outer (export "f") {body}))'
        )
        try:
            exports["f"](lab.store)
        except w.Trap as trap:
            lab.notes.append(f"{name} {trap.trap_code and trap.trap_code.name} {trap.message}")
            lab.notes += [
                f"{f.func_index} {f.func_name} {f.module_name} {f.module_offset} {f.func_offset}"
                for f in trap.frames
            ]


@scenario
def trap_through_two_activations(lab: Lab) -> None:
    w, store = lab.w, lab.store
    inner = lab.exports('(module $in (func (export "f") unreachable))')["f"]
    host = w.Func(store, w.FuncType([], []), lambda: inner(store))
    outer = lab.exports('(module $out (import "" "h" (func)) (func (export "g") nop call 0))', host)
    lab.note(outer["g"], store)


@scenario
def bad_modules(lab: Lab) -> None:
    w = lab.w
    for data in (
        b"\0asm\1\0\0\0\1",
        b"\0asm\2\0\0\0",
        bytes(wasmtime.wat2wasm("(module (func i32.add))")),
    ):
        for make in (lambda d: w.Module(lab.engine, d), lambda d: w.Module.validate(lab.engine, d)):
            try:
                make(data)
            except w.WasmtimeError:
                lab.notes.append("refused")
    lab.note(w.Module.validate, lab.engine, bytes(wasmtime.wat2wasm("(module)")))


@scenario
def modules_as_text(lab: Lab) -> None:
    w = lab.w
    text = """(module (func (export "f") (param $x i32) (result i32) (i32.add (local.get $x) (i32.const 1))))"""
    for form in (text, text.encode()):
        exports = w.Instance(lab.store, w.Module(lab.engine, form), []).exports(lab.store)
        lab.note(exports["f"], lab.store, 41)
    lab.note(w.wat2wasm, text)
    lab.note(w.wat2wasm, text.encode())
    for bad in ("hello", "(module", "(module (func i32.frob))"):
        try:
            w.Module(lab.engine, bad)
        except w.WasmtimeError as error:
            lab.notes.append(re.sub(r"^.*\n", "", str(error), count=1))  # the place, not the words
    lab.note(w.Module.validate, lab.engine, text)


@scenario
def pointers_into_memories(lab: Lab) -> None:
    w, store = lab.w, lab.store
    memory = w.Memory(store, w.MemoryType(w.Limits(1, None)))
    memory.write(store, b"hello", 3)
    pointer = memory.data_ptr(store)
    lab.note(lambda: bytes(pointer[3:8]))
    pointer[3] = ord("j")
    buffer = memory.get_buffer_ptr(store, 4, 3)
    lab.note(lambda: bytes(buffer))
    buffer[1] = ord("u")
    lab.note(memory.read, store, 3, 8)
    lab.note(lambda: len(memory.get_buffer_ptr(store)))
    memoryview(memory.get_buffer_ptr(store)).cast("B")[65535] = 9
    lab.note(memory.read, store, 65534, None)


@scenario
def serialized_modules(lab: Lab) -> None:
    w = lab.w
    module = lab.module(
        """(module $m (import "" "h" (func)) (memory 1) (table 1 funcref) (elem (i32.const 0) $divide)
          (func $divide (export "f") (param i32) (result i32)
            call 0 (i32.div_u (i32.const 100) (local.get 0)))
          (func (export "g") (param i32) (result i32) (call_indirect (param i32) (result i32)
            (local.get 0) (i32.const 0))))"""
    )
    again = w.Module.deserialize(lab.engine, module.serialize())
    lab.note(lambda: [(item.name, type(item.type).__name__) for item in again.exports])
    for made in (module, again):
        host = w.Func(lab.store, w.FuncType([], []), lambda: lab.notes.append("called"))
        exports = w.Instance(lab.store, made, [host]).exports(lab.store)
        for name in ("f", "g"):
            lab.note(exports[name], lab.store, 7)
            lab.note(exports[name], lab.store, 0)
    lab.note(w.Module.deserialize, lab.engine, 5)
    for bad in (b"", b"what?", module.serialize()[:-1]):
        try:
            w.Module.deserialize(lab.engine, bad)
        except w.WasmtimeError:
            lab.notes.append("refused")
    try:
        w.Module.deserialize_file(lab.engine, "/nowhere")
    except w.WasmtimeError:
        lab.notes.append("no file")


@scenario
def instantiation(lab: Lab) -> None:
    for wat in (
        '(module (memory 1) (data (i32.const 65536) "a"))',
        '(module (memory 1) (data (i32.const 65536) ""))',
        '(module (memory 1) (data (i32.const -1) "a"))',
        "(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))",
        "(module (func $start unreachable) (start $start))",
    ):
        lab.note(lambda wat=wat: len(lab.exports(wat)))


@scenario
def exports_are_a_mapping(lab: Lab) -> None:
    exports = lab.exports(
        '(module (memory (export "b") 1) (func (export "a")) (export "c" (func 0)))'
    )
    lab.notes.append(repr((list(exports), len(exports), "a" in exports, len(exports.by_index))))
    lab.note(lambda: exports["zzz"])
    lab.notes.append(repr(exports.get("zzz")))
    lab.notes.append(type(exports.by_index[0]).__name__)


@scenario
def linkers(lab: Lab) -> None:
    w, store = lab.w, lab.store
    linker = w.Linker(lab.engine)
    module = lab.module('(module (import "m" "f" (func (result i32))) (export "g" (func 0)))')
    lab.note(linker.instantiate, store, module)
    linker.define_func("m", "f", w.FuncType([], [w.ValType.i32()]), lambda: 6)
    lab.note(lambda: linker.instantiate(store, module).exports(store)["g"](store))
    lab.note(linker.define_func, "m", "f", w.FuncType([], []), lambda: 6)
    linker.allow_shadowing = True
    lab.note(linker.define_func, "m", "f", w.FuncType([], [w.ValType.i64()]), lambda: 6)
    lab.note(linker.instantiate, store, module)
    lab.note(linker.get, store, "m", "none")
    lab.note(lambda: linker.get_default(store, "none")(store))
    library = lab.module('(module (func (export "h") (result i32) i32.const 3))')
    linker.define_module(store, "lib", library)
    lab.note(lambda: linker.get(store, "lib", "h")(store))
    linker.define_instance(store, "again", linker.instantiate(store, library))
    lab.note(lambda: linker.get(store, "again", "h")(store))
    lab.note(linker.define_instance, store, "x", 5)


@scenario
def commands_in_a_linker(lab: Lab) -> None:
    w, store = lab.w, lab.store
    linker = w.Linker(lab.engine)
    command = lab.module(
        '(module (global $g (mut i32) (i32.const 0)) (func (export "_start"))'
        ' (func (export "count") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1)))'
        " (global.get $g)))"
    )
    linker.define_module(store, "c", command)
    for _ in range(2):
        lab.note(lambda: linker.get(store, "c", "count")(store))
    lab.note(lambda: linker.get_default(store, "c")(store))


@scenario
def stores_and_engines(lab: Lab) -> None:
    w = lab.w
    lab.notes.append(repr(w.Store(lab.engine, {"a": 1}).data()))
    lab.notes.append(repr(w.Store().data()))
    lab.note(w.Store, 5)
    lab.note(w.Engine, 5)
    lab.note(lab.store.set_fuel, 5)
    lab.note(lab.store.get_fuel)


@scenario
def limits(lab: Lab) -> None:
    w = lab.w
    funcref, everything = w.ValType.funcref(), w.Limits(0, None)

    def limited(**limits: int) -> Any:
        lab.store = w.Store(lab.engine)
        lab.store.set_limits(**limits)
        return lab.store

    def instance(wat: str) -> None:
        lab.note(lambda: len(lab.exports(wat)))

    def memory(pages: int) -> Any:
        return w.Memory(lab.store, w.MemoryType(w.Limits(pages, None)))

    store = limited(memory_size=100000)
    instance("(module (memory 2))")
    lab.note(lambda: memory(2) and None)
    lab.note(memory(1).grow, store, 1)
    store = limited(table_elements=5)
    instance("(module (table 6 funcref))")
    lab.note(lambda: w.Table(store, w.TableType(funcref, w.Limits(6, None)), None) and None)
    lab.note(w.Table(store, w.TableType(funcref, everything), None).grow, store, 6, None)
    limited(instances=1)
    instance("(module)")
    instance("(module)")
    limited(tables=1)
    instance("(module (table 1 funcref) (table 1 funcref))")
    limited(memories=1)
    memory(1)
    instance("(module (memory 1))")
    instance("(module (memory 1))")


@scenario
def wasi_exit(lab: Lab) -> None:
    w, store = lab.w, lab.store
    linker = w.Linker(lab.engine)
    linker.define_wasi()
    store.set_wasi(w.WasiConfig())
    module = lab.module(
        '(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
        ' (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 42))))'
    )
    try:
        linker.instantiate(store, module).exports(store)["_start"](store)
    except w.ExitTrap as end:
        lab.notes.append(f"{end.code} {isinstance(end, w.WasmtimeError)}")


def machine_config(machine: str) -> jit.Config:
    config = jit.Config()
    config.machine = machine
    config.guest_debug = True
    return config


@pytest.mark.parametrize("machine", ["native", "emulated"])
@pytest.mark.parametrize("run", SCENARIOS, ids=lambda run: run.__name__)
def test_scenario(run: Callable[[Lab], None], machine: str) -> None:
    ours, theirs = Lab(jit, machine_config(machine)), Lab(wasmtime)
    run(ours)
    run(theirs)
    assert [simplified(note) for note in ours.notes] == [simplified(note) for note in theirs.notes]
    assert ours.notes


def simplified(note: str) -> str:
    """Leave out Wasmtime's mention of the faulting address, which explicit checks do not know."""
    lines = note.split("\n")
    kept = [line for line in lines if "memory fault at wasm address" not in line]
    if len(kept) < len(lines):
        kept = [line.replace("    1: wasm trap", "    wasm trap") for line in kept]
    return "\n".join(kept)


def epoch_config(package: Any) -> Any:
    config = package.Config()
    config.epoch_interruption = True
    return config


@pytest.mark.parametrize("package", [jit, wasmtime], ids=["jit", "wasmtime"])
def test_epoch_interrupts(package: Any) -> None:
    lab = Lab(package, epoch_config(package))
    spin = lab.exports('(module (func (export "f") (loop (br 0))))')["f"]
    lab.store.set_epoch_deadline(1)
    lab.engine.increment_epoch()
    with pytest.raises(package.Trap) as caught:
        spin(lab.store)
    assert caught.value.trap_code.name == "INTERRUPT"


@pytest.mark.parametrize("name", [name for name in wasmtime.__all__ if hasattr(jit, name)])
def test_names_have_the_same_members(name: str) -> None:
    """Every public member of wasmtime's class is there, but for what is listed."""
    members = {n for n in vars(getattr(wasmtime, name)) if not n.startswith("_")}
    ours = INSTANCES[name]() if name in INSTANCES else getattr(jit, name)
    missing = {n for n in members if not hasattr(ours, n)}
    assert missing <= ABSENT.get(name, set())


INSTANCES: dict[str, Callable[[], Any]] = {
    "Trap": lambda: jit.Trap("x"),
    "Linker": lambda: jit.Linker(jit.Engine()),
}

ABSENT: dict[str, set[str]] = {
    "Store": {"set_wasi_http"},
    "TrapCode": {
        name for name in wasmtime.TrapCode.__members__ if name not in jit.TrapCode.__members__
    },
}


def test_what_is_absent_is_documented() -> None:
    """docs/embedding.md names what is missing, and nothing that is there."""
    text = (Path(__file__).parents[3] / "docs" / "embedding.md").read_text()
    rows = set(re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE))
    names = {n for n in wasmtime.__all__ if not hasattr(jit, n)}
    members = {
        f"{owner}.{member}" for owner, absent in ABSENT.items() for member in absent
        if owner != "TrapCode"
    }  # fmt: skip
    assert rows == names | members


def test_trap_codes_have_wasmtimes_numbers() -> None:
    ours = {code.name: code.value for code in jit.TrapCode if code.name != "NULL_REFERENCE"}
    assert ours == {name: wasmtime.TrapCode[name].value for name in ours}


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (owner, method)
        for owner in ("Store", "Instance", "Linker", "Func", "Memory", "Table", "Global", "Limits")
        for method, function in inspect.getmembers(getattr(wasmtime, owner), inspect.isfunction)
        if not method.startswith("_") and hasattr(getattr(jit, owner), method)
    ],
)
def test_arguments_have_the_same_names(owner: str, method: str) -> None:
    theirs = inspect.signature(getattr(getattr(wasmtime, owner), method))
    ours = inspect.signature(getattr(getattr(jit, owner), method))
    assert list(ours.parameters) == list(theirs.parameters)
