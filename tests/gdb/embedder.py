"""An embedder of the tests' own: serves a program whose imports come from modules made while it runs.

    python -m tests.gdb.embedder PROG.wasm LIBRARY.wasm

The library is instantiated when its first function is called, a second time when `add_item` is called for
an item with an even number: those are kept by the second instance.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gdbstub.server import exit_status, run
from gdbstub.target import Dialect, Launch
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.x32 import x32_view
from jit import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Linker,
    Module,
    Store,
    ValType,
    WasiConfig,
)
from jit.debug.debugger import Debugger


class Ledgers:
    """The instances of the library, each made when it is first called."""

    def __init__(self, store: Store, linker: Linker, path: Path) -> None:
        self._store = store
        self._linker = linker
        self._path = path
        self._module: Module | None = None
        self._instances: dict[int, Instance] = {}

    def _instance(self, number: int) -> Instance:
        if self._module is None:
            self._module = Module(self._store.engine, self._path.read_bytes())
        if number not in self._instances:
            self._instances[number] = self._linker.instantiate(self._store, self._module)
        return self._instances[number]

    def _call(self, number: int, name: str, *arguments: object) -> object:
        function = self._instance(number).exports(self._store)[name]
        assert isinstance(function, Func)
        return function(self._store, *arguments)

    def add_item(self, number: int, price: float) -> object:
        return self._call(number % 2, "add_item", number, price)

    def sum(self) -> float:
        return sum(float(str(self._call(number, "sum"))) for number in self._instances)


def make_guest(program: Path, library: Path) -> ProgramGuest:
    """Prepare the program."""
    config = Config()
    config.guest_debug = True
    engine = Engine(config)
    store, linker = Store(engine), Linker(engine)
    linker.define_wasi()
    store.set_wasi(WasiConfig())
    ledgers = Ledgers(store, linker, library)
    add_item = FuncType([ValType.i32(), ValType.f64()], [ValType.i32()])
    linker.define_func("ledger", "add_item", add_item, ledgers.add_item)
    linker.define_func("ledger", "sum", FuncType([], [ValType.f64()]), ledgers.sum)
    module = Module(engine, program.read_bytes())

    def start() -> None:
        function = linker.instantiate(store, module).exports(store)["_start"]
        assert isinstance(function, Func)
        function(store)

    return ProgramGuest(
        Debugger(store), start, program.name, {Dialect.GDB: x32_view}, path=str(program)
    )


def main(program: str, library: str) -> int:
    """Serve until the program has ended."""

    def listening(host: str, port: int) -> None:
        sys.stderr.write(f"Listening on {host}:{port} \n")
        sys.stderr.flush()

    def guest(launch: Launch) -> ProgramGuest:
        return make_guest(Path(program), Path(library))

    return exit_status(run(guest, on_listening=listening, once=True))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
