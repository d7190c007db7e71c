"""The linker of the embedding interface: the runtime's, bound to an engine, and WASI's functions."""

from collections.abc import Callable
from typing import Any

from jit.api.closing import Closable
from jit.api.engine import Engine
from jit.runtime.errors import WasmtimeError
from jit.runtime.func import Caller
from jit.runtime.linker import Linker as RuntimeLinker
from jit.runtime.memory import Memory
from jit.wasi.call import caller as wasi_call
from jit.wasi.context import Wasi
from jit.wasi.table import MODULE, ROWS, Row
from jit.wasm.types import I32, I64, FuncType

_PARAMS = {"i": I32, "I": I64, "s": I64}


class Linker(RuntimeLinker, Closable):
    """Items by module and name, for the stores of an engine."""

    def __init__(self, engine: Engine) -> None:
        if not isinstance(engine, Engine):
            raise TypeError("expected an Engine")
        engine.check_open()
        super().__init__()
        self.engine = engine

    def define_wasi(self) -> None:
        """Name the functions of WASI preview 1.  Raise LinkError if one is taken."""
        for row in ROWS:
            params = tuple(_PARAMS[letter] for letter in row.params)
            type_ = FuncType(params, (I32,) if row.returns else ())
            self.define_raw(MODULE, row.name, type_, _host_function(row))


def _host_function(row: Row) -> Callable[..., Any]:
    """Return the raw host function of a WASI function."""
    function = wasi_call(row)

    def call(caller: Caller, *arguments: int) -> int | None:
        wasi = caller.context().wasi
        if not isinstance(wasi, Wasi):
            raise WasmtimeError("wasi is not configured in this store: see `Store.set_wasi`")
        memory = caller.get("memory")
        if not isinstance(memory, Memory):
            raise WasmtimeError("missing required memory export")
        result = function(wasi, memory.linear, arguments)
        return result if row.returns else None

    return call
