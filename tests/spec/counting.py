"""Make the list of scripts that count: `python -m tests.spec.counting` writes `counting.txt`.

The judge is wasmtime, with every feature beyond Wasm 2.0 without SIMD switched off.  A script counts
whole when all its modules are accepted, and is mixed when some are; one with none does not take part.
"""

import sys
from pathlib import Path

import wasmtime

from tests.spec.scripts import (
    LIST,
    Command,
    Listed,
    SuiteNotFound,
    format_list,
    module_bytes,
    read_commands,
    script_names,
    suite_folder,
)

FEATURES_OFF = (
    "gc",
    "function_references",
    "tail_call",
    "exceptions",
    "multi_memory",
    "memory64",
    "relaxed_simd",
    "simd",
    "threads",
)
CARRIERS = ("module", "assert_unlinkable", "assert_uninstantiable")
"""Commands whose module must be valid."""


def make_engine() -> wasmtime.Engine:
    """Give the engine that judges."""
    config = wasmtime.Config()
    for feature in FEATURES_OFF:
        setattr(config, f"wasm_{feature}", False)
    return wasmtime.Engine(config)


def accepts(engine: wasmtime.Engine, command: Command) -> bool:
    """Say whether the module of a command is accepted."""
    try:
        wasmtime.Module.validate(engine, module_bytes(command))
    except wasmtime.WasmtimeError:
        return False
    return True


def judge_script(engine: wasmtime.Engine, name: str, commands: list[Command]) -> Listed | None:
    """Give the row of a script, None for one that does not take part."""
    carriers = {
        index: accepts(engine, command)
        for index, command in enumerate(commands)
        if command["type"] in CARRIERS and "wasm" in command
    }
    modules = [ok for index, ok in carriers.items() if commands[index]["type"] == "module"]
    if not any(modules) and modules:
        return None
    refused = frozenset(index for index, ok in carriers.items() if not ok)
    return Listed(name, len(commands), refused, not all(modules))


def judge_suite(folder: Path) -> list[Listed]:
    """Give the rows of all scripts that take part."""
    engine = make_engine()
    rows = (
        judge_script(engine, name, read_commands(folder, name)) for name in script_names(folder)
    )
    return [row for row in rows if row is not None]


def main() -> int:
    """Write the list and say what is in it."""
    try:
        folder = suite_folder()
    except SuiteNotFound as error:
        sys.stderr.write(f"{error}\n")
        return 1
    rows = judge_suite(folder)
    LIST.write_text(format_list(rows))
    whole = [row for row in rows if not row.mixed]
    sys.stdout.write(
        f"{len(whole)} scripts count, with {sum(row.commands for row in whole)} commands; "
        f"{len(rows) - len(whole)} are mixed\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
