"""The engine's settings: `wasmtime`'s names, a row each, and a few of our own.

A setting that asks for what this engine has not raises WasmtimeError; one that tunes how Wasmtime
compiles is accepted and means nothing here.
"""

from collections.abc import Callable

from jit.api.closing import Closable
from jit.api.targets import target_named
from jit.runtime.errors import WasmtimeError
from jit.runtime.store import STACK_SIZE

# fmt: off
MISSING = (
    # features that cannot be switched on
    "wasm_threads", "wasm_tail_call", "wasm_simd", "wasm_multi_memory", "wasm_memory64",
    "wasm_relaxed_simd", "wasm_relaxed_simd_deterministic", "wasm_component_model",
    "wasm_component_model_map", "wasm_component_model_implements",
    "wasm_exceptions", "wasm_function_references", "wasm_gc", "wasm_wide_arithmetic",
    "wasm_custom_page_sizes", "wasm_stack_switching", "consume_fuel", "shared_memory", "gc_support",
)
ALWAYS = (
    # features that cannot be switched off
    "wasm_reference_types", "wasm_bulk_memory", "wasm_multi_value",
)
MEANINGLESS = (
    # how Wasmtime compiles, caches and maps
    "debug_info", "strategy", "cranelift_debug_verifier", "cranelift_opt_level", "profiler", "cache",
    "parallel_compilation", "cranelift_nan_canonicalization", "memory_may_move",
    "memory_reservation", "memory_guard_size", "memory_reservation_for_growth",
    "native_unwind_info", "macos_use_mach_ports", "memory_init_cow",
)
# fmt: on

MACHINES = ("auto", "native", "emulated")


class Config(Closable):
    """Settings of an engine; changing them later does not change the engine."""

    epoch_interruption: bool = False
    """Whether code looks at the epoch, and traps or yields at its deadline."""
    guest_debug: bool = False
    """Whether code can be stopped at every op and its state read: slower by about a tenth."""

    def __init__(self) -> None:
        self._max_wasm_stack = STACK_SIZE
        self._machine = "auto"
        self._target: str | None = None
        self._signals_based_traps = False

    @property
    def max_wasm_stack(self) -> int:
        """Bytes of a guest's stack."""
        return self._max_wasm_stack

    @max_wasm_stack.setter
    def max_wasm_stack(self, size: int) -> None:
        if size < 1:
            raise WasmtimeError("max_wasm_stack size cannot be zero")
        self._max_wasm_stack = size

    @property
    def machine(self) -> str:
        """Where code runs: `native`, `emulated`, or `auto`: native if possible."""
        return self._machine

    @machine.setter
    def machine(self, name: str) -> None:
        if name not in MACHINES:
            raise WasmtimeError(f"unknown machine `{name}`: it is one of {', '.join(MACHINES)}")
        self._machine = name

    @property
    def signals_based_traps(self) -> bool:
        """Whether traps may come from the processor's signals; they never do, so that it means nothing.

        An engine refuses it together with `guest_debug`, as Wasmtime does.
        """
        return self._signals_based_traps

    @signals_based_traps.setter
    def signals_based_traps(self, enable: bool) -> None:
        self._signals_based_traps = enable

    def cranelift_flag_enable(self, flag: str) -> None:
        """Do nothing: there is no Cranelift here."""

    def cranelift_flag_set(self, key: str, value: str) -> None:
        """Do nothing: there is no Cranelift here."""

    @property
    def target(self) -> str | None:
        """The instruction set code is made for; None: this host's, or x86-64."""
        return self._target

    @target.setter
    def target(self, name: str | None) -> None:
        """Take a name of ours or a target triple.  Raise WasmtimeError if no code can be made for it."""
        self._target = None if name is None else target_named(name)


def _missing(name: str) -> property:
    def set_(config: Config, enable: object) -> None:
        if enable:
            raise WasmtimeError(f"{name} is not supported")

    return property(lambda config: False, set_, doc="Not supported: it can only be off.")


def _always(name: str) -> property:
    def set_(config: Config, enable: object) -> None:
        if not enable:
            raise WasmtimeError(f"{name} cannot be switched off")

    return property(lambda config: True, set_, doc="Always on.")


def _meaningless(name: str) -> property:
    return property(None, lambda config, value: None, doc="Accepted, and without effect.")


def _add_rows(names: tuple[str, ...], make: Callable[[str], property]) -> None:
    for name in names:
        setattr(Config, name, make(name))


_add_rows(MISSING, _missing)
_add_rows(ALWAYS, _always)
_add_rows(MEANINGLESS, _meaningless)
