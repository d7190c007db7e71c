import sys

from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig, WasmtimeError

engine = Engine()
linker = Linker(engine)
linker.define_wasi()
library = Module(
    engine,
    """(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "main" "memory" (memory 1))
      (func (export "print") (param i32 i32)
        (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))""",
)
program = Module(
    engine,
    """(module $program
      (import "lib" "print" (func $print (param i32 i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "main" "memory" (memory 1))
      (data (i32.const 64) "hello, wasi\\n")
      (func (export "_start") (call $print (i32.const 64) (i32.const 12)) (call $exit (i32.const 7))))""",
)
memory = Module(engine, """(module (memory (export "memory") 1))""")
store = Store(engine)
wasi = WasiConfig()
wasi.argv = ["program", "argument"]
wasi.env = [["NAME", "value"]]
wasi.stdout_file = sys.argv[1] + "/stdout"
wasi.preopen_dir(sys.argv[1], "/")
store.set_wasi(wasi)
try:
    linker.instantiate(store, program)
except WasmtimeError as error:
    print(error)
linker.define_instance(store, "main", linker.instantiate(store, memory))
shared = linker.get(store, "main", "memory")
linker.define(store, "lib", "memory", shared)
# What calls WASI has to export its memory: the library gets a module around it.
try:
    linker.define_instance(store, "lib", linker.instantiate(store, library))
    linker.instantiate(store, program).exports(store)["_start"](store)
except WasmtimeError as error:
    print(str(error).splitlines()[-1].strip())
alone = Module(
    engine,
    """(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 64) "hello, wasi\\n")
      (func (export "_start")
        (drop (call $args (i32.const 16) (i32.const 20)))
        (i32.store (i32.const 0) (i32.const 64))
        (i32.store (i32.const 4) (i32.mul (i32.load (i32.const 16)) (i32.const 6)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $exit (i32.const 7))))""",
)
try:
    linker.instantiate(store, alone).exports(store)["_start"](store)
except ExitTrap as end:
    print("exit", end.code)
with open(sys.argv[1] + "/stdout") as file:
    print(file.read())
