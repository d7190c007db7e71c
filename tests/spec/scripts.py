"""The official suite as data: where it is, its scripts and commands, and the list of those that count.

A script is a gzipped JSON file in the vocabulary of wabt's wast2json, with the bytes of modules inline.
`counting.txt`, made by `tests.spec.counting`, has a row for each script that takes part: its name, the
number of its commands, and the commands (by index) whose module the suite's configuration refuses.
"""

import base64
import gzip
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LIST = HERE / "counting.txt"
BESIDE_THE_REPOSITORY = HERE.parents[2] / "shared" / "spec"
VARIABLE = "WASM_SPEC_TESTS"
SUFFIX = ".json.gz"

Command = Mapping[str, Any]
"""One command as the JSON has it: its keys depend on its `type`."""


class SuiteNotFound(Exception):
    """The suite is on neither of the two places; the message names them."""


@dataclass(frozen=True)
class Listed:
    """One row of the list."""

    name: str
    commands: int
    refused: frozenset[int]
    mixed: bool


def suite_folder() -> Path:
    """Give the folder with the scripts; raise `SuiteNotFound` if there is none."""
    folder = Path(os.environ.get(VARIABLE) or BESIDE_THE_REPOSITORY)
    if not any(folder.glob(f"*{SUFFIX}")):
        raise SuiteNotFound(f"no official suite in {folder} (set {VARIABLE})")
    return folder


def script_names(folder: Path) -> list[str]:
    """List all scripts of the suite, whether they count or not."""
    return sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))


def read_commands(folder: Path, name: str) -> list[Command]:
    """Read the commands of one script."""
    with gzip.open(folder / f"{name}{SUFFIX}", "rt", encoding="utf-8") as file:
        commands: list[Command] = json.load(file)["commands"]
    return commands


def module_bytes(command: Command) -> bytes:
    """Give the module that a command carries."""
    return base64.b64decode(command["wasm"])


def format_list(rows: list[Listed]) -> str:
    """Write the list, scripts that count whole first."""
    lines = [
        "# Made by `python -m tests.spec.counting`: do not edit.",
        "# kind\tscript\tcommands\tcommands whose module is refused",
    ]
    for row in sorted(rows, key=lambda row: (row.mixed, row.name)):
        refused = ",".join(map(str, sorted(row.refused))) or "-"
        kind = "mixed" if row.mixed else "whole"
        lines.append(f"{kind}\t{row.name}\t{row.commands}\t{refused}")
    return "\n".join(lines) + "\n"


def parse_list(text: str) -> list[Listed]:
    """Read a list back."""
    rows = []
    for line in text.splitlines():
        if not line.startswith("#"):
            kind, name, commands, refused = line.split("\t")
            indices = frozenset() if refused == "-" else frozenset(map(int, refused.split(",")))
            rows.append(Listed(name, int(commands), indices, kind == "mixed"))
    return rows


@cache
def listed_scripts() -> tuple[Listed, ...]:
    """Give the list as it is checked in."""
    return tuple(parse_list(LIST.read_text()))
