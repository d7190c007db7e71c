"""Sessions of the stock gdb with our server, and with gdbserver on the same program built natively."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import tests.serving
from tests.guests.build import Guest
from tests.serving import TIME_LIMIT, Server

_MARK = "@@@"


@contextmanager
def serving(
    guest: Guest, *arguments: str, options: Sequence[str] = (), once: bool = True
) -> Iterator[Server]:
    """Serve a guest with our server, on a free port; to one client, if `once`."""
    words = [*(["--once"] * once), *options]
    with tests.serving.serving(guest, *arguments, options=words) as server:
        yield server


@contextmanager
def serving_natively(twin: Guest, *arguments: str) -> Iterator[Server]:
    """Serve the native twin with gdbserver."""
    words = ["gdbserver", "--once", "127.0.0.1:0", str(twin.program), *arguments]
    with tests.serving.server(words) as server:
        yield server


class Gdb:
    """A batch session of gdb; each command's output by its number."""

    def __init__(
        self, port: int, commands: Sequence[str], *options: str, target: str = "remote"
    ) -> None:
        words = ["gdb", "-nx", "-batch", *options, "-ex", f"target {target} 127.0.0.1:{port}"]
        for command in commands:
            words += ["-ex", f"echo {_MARK}\\n", "-ex", command]
        words += ["-ex", f"echo {_MARK}\\n"]
        self._commands = commands
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def results(self, limit: float = TIME_LIMIT) -> Results:
        """Wait for the end of the session, up to `limit` seconds."""
        try:
            text = self.process.communicate(timeout=limit)[0]
        finally:
            self.process.kill()
        connecting, *outputs, _ = text.split(f"{_MARK}\n")
        assert len(outputs) == len(self._commands), text
        return Results(connecting, list(zip(self._commands, outputs, strict=True)), text)


@dataclass(frozen=True)
class Results:
    """What gdb printed: while connecting, for each command, and all of it."""

    connecting: str
    outputs: list[tuple[str, str]]
    text: str

    def __getitem__(self, command: str) -> str:
        """Return the output of a command, of the last one where it was given twice."""
        return next(text for said, text in reversed(self.outputs) if said == command).strip()

    def all(self, command: str) -> list[str]:
        """Return the outputs of every command of this wording."""
        return [text.strip() for said, text in self.outputs if said == command]


def debug(guest: Guest, commands: Sequence[str], *arguments: str) -> Results:
    """Run a session with our server; the guest has nothing to read."""
    with serving(guest, *arguments) as server:
        server.end_input()
        return Gdb(server.port, commands).results()


def debug_natively(twin: Guest, commands: Sequence[str], *arguments: str) -> Results:
    """Run the same session with gdbserver and the native twin.

    There gdb evaluates conditions itself: gdbserver 13 gets locations in clang's frames wrong.
    """
    host = ("-iex", "set breakpoint condition-evaluation host")
    with serving_natively(twin, *arguments) as server:
        server.end_input()
        return Gdb(server.port, commands, *host).results()


def plain(text: str) -> str:
    """Return gdb's text without what must differ: addresses, and the places they are printed at."""
    text = re.sub(r"Reading \S+ from remote target...\n", "", text).strip()
    text = re.sub(r"warning: Source file is more recent than executable.\n", "", text)
    text = re.sub(r"0x[0-9a-f]+( in)? ?", "", text)
    return re.sub(r"<([\w.]+)(\+\d+)?>", r"<\1>", text)
