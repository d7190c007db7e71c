import wasmtime as w

store = w.Store(data={"visits": 0})
i32, externref, funcref = w.ValType.i32(), w.ValType.externref(), w.ValType.funcref()


def log(caller: w.Caller, pointer: int, length: int) -> None:
    memory = caller["memory"]
    assert isinstance(memory, w.Memory)
    print("log:", memory.read(caller, pointer, pointer + length).decode())
    print("export:", caller.get("missing"), caller["double"](caller, 21))


def keep(thing):
    print("kept", thing)
    return [thing]


def fail(number):
    if number == 3:
        raise ValueError("three is too many")
    return -number


linker = w.Linker(store.engine)
linker.define_func("host", "log", w.FuncType([i32, i32], []), log, access_caller=True)
linker.define_func("host", "keep", w.FuncType([externref], [externref]), keep)
linker.define_func("host", "fail", w.FuncType([i32], [i32]), fail)
module = w.Module(
    store.engine,
    """(module
      (import "host" "log" (func $log (param i32 i32)))
      (import "host" "keep" (func $keep (param externref) (result externref)))
      (import "host" "fail" (func $fail (param i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 16) "from the guest")
      (func (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
      (func (export "run") (call $log (i32.const 16) (i32.const 14)))
      (func (export "keep") (param externref) (result externref) (call $keep (local.get 0)))
      (func (export "fail") (param i32) (result i32) (call $fail (local.get 0))))""",
)
exports = linker.instantiate(store, module).exports(store)
exports["run"](store)
print(exports["keep"](store, {"a": 1}), exports["keep"](store, None))
for number in (1, 3):
    try:
        print(exports["fail"](store, number))
    except ValueError as error:
        print("caught", error)
print(store.data())
