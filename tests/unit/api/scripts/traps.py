from wasmtime import Func, FuncType, Instance, Module, Store, Trap, TrapCode, WasmtimeError

store = Store()
module = Module(
    store.engine,
    """(module $trapping
      (import "" "host" (func $host))
      (memory 1)
      (func $inner (param i32) (drop (i32.div_s (i32.const 1) (local.get 0))))
      (func $middle (param i32) (call $inner (local.get 0)))
      (func (export "divide") (param i32) (call $middle (local.get 0)))
      (func (export "host") (call $host))
      (func $down (export "down") (call $down))
      (func (export "never") (unreachable)))""",
)


def host():
    raise Trap("the host's own")


exports = Instance(store, module, [Func(store, FuncType([], []), host)]).exports(store)
exports["divide"](store, 5)
for name, arguments in (("divide", [0]), ("host", []), ("never", []), ("down", [])):
    try:
        exports[name](store, *arguments)
    except Trap as trap:
        print(
            name,
            trap.trap_code,
            trap.trap_code is TrapCode.UNREACHABLE,
            trap.message.splitlines()[-1].strip(),
        )
        for frame in trap.frames[name == "down" : 3]:
            print(
                frame.func_index,
                frame.func_name,
                frame.module_name,
                frame.module_offset,
                frame.func_offset,
            )
    except WasmtimeError as error:
        print("error", str(error).splitlines()[-1].strip())
