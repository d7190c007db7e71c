"""Which modules of the official suite are valid, with wasmtime as the second opinion.

Every module that wasmtime accepts with the features beyond ours off must be accepted; every module
that the suite calls malformed or invalid must be refused, and so must what wasmtime refuses.
"""

import base64
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import wasmtime

from jit.wasm.errors import WasmError
from jit.wasm.validate import validate_module

SUITE = Path(
    os.environ.get("WASM_SPEC_TESTS") or Path(__file__).resolve().parents[4] / "shared" / "spec"
)
SCRIPTS = sorted(SUITE.glob("*.json.gz"))
FEATURES_OFF = (
    "gc",
    "function_references",
    "tail_call",
    "exceptions",
    "multi_memory",
    "memory64",
    "simd",
    "relaxed_simd",
    "threads",
)

pytestmark = pytest.mark.skipif(not SCRIPTS, reason=f"no official suite in {SUITE}")


@pytest.fixture(scope="module", name="engine")
def _engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    for feature in FEATURES_OFF:
        setattr(config, f"wasm_{feature}", False)
    return wasmtime.Engine(config)


def modules(script: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a description and the bytes of each command's module."""
    with gzip.open(script, "rt", encoding="utf-8") as file:
        commands = json.load(file)["commands"]
    for command in commands:
        if "wasm" in command:
            yield (
                f"line {command.get('line')}, {command['type']}",
                base64.b64decode(command["wasm"]),
            )


def refusal(data: bytes) -> str | None:
    """Why we refuse a module, None if we accept it."""
    try:
        validate_module(data)
    except WasmError as error:
        return str(error)
    return None


def wasmtime_refusal(engine: wasmtime.Engine, data: bytes) -> str | None:
    """Why wasmtime does."""
    try:
        wasmtime.Module.validate(engine, data)
    except wasmtime.WasmtimeError as error:
        return str(error)
    return None


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_validity(script: Path, engine: wasmtime.Engine) -> None:
    wrong = []
    for what, data in modules(script):
        ours = refusal(data)
        theirs = wasmtime_refusal(engine, data)
        must_refuse = what.endswith(("assert_malformed", "assert_invalid"))
        if (ours is None) != (theirs is None) or (must_refuse and ours is None):
            wrong.append(f"{what}: we say {ours!r}, wasmtime {theirs!r}")
    assert not wrong
