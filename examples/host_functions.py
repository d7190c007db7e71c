"""Give a guest functions written in Python, one of which looks at the guest's memory, and call the guest.

Run it as `python -m examples.host_functions`.  The guest is `sum.wat`.
"""

from pathlib import Path

import jit

PROGRAM = Path(__file__).with_name("sum.wat")


def show(caller: jit.Caller, address: int, length: int) -> None:
    """Print text in the guest's memory."""
    memory = caller["memory"]
    assert isinstance(memory, jit.Memory)
    print(memory.read(caller, address, address + length).decode())


def define_host(linker: jit.Linker) -> None:
    """Name the functions that the guest imports."""
    i32 = jit.ValType.i32()
    linker.define_func("host", "print", jit.FuncType([i32, i32], []), show, access_caller=True)
    linker.define_func("host", "twice", jit.FuncType([i32], [i32]), lambda number: 2 * number)


def main() -> None:
    """Call the guest's `sum`."""
    engine = jit.Engine()
    store = jit.Store(engine)
    linker = jit.Linker(engine)
    define_host(linker)
    instance = linker.instantiate(store, jit.Module.from_file(engine, PROGRAM))
    function = instance.exports(store)["sum"]
    assert isinstance(function, jit.Func)
    print(f"sum(1, 4) = {function(store, 1, 4)}")


if __name__ == "__main__":
    main()
