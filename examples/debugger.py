"""A tracer on the store's own debug interface: shows every change of a function's locals, and makes one itself.

Run it as `python -m examples.debugger`.  The guest is `sum.wat`; names are those of its name section.
"""

import jit
from examples.host_functions import PROGRAM, define_host
from jit.debug.events import Breakpoint, DebugEvent
from jit.debug.frames import FrameHandle
from jit.runtime.store import Store

FUNCTION = "sum"


def locals_of(frame: FrameHandle, names: dict[int, str]) -> dict[str, object]:
    """Return a frame's locals by name."""
    count = frame.num_locals()
    return {names.get(index, f"${index}"): frame.local(index).value for index in range(count)}


def main() -> None:
    """Step through a function from a breakpoint at its start."""
    config = jit.Config()
    config.guest_debug = True
    engine = jit.Engine(config)
    store = jit.Store(engine)
    linker = jit.Linker(engine)
    define_host(linker)
    module = jit.Module.from_file(engine, PROGRAM)
    instance = linker.instantiate(store, module)

    info = module.info
    index = next(index for index, name in info.names.functions.items() if name == FUNCTION)
    names = dict(info.names.locals[index])
    body = info.bodies[index - info.num_imported_funcs]
    shown: dict[str, object] = {}

    def on_event(_: Store, event: DebugEvent) -> None:
        nonlocal shown
        if not isinstance(event, Breakpoint):
            return
        frame = store.debug_exit_frames()[0]
        now = locals_of(frame, names)
        if now == shown:
            return
        print(f"{event.pc:#x}: " + ", ".join(f"{name} = {value}" for name, value in now.items()))
        if now["total"] == 2:
            frame.set_local(
                next(i for i, name in names.items() if name == "total"), jit.Val.i32(100)
            )
            print("  total is 100 now")
        shown = locals_of(frame, names)
        edit = store.edit_breakpoints()
        assert edit is not None
        with edit:
            edit.single_step(True)

    store.set_debug_handler(on_event)
    edit = store.edit_breakpoints()
    assert edit is not None
    with edit:
        edit.add_breakpoint(module, body.start)
    function = instance.exports(store)[FUNCTION]
    assert isinstance(function, jit.Func)
    print(f"{FUNCTION}(1, 3) = {function(store, 1, 3)}")


if __name__ == "__main__":
    main()
