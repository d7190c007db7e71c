"""The engines the suite runs on: the oracle, and ours on each machine, plain and with every site on."""

from collections.abc import Callable
from typing import Any

import wasmtime

import jit
from jit.debug.core import DebugCore
from jit.debug.events import DebugEvent
from tests.spec.counting import FEATURES_OFF
from tests.spec.runner import Engine
from tests.spec.scripts import Listed

SAMPLE_LIMIT = 60
"""Commands of the longest script that is still in the sample."""


SMALL_STACK = 1 << 20
"""Bytes of stack where the guest stops at every op, or runs under emulation: exhausting it takes time."""


def oracle_config() -> Any:
    """Configure wasmtime as the list was made."""
    config = wasmtime.Config()
    for feature in FEATURES_OFF:
        setattr(config, f"wasm_{feature}", False)
    return config


def our_config(
    machine: str, debug: bool, stack: int | None = None, target: str = "x86-64"
) -> Callable[[], Any]:
    """Configure ours; without a stack size it is the default one."""

    def configure() -> Any:
        config = jit.Config()
        config.machine = machine
        config.target = target
        config.guest_debug = debug
        if stack is not None:
            config.max_wasm_stack = stack
        return config

    return configure


def go_on(event: DebugEvent) -> None:
    """Handle a stop by doing nothing."""


def stop_everywhere(store: Any) -> None:
    """Have the guest stop at every op: each enabled site is reached, reported and left again."""
    core = DebugCore(store)
    core.reports.handler = go_on
    core.set_single_step(True)


ORACLE = Engine("wasmtime", wasmtime, oracle_config)
"""Runs everything in two seconds, and so tests the runner, the list and the expected failures."""

NATIVE = Engine("native", jit, our_config("native", False))
NATIVE_SITES = Engine("native-sites", jit, our_config("native", True, SMALL_STACK), stop_everywhere)
EMULATED = Engine("emulated", jit, our_config("emulated", False, SMALL_STACK))
EMULATED_SITES = Engine(
    "emulated-sites", jit, our_config("emulated", True, SMALL_STACK), stop_everywhere
)

AARCH64 = Engine("aarch64", jit, our_config("emulated", False, SMALL_STACK, "aarch64"))
AARCH64_SITES = Engine(
    "aarch64-sites", jit, our_config("emulated", True, SMALL_STACK, "aarch64"), stop_everywhere
)

ENGINES = (ORACLE, NATIVE, NATIVE_SITES, EMULATED, EMULATED_SITES, AARCH64, AARCH64_SITES)
SAMPLED = (EMULATED_SITES, AARCH64_SITES)


def is_sampled(engine: Engine, row: Listed) -> bool:
    """Say whether a script runs on an engine even when only a sample is wanted."""
    return engine not in SAMPLED or row.commands <= SAMPLE_LIMIT
