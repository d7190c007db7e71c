"""A tracer at the level of the guest's source, on the store's own debug interface.

Run it as `python -m examples.debugger`.  It stops at a function by its name, shows each instruction there that changes
locals, with those by their names, changes one itself, and lets the guest go on.  The guest is `sum.wat`.
"""

import jit
from examples.host_functions import PROGRAM, define_host
from jit.debug.events import Breakpoint, DebugEvent
from jit.debug.listing import function_text
from jit.runtime.store import Store

FUNCTION = "sum"


def trace(store: jit.Store, module: jit.Module, name: str) -> None:
    """From now on, trace a function of a module."""
    info = module.info
    index = next(index for index, known in info.names.functions.items() if known == name)
    defined, names = index - info.num_imported_funcs, info.names.locals[index]
    source, line, shown = dict(function_text(info, defined).ops), f"(func ${name}", dict[str, int]()

    def on_event(_: Store, event: DebugEvent) -> None:
        nonlocal line, shown
        frame = store.debug_exit_frames()[0]
        place = frame.wasm_function_index_and_pc()
        if not isinstance(event, Breakpoint) or place != (defined, event.pc):
            return
        now = {known: frame.local(local).value for local, known in names.items()}
        if now != shown:
            print(f"{line.strip():24}{now}")
        if now["total"] == 2:
            print("the tracer: total is 100 now")
            frame.set_local(list(now).index("total"), jit.Val.i32(100))
            now["total"] = 100
        shown, line = now, source[event.pc]
        with store.edit_breakpoints() as edit:  # type: ignore[union-attr] # debugging is on
            edit.single_step(True)

    store.set_debug_handler(on_event)
    with store.edit_breakpoints() as edit:  # type: ignore[union-attr]
        edit.add_breakpoint(module, info.bodies[defined].start)


def main() -> None:
    """Trace the guest's `sum`."""
    config = jit.Config()
    config.guest_debug = True
    engine = jit.Engine(config)
    store, linker = jit.Store(engine), jit.Linker(engine)
    define_host(linker)
    module = jit.Module.from_file(engine, PROGRAM)
    function = linker.instantiate(store, module).exports(store)[FUNCTION]
    assert isinstance(function, jit.Func)
    trace(store, module, FUNCTION)
    print(f"{FUNCTION}(1, 3) = {function(store, 1, 3)}")


if __name__ == "__main__":
    main()
