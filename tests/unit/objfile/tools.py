"""Outside tools run on object files: gdb without a target, and LLVM's DWARF dumper."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DWARFDUMP = "llvm-dwarfdump-22"


def run(command: list[str]) -> str:
    """Run a tool and return what it printed on both streams; skip where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    return done.stdout + done.stderr


def gdb(elf: Path, *commands: str, language: str = "") -> str:
    """Run gdb's commands on an object file, with complaints about its contents turned on."""
    before = [
        "-ex",
        "set complaints 100",
        "-ex",
        "set width 0",
        "-ex",
        "set breakpoint pending off",
    ]
    if language:
        before += ["-ex", f"set language {language}"]
    wanted = [word for command in commands for word in ("-ex", command)]
    return run(["gdb", "-nx", "-batch", *before, "-ex", f"file {elf}", *wanted])


def dwarfdump(path: Path, *options: str) -> str:
    """Dump DWARF, of a .wasm as well as of an ELF."""
    return run([DWARFDUMP, *options, str(path)])


def entries(dump: str) -> dict[int, str]:
    """Split a dump of .debug_info into entries: offset -> text."""
    found = {}
    for match in re.finditer(r"^(0x[0-9a-f]{8}): +(DW_TAG.*(?:\n(?!0x).*)*)", dump, re.M):
        found[int(match[1], 16)] = match[2]
    return found
