"""The engine: an instruction set, how to compile for it, and which machine runs the code.

This is where ISA, compiler and machine meet; everything below is handed them.
"""

from jit.abi.code import CodeSource
from jit.api.closing import Closable
from jit.api.config import Config
from jit.api.targets import TARGETS, host_target
from jit.compile.compiler import Compiler, Tunables
from jit.machine.emulation import EMULATIONS
from jit.machine.errors import MachineError
from jit.machine.protocol import Machine
from jit.machine.select import default_machine, emulated_machine, native_machine
from jit.runtime.engine import EngineState
from jit.runtime.errors import WasmtimeError
from jit.wasm.module import ModuleInfo

_MAKERS = {"auto": default_machine, "native": native_machine, "emulated": emulated_machine}


class Engine(Closable):
    """Settings, and what the stores and modules made with them share."""

    def __init__(self, config: Config | None = None) -> None:
        """Raise WasmtimeError for settings that do not go together."""
        if config is None:
            config = Config()
        elif not isinstance(config, Config):
            raise TypeError("expected Config")
        config.check_open()
        if config.guest_debug and config.signals_based_traps:
            raise WasmtimeError("cannot use signals-based traps with guest debugging")
        self.isa = host_target() if config.target is None else TARGETS[config.target]
        self.state = EngineState(EMULATIONS[self.isa.name].byteorder)
        self.guest_debug = config.guest_debug
        """Whether code can be stopped at every op and its state read."""
        self.options = config.guest_debug + 2 * config.epoch_interruption
        """What its code depends on besides the instruction set, as bits."""
        self.max_wasm_stack = config.max_wasm_stack
        self._make_machine = _MAKERS[config.machine]
        self._tunables = Tunables(debug=config.guest_debug, epoch=config.epoch_interruption)

    def increment_epoch(self) -> None:
        """Add one to the epoch.  From any thread."""
        self.state.epoch.increment()

    def is_pulley(self) -> bool:
        """Return whether code is for Wasmtime's interpreter: never."""
        return False

    def make_machine(self) -> Machine:
        """Return a machine for a new store.  Raise WasmtimeError if there is none."""
        try:
            return self._make_machine(self.isa.name)
        except MachineError as error:
            raise WasmtimeError(f"cannot make a machine: {error}") from error

    def code_source(self, info: ModuleInfo) -> CodeSource:
        """Return the compiler of a module."""
        return Compiler(info, self.isa, self._tunables)
