"""The port that lldb's platform names: open before the rest is loaded, whatever else there is to say."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gdbstub.__main__ import listen_early
from jit import wat2wasm

ROOT = Path(__file__).parents[2]

EARLY = """
import sys
from gdbstub.__main__ import listen_early
waiting = listen_early(["--gdb=0"])
print(waiting.getsockname()[1], *({"jit", "trio", "gdbstub.cli"} & set(sys.modules)), flush=True)
sys.stdin.readline()
from gdbstub.cli import main
sys.exit(main([f"--gdb={waiting.getsockname()[1]}", sys.argv[1]], waiting))
"""


def test_a_client_that_comes_before_the_rest_is_loaded_is_served(tmp_path: Path) -> None:
    program = tmp_path / "seven.wasm"
    program.write_bytes(wat2wasm('(module (func (export "_start")))'))
    with subprocess.Popen(
        [sys.executable, "-c", EARLY, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            assert process.stdin is not None and process.stdout is not None
            port, *loaded = process.stdout.readline().split()
            assert not loaded
            with socket.create_connection(("127.0.0.1", int(port))) as client:
                client.sendall(b"+$QStartNoAckMode#b0")
                process.stdin.write("go on\n")
                process.stdin.flush()
                received = b""
                while not received.endswith(b"$OK#9a"):
                    data = client.recv(100)
                    assert data, received
                    received += data
                client.sendall(b"+$k#6b")
            assert process.wait() == 137
        finally:
            process.kill()


@pytest.mark.parametrize(
    "words",
    [
        (),
        (":1234", "prog.wasm"),
        ("run", "--gdb=0", "prog.wasm"),
        ("--gdb", "0", "prog.wasm"),
        ("--gdb=", "prog.wasm"),
        ("--gdb=localhost:0", "prog.wasm"),
        ("--gdb=65536", "prog.wasm"),
        ("--gdb=\u0663", "prog.wasm"),
    ],
)
def test_other_words_wait_their_turn(words: tuple[str, ...]) -> None:
    assert listen_early(words) is None


def test_a_port_that_is_taken_is_left_to_the_command_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert listen_early([f"--gdb={other.getsockname()[1]}"]) is None
