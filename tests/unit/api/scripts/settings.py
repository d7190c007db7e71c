from wasmtime import (
    Config,
    Engine,
    Limits,
    Linker,
    MemoryType,
    Module,
    Store,
    TableType,
    ValType,
    WasmtimeError,
)

with Config() as config:
    config.debug_info = True
    config.cranelift_opt_level = "speed"
    config.wasm_bulk_memory = True
    engine = Engine(config)
store = Store(engine, data=[1, 2])
store.set_limits(memory_size=1 << 17, table_elements=10, instances=3, tables=2, memories=2)
print(store.data(), engine.is_pulley())
grower = Module(
    engine,
    """(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))""",
)
linker = Linker(engine)
grow = linker.instantiate(store, grower).exports(store)["grow"]
print([grow(store) for _ in range(3)])
try:
    linker.instantiate(store, Module(engine, "(module (table 11 funcref))"))
except WasmtimeError as error:
    print(str(error).splitlines()[-1].strip())
Module.validate(engine, b"\0asm\1\0\0\0")
print(
    Limits(1, None).max,
    MemoryType(Limits(1, 2)).limits.max,
    TableType(ValType.funcref(), Limits(0, None)).element,
)
needs = Module(engine, """(module (import "a" "f" (func (result i32))) (export "g" (func 0)))""")
linker.define_unknown_imports_as_traps(needs)
try:
    linker.instantiate(store, needs).exports(store)["g"](store)
except Exception as error:
    print(type(error).__name__)
store.gc()
