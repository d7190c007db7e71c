"""The guest's folder in /proc, as far as gdb reads it there: `info proc`, `info proc mappings`.

The layout is that of proc(5). Nothing of the host's own /proc is ever read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gdbstub.commands.state import PROCESS
from gdbstub.extensions import Process, Region

_PATH = re.compile(rf"/proc/{PROCESS}/(?:task/\d+/)?(\w+)\Z")


def contents(process: Process, path: str) -> bytes | None:
    """Return a file of the guest's folder; None for any other path."""
    match = _PATH.match(path)
    if match is None:
        return None
    if match[1] == "cmdline":
        words = (word.encode("utf-8", "surrogateescape") + b"\0" for word in process.command_line())
        return b"".join(words)
    if match[1] == "maps":
        return _maps(process.mappings()).encode("utf-8", "surrogateescape")
    return None


def link(process: Process, path: str) -> bytes | None:
    """Return where a link of the guest's folder leads; None for any other path."""
    match = _PATH.match(path)
    targets = {"exe": process.executable, "cwd": process.working_directory}
    name = match[1] if match is not None else ""
    return targets[name]().encode("utf-8", "surrogateescape") if name in targets else None


def _maps(regions: Sequence[Region]) -> str:
    return "".join(
        f"{region.start:08x}-{region.start + region.size:08x} {_permissions(region.permissions)}"
        f" 00000000 00:00 0 {region.name or ''}\n"
        for region in regions
    )


def _permissions(letters: str) -> str:
    return "".join(letter if letter in letters else "-" for letter in "rwx") + "p"
