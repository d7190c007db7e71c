"""The examples: they run, and they print what their texts say."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guests.build import NoCompiler, build_guest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WALKTHROUGH = EXAMPLES / "walkthrough"
LISTENING = re.compile(r"Listening on (\S+)")


def test_breakpoints() -> None:
    command = [sys.executable, "-m", "examples.breakpoints"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "stop 1: fibonacci(9), 6 frames deep" in done.stdout
    assert "stop 4:" in done.stdout
    assert "stop 5:" not in done.stdout
    assert "fibonacci(9) = 5" in done.stdout  # its argument was made 5


def run_example(name: str) -> str:
    """Run an example and give what it printed."""
    command = [sys.executable, "-m", f"examples.{name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_host_functions() -> None:
    assert run_example("host_functions") == "hello\nsum(1, 4) = 20\n"


def test_debugger() -> None:
    assert run_example("debugger").splitlines() == [
        "(func $sum              {'from': 1, 'to': 3, 'total': 0}",
        "hello",
        "local.set $total        {'from': 1, 'to': 3, 'total': 2}",
        "the tracer: total is 100 now",
        "local.set $from         {'from': 2, 'to': 3, 'total': 100}",
        "local.set $total        {'from': 2, 'to': 3, 'total': 104}",
        "local.set $from         {'from': 3, 'to': 3, 'total': 104}",
        "local.set $total        {'from': 3, 'to': 3, 'total': 110}",
        "local.set $from         {'from': 4, 'to': 3, 'total': 110}",
        "sum(1, 3) = 110",
    ]


def sessions() -> list[tuple[str, list[str]]]:
    """Give the walk-through's sessions: gdb's commands, and what must be printed."""
    text = (WALKTHROUGH / "README.md").read_text()
    blocks = re.findall(r"^```(gdb|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert [kind for kind, _ in blocks] == ["gdb", "text"] * (len(blocks) // 2)
    return [
        (commands, shown.splitlines())
        for (_, commands), (_, shown) in zip(blocks[::2], blocks[1::2], strict=True)
    ]


def walk(program: Path, commands: Path) -> str:
    """Serve a program once, run gdb's commands on it, and give what both printed."""
    server = subprocess.Popen(
        [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        listening = LISTENING.match(server.stderr.readline())
        assert listening is not None
        connect = f"target remote {listening[1]}"
        gdb = ["gdb", "-nx", "-q", "-batch", "-ex", connect, "-x", str(commands)]
        done = subprocess.run(gdb, capture_output=True, text=True, check=False, timeout=50)
        printed, _ = server.communicate(timeout=20)
        return done.stdout + printed
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize("number", range(len(sessions())))
def test_the_walkthrough(number: int, tmp_path: Path) -> None:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    try:
        program = build_guest("longest", folder=WALKTHROUGH).program
    except NoCompiler as missing:
        pytest.skip(str(missing))
    commands, shown = sessions()[number]
    script = tmp_path / "commands.gdb"
    script.write_text(commands)
    printed = walk(program, script).replace(f"{WALKTHROUGH}/", "")
    for line in shown:
        assert line in printed, printed
