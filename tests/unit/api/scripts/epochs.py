import threading
import time

from wasmtime import Config, Engine, Instance, Module, Store, Trap, TrapCode

config = Config()
config.epoch_interruption = True
engine = Engine(config)
store = Store(engine)
store.set_epoch_deadline(1)
module = Module(
    engine,
    """(module (func (export "spin") (loop (br 0))) (func (export "quick") (result i32) (i32.const 5)))""",
)
exports = Instance(store, module, []).exports(store)
print(exports["quick"](store))


def tick():
    time.sleep(0.05)
    engine.increment_epoch()


thread = threading.Thread(target=tick)
thread.start()
try:
    exports["spin"](store)
except Trap as trap:
    print(trap.trap_code, trap.trap_code == TrapCode.INTERRUPT)
thread.join()
store.set_epoch_deadline(1)
print(exports["quick"](store))
