import sys

from wasmtime import Engine, Instance, Module, Store, WasmtimeError

engine = Engine()
module = Module.from_file(engine, sys.argv[1] + "/numbers.wat")
path = sys.argv[1] + "/module.compiled"
with open(path, "wb") as file:
    file.write(module.serialize())
again = Module.deserialize_file(engine, path)
store = Store(engine)
print(Instance(store, again, []).exports(store)["gcd"](store, 1071, 462))
print([export.name for export in again.exports])
try:
    Module.deserialize(engine, b"not one")
except WasmtimeError:
    print("refused")
