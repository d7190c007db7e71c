import wasmtime
from wasmtime import Instance, Limits, Memory, MemoryType, Module, Store, Trap

store = Store()
module = Module(
    store.engine,
    """(module
      (memory (export "memory") 2 3)
      (func (export "size") (result i32) (memory.size))
      (func (export "load") (param i32) (result i32) (i32.load8_s (local.get 0)))
      (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
      (data (i32.const 0x1000) "\\01\\02\\03\\04"))""",
)
exports = Instance(store, module, []).exports(store)
memory, size, load, put = (exports[name] for name in ("memory", "size", "load", "store"))
print(memory.size(store), memory.data_len(store), memory.type(store).limits.max)
print(memory.read(store, 0x1000, 0x1004), memory.data_ptr(store)[0x1002])
put(store, 0x1003, 6)
memory.write(store, b"\xff", 0x1001)
print(load(store, 0x1003), load(store, 0x1001), load(store, 0x1FFFF))
for act in (lambda: load(store, 0x20000), lambda: memory.grow(store, 2)):
    try:
        act()
    except (Trap, wasmtime.WasmtimeError) as error:
        print(type(error).__name__, str(error).splitlines()[-1].strip().removeprefix("1: "))
print(memory.grow(store, 1), size(store), load(store, 0x20000))
other = Memory(store, MemoryType(Limits(5, 5)))
print(other.size(store), other.type(store).limits.max, other.grow(store, 0))
