import sys

from wasmtime import Engine, Linker, Module, Store, WasiConfig

WRITER = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "written\\n")
  (func (export "write") (param i32) (result i32)
    (i32.store (i32.const 0) (i32.const 32))
    (i32.store (i32.const 4) (i32.const 8))
    (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "read") (result i32)
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 16))
    (if (result i32) (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
      (then (i32.const -1)) (else (i32.load (i32.const 8))))))"""

engine = Engine()
linker = Linker(engine)
linker.define_wasi()
module = Module(engine, WRITER)


def use(wasi):
    store = Store(engine)
    store.set_wasi(wasi)
    exports = linker.instantiate(store, module).exports(store)
    print([exports["write"](store, fd) for fd in (1, 2)], exports["read"](store), flush=True)


use(WasiConfig())  # nothing is inherited: what is written is swallowed, there is nothing to read
wasi = WasiConfig()
wasi.inherit_stdout()
use(wasi)
with open(sys.argv[1] + "/in", "w") as file:
    file.write("twelve bytes")
wasi = WasiConfig()
wasi.stdin_file = sys.argv[1] + "/in"
wasi.stderr_file = sys.argv[1] + "/err"
use(wasi)
with open(sys.argv[1] + "/err") as file:
    print(file.read())
