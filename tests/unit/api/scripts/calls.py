import sys

import wasmtime
from wasmtime import Engine, Instance, Module, Store, Val

engine = Engine()
store = Store(engine)
module = Module.from_file(engine, sys.argv[1] + "/numbers.wat")
exports = Instance(store, module, []).exports(store)
gcd = exports["gcd"]
print("gcd(27, 6) =", gcd(store, 27, 6), gcd.type(store).params, gcd.type(store).results)
print(exports["swap"](store, 1, 2**40), exports["many"](store, Val.f32(0.5), 2.25))
for wrong in ((1,), (1, 2, 3), ("a", 2), (1.5, 2)):
    try:
        gcd(store, *wrong)
    except (TypeError, wasmtime.WasmtimeError) as error:
        print(type(error).__name__, error)
print([f"{export.name}: {type(export.type).__name__}" for export in module.exports])
print(list(exports), len(exports), exports.by_index[0].type(store).results)
