from wasmtime import (
    Func,
    FuncType,
    Global,
    GlobalType,
    Instance,
    Limits,
    Module,
    Store,
    Table,
    TableType,
    Val,
    ValType,
    WasmtimeError,
)

store = Store()
counter = Global(store, GlobalType(ValType.i64(), True), Val.i64(40))
things = Table(store, TableType(ValType.externref(), Limits(2, None)), "empty")
module = Module(
    store.engine,
    """(module
      (import "" "counter" (global $counter (mut i64)))
      (import "" "things" (table $things 2 externref))
      (table $functions (export "functions") 3 funcref)
      (elem (table $functions) (i32.const 0) func $one $two)
      (global (export "answer") f64 (f64.const 42.5))
      (func $one (result i32) (i32.const 1))
      (func $two (result i32) (i32.const 2))
      (func (export "count") (global.set $counter (i64.add (global.get $counter) (i64.const 1))))
      (func (export "thing") (param i32) (result externref) (table.get $things (local.get 0)))
      (func (export "call") (param i32) (result i32) (call_indirect $functions (result i32) (local.get 0))))""",
)
exports = Instance(store, module, [counter, things]).exports(store)
exports["count"](store)
exports["count"](store)
print(counter.value(store), exports["answer"].value(store), exports["answer"].type(store).mutable)
things.set(store, 1, ["a", "list"])
print(exports["thing"](store, 0), exports["thing"](store, 1), things.get(store, 5))
print(things.grow(store, 2, None), things.size(store), things.get(store, 3).value)
functions = exports["functions"]
functions.set(store, 2, Func(store, FuncType([], [ValType.i32()]), lambda: 33))
print([exports["call"](store, index) for index in range(3)], functions.get(store, 0)(store))
for act in (
    lambda: exports["answer"].set_value(store, 1.0),
    lambda: counter.set_value(store, 1.0),
    lambda: things.set(store, 99, None),
):
    try:
        act()
    except (WasmtimeError, TypeError) as error:
        print(type(error).__name__, error)
