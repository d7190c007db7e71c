"""Modules from which one section of debug information was removed: what is left works, and a note says what is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.gdb.session import Gdb, serving
from tests.guests.build import Guest
from tests.guests.fixtures import Builder

OBJCOPY = "llvm-objcopy-22"
EITHER = ("info", "abbrev", "str", "line")
SECTIONS = [
    *((4, name) for name in (*EITHER, "ranges", "loc")),
    *((5, name) for name in (*EITHER, "rnglists", "loclists", "addr", "str_offsets", "line_str")),
]
COMMANDS = (
    *("info functions fib", "break fib", "continue", "bt", "info locals", "info line", "list"),
    *("delete", "up", "break *$pc", "continue", "stepi", "monitor dwarf", "delete", "continue"),
)


@pytest.mark.parametrize(("version", "name"), SECTIONS)
def test_a_section_is_missing(guest: Builder, tmp_path: Path, version: int, name: str) -> None:
    if shutil.which(OBJCOPY) is None:
        pytest.skip(f"{OBJCOPY} is not installed")
    whole = guest("session", "O1", flags=(f"-gdwarf-{version}",))
    program = tmp_path / "session.wasm"
    command = [OBJCOPY, f"--remove-section=.debug_{name}", str(whole.program), str(program)]
    subprocess.run(command, check=True)
    assert program.stat().st_size < whole.program.stat().st_size
    with serving(Guest(whole.name, whole.opt, program, whole.source)) as server:
        server.end_input()
        said = Gdb(server.port, COMMANDS).results()
        log = "".join(server.log())
    assert said.connecting.count("warning:") == 1 and "can be slow" in said.connecting
    if not name.startswith("str"):  # without names, gdb has the symbols alone
        assert re.search(
            r"^.*\bfib\b", said["info functions fib"].partition(":\n")[2], re.MULTILINE
        )
    first, second = said.all("continue")[:2]
    assert re.match(r"Breakpoint 1, (0x[0-9a-f]+ in )?fib \(", first)
    assert re.search(r"^#0 .*\bfib \(.*\n(#.*\n)*#\d+ .*\bin main \(", said["bt"], re.MULTILINE)
    assert second.startswith("Breakpoint 2, ")
    assert "exited" in said["continue"]
    if name in ("info", "abbrev"):
        assert "local.get" in said["list"]
    if name != "info":
        notes = re.findall(r"^(\S+)\+0x0: it is missing", said["monitor dwarf"], re.MULTILINE)
        assert f".debug_{name}" in notes
    assert "Traceback" not in log and "internal-error" not in said.text
