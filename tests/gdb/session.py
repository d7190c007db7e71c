"""Sessions of the stock gdb with our server, and with gdbserver on the same program built natively."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import IO

from tests.guests.build import Guest

TIME_LIMIT = 50
_MARK = "@@@"
_LISTENING = re.compile(r"Listening on (?:port (\d+)|\S+?:(\d+) )")
_RESUMES = re.compile(r"> vCont;[cr]|> [cC]")


@dataclass
class Server:
    """A server process: its port, and the lines of its stderr as they come."""

    process: subprocess.Popen[str]
    port: int
    lines: SimpleQueue[str | None]
    seen: list[str] = field(default_factory=list)

    def wait_for_resumes(self, count: int) -> None:
        """Wait until the guest has been resumed `count` times (needs the log of packets)."""
        while count:
            line = self.lines.get(timeout=TIME_LIMIT)
            if line is None:
                raise AssertionError("the server ended: " + "".join(self.seen))
            self.seen.append(line)
            count -= bool(_RESUMES.match(line))

    def send(self, text: str) -> None:
        """Give the guest a line to read."""
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end_input(self) -> None:
        """Let the guest's next read find the end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def output(self) -> str:
        """Wait for the server's end; return what the guest wrote."""
        return self.process.communicate(timeout=TIME_LIMIT)[0]


def _pump(stream: IO[str], lines: SimpleQueue[str | None]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


@contextmanager
def _server(words: Sequence[str]) -> Iterator[Server]:
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines: SimpleQueue[str | None] = SimpleQueue()
    seen = []
    assert process.stderr is not None
    pump = Thread(target=_pump, args=(process.stderr, lines), daemon=True)
    pump.start()
    try:
        while (line := lines.get(timeout=TIME_LIMIT)) is not None:
            seen.append(line)
            if found := _LISTENING.search(line):
                process.stderr = None  # the pump's alone
                yield Server(process, int(found[1] or found[2]), lines, seen)
                return
        raise AssertionError("the server ended: " + "".join(seen))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        pump.join()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def serving(
    guest: Guest, *arguments: str, options: Sequence[str] = (), once: bool = True
) -> Iterator[Server]:
    """Serve a guest with our server, on a free port; to one client, if `once`."""
    words = [sys.executable, "-m", "gdbstub", *(["--once"] * once), *options, "127.0.0.1:0"]
    with _server([*words, str(guest.program), *arguments]) as server:
        yield server


@contextmanager
def serving_natively(twin: Guest, *arguments: str) -> Iterator[Server]:
    """Serve the native twin with gdbserver."""
    words = ["gdbserver", "--once", "127.0.0.1:0", str(twin.program), *arguments]
    with _server(words) as server:
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
