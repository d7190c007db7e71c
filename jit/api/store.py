"""The store of the embedding interface: a guest on a machine of its engine's choice."""

from typing import Any

from jit.api.closing import Closable
from jit.api.engine import Engine
from jit.debug.interface import DebuggableStore
from jit.runtime.errors import WasmtimeError
from jit.wasi.config import WasiConfig
from jit.wasi.context import Wasi


class Store(DebuggableStore, Closable):
    """Everything one guest consists of; other objects are used with the store they belong to."""

    def __init__(self, engine: Engine | None = None, data: Any = None) -> None:
        """Make an empty store.  Raise WasmtimeError if its machine cannot be made."""
        if engine is None:
            engine = Engine()
        elif not isinstance(engine, Engine):
            raise TypeError("expected an Engine")
        engine.check_open()
        self.engine = engine
        self._data = data
        super().__init__(
            engine.state,
            engine.make_machine(),
            engine.isa,
            stack_size=engine.max_wasm_stack,
            debuggable=engine.guest_debug,
        )

    def context(self) -> "Store":
        """Return this store.  Raise ValueError once it is closed."""
        self.check_open()
        return self

    def data(self) -> Any:
        """Return the object given when it was made."""
        self.check_open()
        return self._data

    def set_epoch_deadline(self, ticks_after_current: int) -> None:
        """Set the deadline, in ticks of the engine's counter from now."""
        self.check_open()
        super().set_epoch_deadline(ticks_after_current)

    def set_wasi(self, wasi: WasiConfig) -> None:
        """Let the store run a WASI program.  Raise WasmtimeError for a file that cannot be opened."""
        self.wasi = wasi.start(self.wake_descriptor)

    def end_wasi(self) -> None:
        """Close what the WASI program has open, as the end of a process does."""
        if isinstance(self.wasi, Wasi):
            self.wasi.descriptors.close()

    def set_fuel(self, fuel: int) -> None:
        """Raise WasmtimeError: this engine counts no fuel."""
        raise WasmtimeError("fuel is not configured in this store")

    def get_fuel(self) -> int:
        """Raise WasmtimeError: this engine counts no fuel."""
        raise WasmtimeError("fuel is not configured in this store")
