"""Stop a program at a function, look at its frames, change an argument, and let it go on.

Run it as `python examples/breakpoints.py`.  The guest is the bundled demo, compiled from C at -O0: its
`fibonacci(n)` is called with n = 9, and n is the function's first Wasm local.
"""

import sys

import jit
from gdbstub.demo.build import PROGRAM
from jit.debug.debugger import Debugger
from jit.debug.events import Breakpoint, DebugEvent

FUNCTION = "fibonacci"


def main() -> int:
    """Run the guest under a debugger of our own; give its exit status."""
    config = jit.Config()
    config.guest_debug = True
    engine = jit.Engine(config)
    store = jit.Store(engine)
    linker = jit.Linker(engine)
    linker.define_wasi()
    wasi = jit.WasiConfig()
    wasi.argv = ["demo", "example"]
    wasi.inherit_stdout()
    store.set_wasi(wasi)
    module = jit.Module.from_file(engine, PROGRAM)
    debugger = Debugger(store)
    instance = linker.instantiate(store, module)

    # A function's code is found by its name; its first op is where arguments are in their locals.
    names = module.info.names.functions
    index = next(index for index, name in names.items() if name == FUNCTION)
    body = module.info.bodies[index - module.info.num_imported_funcs]
    debugger.set_breakpoint(0, body.start)

    seen = 0

    def on_event(event: DebugEvent) -> None:
        nonlocal seen
        if not isinstance(event, Breakpoint):
            return
        frame = debugger.frame(0)
        assert frame is not None
        seen += 1
        print(f"stop {seen}: {FUNCTION}({frame.local(0).value}), {debugger.depth()} frames deep")
        if seen == 1:
            frame.set_local(0, jit.Val.i32(5))
            print("  its argument is 5 now")
        if seen == 4:
            debugger.clear_breakpoints()

    start = instance.exports(store)["_start"]
    assert isinstance(start, jit.Func)
    try:
        debugger.run(lambda: start(store), on_event)
    except jit.ExitTrap as end:
        return end.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
