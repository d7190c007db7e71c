"""The bundled program: it is what its source makes, it can be found, and the sessions on it work."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gdbstub.demo.build import FOLDER, PROGRAM, SOURCE, build
from gdbstub.demo.demo import instructions, main
from gdbstub.demo.drive import SESSIONS, SessionFailed, check_session
from tests.guests.build import NoCompiler, check_wasi_compiler

COMPILER = re.compile(rb"Debian clang version [0-9.]+ \([^)]*\)")
EXPECTED = b"hello from wasm, reader\n288 moons\n445.7 earths in 6 bodies\nfibonacci(9) = 34\n"


def test_the_program_is_made_of_its_source(tmp_path: Path) -> None:
    try:
        check_wasi_compiler()
    except NoCompiler as missing:
        pytest.skip(str(missing))
    fresh = tmp_path / "demo.wasm"
    build(fresh)
    if COMPILER.findall(fresh.read_bytes()) != COMPILER.findall(PROGRAM.read_bytes()):
        pytest.skip("the demo was built by another version of clang")
    assert fresh.read_bytes() == PROGRAM.read_bytes()


def test_the_program_names_no_folder_of_a_builder() -> None:
    paths = set(re.findall(rb"/(?:home|root|tmp|work|build)[/\w.-]*", PROGRAM.read_bytes()))
    assert paths <= {b"/build"}, paths


def test_the_program_runs() -> None:
    command = [sys.executable, "-m", "gdbstub", "run", str(PROGRAM), "reader"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == EXPECTED


def test_the_instructions_name_the_source_folder_and_the_address() -> None:
    text = instructions(":4321")
    assert "target remote 127.0.0.1:4321" in text
    assert "connect://127.0.0.1:4321" in text
    assert text.count(str(FOLDER)) == 2
    assert SOURCE.parent == FOLDER


def test_a_wrong_word_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fast"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "usage: gdbstub demo [--drive] [[HOST]:PORT]\n"


def test_a_session_that_does_not_show_everything_has_failed() -> None:
    with pytest.raises(SessionFailed, match="Saturn"):
        check_session(SESSIONS["gdb"], "nothing")


@pytest.mark.limit(150)
@pytest.mark.parametrize("debugger", sorted(SESSIONS))
def test_the_scripted_session_works(debugger: str) -> None:
    path = SESSIONS[debugger].find()
    if path is None:
        pytest.skip(f"{debugger} is not installed")
    command = [
        sys.executable,
        "-c",
        f"from gdbstub.demo.drive import drive; exit(drive(['{debugger}']))",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=140)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"it worked: {debugger}" in done.stdout
