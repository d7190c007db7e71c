"""The sessions that docs/gdb.md shows, word for word, but for empty lines and for numbers that compilers choose."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.gdb.session import serving
from tests.guests.build import WASI, Guest, NoCompiler, build_cached, check_wasi_compiler
from tests.serving import TIME_LIMIT

FOLDER = Path(__file__).resolve().parent
TEXT = (FOLDER.parents[1] / "docs" / "gdb.md").read_text()
PROMPT = "(gdb) "
_MARK = "@@@"
QUIET = ("set confirm off", "set pagination off", "set width 0", "directory {folder}")


def blocks() -> list[list[str]]:
    """Return the indented blocks of the page that show gdb's prompt, each from its first prompt on."""
    found = []
    for block in re.findall(r"(?:^(?:    .*)?\n)+", TEXT, re.MULTILINE):
        lines = [line[4:] for line in block.splitlines() if line.strip()]
        starts = [at for at, line in enumerate(lines) if line.startswith(PROMPT)]
        if starts:
            found.append(lines[starts[0] :])
    return found


def plain(line: str) -> str:
    """Return a line without what depends on the compiler's version: addresses, sizes, indices."""
    line = re.sub(r"0x[0-9a-f]+", "0x", line)
    line = re.sub(r"(?<=[ (+])\d{3,}|(?<=size = )\d+|(?<=;)\d+(?=;)|(?<=function )\d+", "N", line)
    return line.replace("\t", " ").rstrip()


@pytest.fixture
def shapes() -> Guest:
    """Build the program of the page."""
    source = FOLDER / "shapes.c"
    try:
        check_wasi_compiler()
        # The page's compiler ran beside the source.
        flags = (*WASI, "-g", f"-ffile-prefix-map={FOLDER}/=", f"-fdebug-compilation-dir={FOLDER}")
        program = build_cached("clang-22", flags, (source,), "shapes.wasm")
    except NoCompiler as missing:
        pytest.skip(str(missing))
    return Guest("shapes", "O0", program, source)


def test_the_page_shows_sessions() -> None:
    assert len(blocks()) == 3
    assert blocks()[0][0] == "(gdb) target remote :1234"


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block[0][:40])
def test_gdb_prints_what_the_page_says(block: list[str], shapes: Guest) -> None:
    connects = block[0].startswith("(gdb) target remote")
    before = [] if connects else ["target remote :1234", "break area", "continue"]
    commands = [line.removeprefix(PROMPT) for line in block if line.startswith(PROMPT)]
    with serving(shapes) as server:
        server.end_input()
        said = [part for command in commands for part in (f"echo {_MARK}\\n", command)]
        script = "\n".join([*QUIET, *before, *said, f"echo {_MARK}\\n", ""])
        script = script.replace(":1234", f"127.0.0.1:{server.port}").replace(
            "{folder}", str(FOLDER)
        )
        done = subprocess.run(
            ["gdb", "-nx", "-q"],
            input=script,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    text = done.stdout.replace(f"127.0.0.1:{server.port}", ":1234").replace(PROMPT, "")
    outputs = text.split(f"{_MARK}\n")[1:-1]
    shown: list[str] = []
    for command, output in zip(commands, outputs, strict=True):
        shown += [PROMPT + command, *(line for line in output.splitlines() if line.strip())]
    assert [plain(line) for line in shown] == [plain(line) for line in block]
