"""A server process on a free port, our command line or gdbserver, for sessions of real debuggers."""

from __future__ import annotations

import re
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
_LISTENING = re.compile(r"Listening on (?:port (\d+)|\S+?:(\d+) )")
_RESUMES = re.compile(r"> vCont;[cr]|> [cC]")


@dataclass
class Server:
    """A server process: its port, and the lines of its stderr as they come."""

    process: subprocess.Popen[str]
    port: int
    lines: SimpleQueue[str | None]
    seen: list[str] = field(default_factory=list)

    def send(self, text: str) -> None:
        """Give the guest something to read."""
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

    def wait_for(self, packet: str) -> None:
        """Wait until a packet has come (needs the log of packets)."""
        while (line := self.lines.get(timeout=TIME_LIMIT)) is not None:
            self.seen.append(line)
            if line == f"> {packet}\n":
                return
        raise AssertionError("the server ended: " + "".join(self.seen))

    def wait_for_output(self) -> None:
        """Wait until a client is shown text (needs the log of packets)."""
        while (line := self.lines.get(timeout=TIME_LIMIT)) is not None:
            self.seen.append(line)
            if line.startswith("< O") and line != "< OK\n":
                return
        raise AssertionError("the server ended: " + "".join(self.seen))

    def wait_for_resumes(self, count: int) -> None:
        """Wait until the guest has been resumed `count` times (needs the log of packets)."""
        while count:
            line = self.lines.get(timeout=TIME_LIMIT)
            if line is None:
                raise AssertionError("the server ended: " + "".join(self.seen))
            self.seen.append(line)
            count -= bool(_RESUMES.match(line))

    def log(self) -> list[str]:
        """Return all lines of stderr, once the server has ended."""
        while (line := self.lines.get(timeout=TIME_LIMIT)) is not None:
            self.seen.append(line)
        return self.seen


def _pump(stream: IO[str], lines: SimpleQueue[str | None]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)


@contextmanager
def serving(
    guest: Guest, *arguments: str, options: Sequence[str] = ("--once",)
) -> Iterator[Server]:
    """Serve a guest."""
    words = [sys.executable, "-m", "gdbstub", *options, "127.0.0.1:0", str(guest.program)]
    with server([*words, *arguments]) as started:
        yield started


@contextmanager
def server(words: Sequence[str]) -> Iterator[Server]:
    """Start a server, ours or gdbserver, and wait until it listens."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
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
