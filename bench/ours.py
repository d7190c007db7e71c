"""Our side of a bench, in a process of its own: `python -m bench.ours debug|sites|plain|compile PROG.wasm`.

`debug` and `plain` run a WASI program with and without debugging (no debugger is attached in either);
`sites` does with patch sites in all code, as if it were to be stopped in everywhere;
`compile` decodes, validates and compiles it whole and prints what that took, as JSON.
"""

import json
import sys
import time
from pathlib import Path

import jit
from jit.wasm.disasm import instruction_boundaries


def make_engine(*, debug: bool) -> jit.Engine:
    """Make an engine."""
    config = jit.Config()
    config.guest_debug = debug
    return jit.Engine(config)


def run_program(path: Path, *, debug: bool, sites: bool) -> int:
    """Run a WASI program on our own standard streams; give its exit status."""
    engine = make_engine(debug=debug)
    store = jit.Store(engine)
    if sites:
        store.code.sites_on_demand = False
    linker = jit.Linker(engine)
    linker.define_wasi()
    wasi = jit.WasiConfig()
    wasi.argv = [path.name]
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    instance = linker.instantiate(store, jit.Module.deferred(engine, path.read_bytes()))
    start = instance.exports(store)["_start"]
    assert isinstance(start, jit.Func)
    try:
        start(store)
    except jit.ExitTrap as end:
        return end.code
    return 0


def compile_program(path: Path) -> int:
    """Compile all of a program with debugging on, and print how long it took and how much it was."""
    engine = make_engine(debug=True)
    data = path.read_bytes()
    start = time.perf_counter()
    module = jit.Module.deferred(engine, data)
    decoded = time.perf_counter()
    count = len(module.info.bodies)
    size = sum(len(module.source.compile(index).code) for index in range(count))
    seconds = time.perf_counter() - start
    ops = sum(len(instruction_boundaries(module.info, index)) for index in range(count))
    figure = {
        "ops": ops,
        "functions": count,
        "seconds": seconds,
        "seconds_for_structure": decoded - start,
        "machine_code_bytes": size,
    }
    sys.stdout.write(json.dumps(figure) + "\n")
    return 0


def main(words: list[str]) -> int:
    """Do what the command line says."""
    mode, path = words[0], Path(words[1])
    if mode == "compile":
        return compile_program(path)
    return run_program(path, debug=mode != "plain", sites=mode == "sites")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
