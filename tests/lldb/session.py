"""Sessions of the stock lldb with our server, and with the same program built natively."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from tempfile import NamedTemporaryFile

from tests.guests.build import Guest
from tests.serving import serving

LLDB = "lldb-22"
TIME_LIMIT = 50
_STOP = re.compile(r"frame #0: 0x[0-9a-f]+ \S+`([^( ]+).* at (\S+?):(\d+)")
_FRAME = re.compile(r"frame #\d+: 0x[0-9a-f]+ \S+`([^( ]+).* at (\S+?):(\d+)")

LANGUAGE = ("settings set target.language c",)
"""Without it lldb (22) aborts at an expression in a frame without debug information."""


@dataclass(frozen=True)
class Results:
    """What lldb printed for each command, and what the program wrote."""

    outputs: list[tuple[str, str]]
    text: str
    guest: str = ""

    def __getitem__(self, command: str) -> str:
        """Return the output of a command, of the last one where it was given twice."""
        return next(text for said, text in reversed(self.outputs) if said == command).strip()

    def all(self, command: str) -> list[str]:
        """Return the outputs of every command of this wording."""
        return [text.strip() for said, text in self.outputs if said == command]

    def stops(self) -> list[tuple[str, int] | None]:
        """Return function and line of every stop that was shown, None where there is no line."""
        found: list[tuple[str, int] | None] = []
        for said, text in self.outputs:
            if said.startswith("process connect"):
                continue
            if "stop reason" in text and "* frame #0" not in text:
                match = _STOP.search(text)
                found.append((named(match[1]), int(match[3])) if match else None)
        return found


def named(function: str) -> str:
    """Give the name that a function has in C: main is called by its arguments in Wasm."""
    return "main" if function in ("__main_argc_argv", "__original_main") else function


def frames(text: str) -> list[tuple[str, int]]:
    """Return function and line of the frames that `bt` shows, as far as they have lines."""
    return [(named(match[1]), int(match[3])) for match in _FRAME.finditer(text)]


def plain(text: str) -> str:
    """Return lldb's text without addresses, which must differ."""
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def _lldb(
    words: Sequence[str], commands: Sequence[str], variables: Mapping[str, str] | None
) -> str:
    """Run lldb with commands out of a file: so read, one that fails does not end the session."""
    with NamedTemporaryFile("w", suffix=".lldb") as script:
        script.write("".join(command + "\n" for command in commands))
        script.flush()
        source = f"command source -e false -c false {script.name}"
        return subprocess.run(
            [shutil.which(LLDB) or LLDB, "-b", "-x", *words, "-o", source],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
            env=variables,
            check=False,
        ).stdout


def lldb(
    commands: Sequence[str],
    program: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Results:
    """Run a session of lldb, with our own environment variables or with these."""
    text = _lldb([program] if program is not None else [], commands, variables)
    _, _, executed = text.partition("Executing commands in ")
    parts = re.split(r"^\(lldb\) ", executed, flags=re.MULTILINE)[1:]
    outputs = []
    for part in parts:
        said, _, output = part.partition("\n")
        outputs.append((said.strip(), output))
    assert [said for said, _ in outputs] == [command.strip() for command in commands], text
    return Results(outputs, text)


def connecting(port: int) -> str:
    """Give the command that connects."""
    return f"process connect --plugin wasm connect://127.0.0.1:{port}"


def debug(
    guest: Guest,
    commands: Sequence[str],
    *arguments: str,
    setup: Sequence[str] = LANGUAGE,
) -> Results:
    """Run a session with our server."""
    with serving(guest, *arguments) as server:
        results = lldb([*setup, connecting(server.port), *commands])
        return replace(results, guest=server.output())


def debug_natively(twin: Guest, commands: Sequence[str], *arguments: str) -> Results:
    """Run a session with the native twin; a first `c` starts it, and its output is not kept apart."""
    said = [f"settings set -- target.run-args {' '.join(arguments)}", *commands]
    at = said.index("c")
    said[at] = "run"
    results = lldb(said, str(twin.program))
    results.outputs[at] = ("c", results.outputs[at][1])
    return results


_PRESSED_AGAIN = 5.0
"""Seconds that a user waits before pressing Ctrl-C again."""


class Terminal:
    """An interactive lldb."""

    def __init__(self, descriptor: int, patience: float) -> None:
        """`patience` is how many seconds any output may take."""
        self._descriptor = descriptor
        self._patience = patience
        self._seen = ""

    def expect(self, pattern: str, patience: float | None = None) -> str:
        """Wait until the output matches; return it up to there."""
        limit = time.monotonic() + (patience or self._patience)
        while (match := re.search(pattern, self._seen)) is None:
            left = limit - time.monotonic()
            ready, _, _ = select.select([self._descriptor], [], [], max(left, 0))
            data = self._read() if ready else b""
            assert data, f"no {pattern!r} in: {self._seen}"
            self._seen += data.decode(errors="replace")
        before, self._seen = self._seen[: match.end()], self._seen[match.end() :]
        return before

    def _read(self) -> bytes:
        try:
            return os.read(self._descriptor, 0x10000)
        except OSError:
            return b""  # lldb is gone

    def say(self, command: str, pattern: str) -> str:
        """Give a command and wait until its output matches."""
        os.write(self._descriptor, command.encode() + b"\n")
        return self.expect(pattern)

    def interrupt(self, pattern: str, patience: float | None = None) -> str:
        """Press Ctrl-C; again where nothing comes of it.

        lldb drops one that is pressed just after it resumed, before it hands the terminal over: the
        server never hears of it.
        """
        limit = time.monotonic() + (patience or self._patience)
        while True:
            os.write(self._descriptor, b"\x03")
            try:
                return self.expect(pattern, min(_PRESSED_AGAIN, limit - time.monotonic()))
            except AssertionError:
                if time.monotonic() + _PRESSED_AGAIN > limit:
                    raise


FIRST_STOP = r"stop reason = trace[^$]*?end "
"""What is shown of where a program made by a linker starts."""


@contextmanager
def terminal(
    port: int, connected: str = FIRST_STOP, patience: float = TIME_LIMIT
) -> Iterator[Terminal]:
    """Start an interactive lldb and connect it, which shows text that matches `connected`."""
    process, descriptor = pty.fork()
    if process == 0:
        environment = {**os.environ, "TERM": "dumb"}
        os.execvpe(LLDB, [LLDB, "-x", "--no-use-colors"], environment)
    try:
        lldb = Terminal(descriptor, patience)
        lldb.expect(r"\(lldb\) ")
        for command in (*LANGUAGE, "settings set auto-confirm true"):
            lldb.say(command, r"\n\(lldb\) ")
        lldb.say(connecting(port), connected)
        yield lldb
    finally:
        os.close(descriptor)  # hangs it up
        os.waitpid(process, 0)
