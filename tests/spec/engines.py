"""The engines the suite runs on: the oracle, and ours on each machine, plain and with every site on."""

from typing import Any

import wasmtime

from tests.spec.counting import FEATURES_OFF
from tests.spec.runner import Engine
from tests.spec.scripts import Listed


def oracle_config() -> Any:
    """Configure wasmtime as the list was made."""
    config = wasmtime.Config()
    for feature in FEATURES_OFF:
        setattr(config, f"wasm_{feature}", False)
    return config


ORACLE = Engine("wasmtime", wasmtime, oracle_config)
"""Runs everything in two seconds, and so tests the runner, the list and the expected failures."""

ENGINES = (ORACLE,)
SAMPLED: tuple[Engine, ...] = ()


def is_sampled(engine: Engine, row: Listed) -> bool:
    """Say whether a script runs on an engine even when only a sample is wanted."""
    return engine not in SAMPLED or row.commands < 60
