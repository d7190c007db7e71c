"""Sessions of the stock lldb with our server, and with the same program built natively."""

from __future__ import annotations

import json
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
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from tests.guests.build import Guest
from tests.serving import serving

LLDB = "lldb-22"
_INSIDE = Path(__file__).with_name("inside.py")
TIME_LIMIT = 100
"""Seconds that a session may take, or one command of an interactive one: for a machine with much else to do."""
_STOP = re.compile(r"frame #0: 0x[0-9a-f]+ \S+`([^( ]+).* at (\S+?):(\d+)")
_FRAME = re.compile(r"frame #\d+: 0x[0-9a-f]+ \S+`([^( ]+).* at (\S+?):(\d+)")

PATIENT = (f"settings set plugin.process.gdb-remote.packet-timeout {TIME_LIMIT}",)
"""lldb gives a server up that takes five seconds for an answer, which a busy machine can make of any."""

LANGUAGE = ("settings set target.language c",)
"""Without it lldb (22) aborts at an expression in a frame without debug information."""


ENDED = (
    "script import time; process = lldb.debugger.GetSelectedTarget().process",
    "script while process.is_alive: time.sleep(0.01)",
)
"""Commands that wait until lldb has the guest for ended, or for detached.

`kill` and `detach` come back before their events have gone through it.
"""

_RUNNING = (
    ENDED[0],
    "script while process.state != lldb.eStateRunning: time.sleep(0.01)",
)


@dataclass(frozen=True)
class Results:
    """What lldb printed for each command, and by itself; all of that; and what the program wrote."""

    outputs: list[tuple[str, str]]
    events: str
    text: str
    guest: str = ""

    def __getitem__(self, command: str) -> str:
        """Return the output of a command, of the last one where it was given twice."""
        return next(text for said, text in reversed(self.outputs) if said == command).strip()

    def all(self, command: str) -> list[str]:
        """Return the outputs of every command of this wording."""
        return [text.strip() for said, text in self.outputs if said == command]

    def stops(self) -> list[tuple[str, int] | None]:
        """Return function and line of every stop when it was shown, None where there is no line."""
        found: list[tuple[str, int] | None] = []
        for said, text in self.outputs:
            if said.startswith(("process connect", "process status")):
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


def lldb(
    commands: Sequence[str],
    program: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Results:
    """Run a session of lldb, with our own environment variables or with these.

    A command that fails does not end it.
    """
    with TemporaryDirectory() as folder:
        said, script, record = (Path(folder) / name for name in ("said", "script", "record"))
        said.write_text("".join(f"{command}\n" for command in commands))
        saying = (
            f"script inside.say({number}, {str(said)!r}, {str(record)!r})\n"
            for number in range(len(commands))
        )
        prologue = (*PATIENT, f"command script import {_INSIDE}")
        script.write_text("".join((*(f"{line}\n" for line in prologue), *saying)))
        words = [LLDB, "-b", "-x", "-o", f"command source -e false -c false {script}"]
        text = subprocess.run(
            [*words, *([] if program is None else [program])],
            executable=shutil.which(LLDB),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIME_LIMIT,
            env=variables,
            check=False,
        ).stdout
        assert record.exists(), text
        rows = [json.loads(line) for line in record.read_text().splitlines()]
    outputs = [(row[0].strip(), row[1]) for row in rows if len(row) == 2]
    given = [row[0] for row in rows if len(row) == 1]
    assert given == list(commands), text
    transcript = "".join(f"(lldb) {said}\n{output}" for said, output in outputs)
    return Results(outputs, text, f"{transcript}\n{text}")


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
    """Run a session with the native twin, which a first `c` starts."""
    with NamedTemporaryFile("r") as output:
        setup = (
            f"settings set -- target.run-args {' '.join(arguments)}",
            f"settings set target.output-path {output.name}",
        )
        said = [*setup, *commands]
        at = said.index("c")
        said[at] = "run"
        results = lldb(said, str(twin.program))
        results.outputs[at] = ("c", results.outputs[at][1])
        return replace(results, guest=output.read())


class Terminal:
    """An interactive lldb."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._seen = ""

    def expect(self, pattern: str, patience: float = TIME_LIMIT) -> str:
        """Wait until the output matches, at most so many seconds; return it up to there."""
        limit = time.monotonic() + patience
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

    def say(self, command: str, pattern: str, patience: float = TIME_LIMIT) -> str:
        """Give a command and wait until the output matches."""
        os.write(self._descriptor, command.encode() + b"\n")
        return self.expect(pattern, patience)

    def go_on(self) -> None:
        """Let the guest go on, until lldb has it for running: a Ctrl-C before that is lost on its prompt."""
        self.say("c", r"resuming\s")
        for command in _RUNNING:
            self.say(command, r"\(lldb\) ")
        self.say("script print('it', 'runs')", r"it runs\s+\(lldb\) ")

    def interrupt(self, pattern: str, patience: float = TIME_LIMIT) -> str:
        """Press Ctrl-C, once: lldb ends at a second one that comes while it sees to the first."""
        os.write(self._descriptor, b"\x03")
        return self.expect(pattern, patience)


FIRST_STOP = r"stop reason = trace[^$]*?end "
"""What is shown of where a program made by a linker starts."""


@contextmanager
def typing(variables: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """Start an interactive lldb, with our own environment variables or with these."""
    process, descriptor = pty.fork()
    if process == 0:
        environment = {**(os.environ if variables is None else variables), "TERM": "dumb"}
        os.execve(shutil.which(LLDB) or LLDB, [LLDB, "-x", "--no-use-colors"], environment)
    try:
        lldb = Terminal(descriptor)
        lldb.expect(r"\(lldb\) ")
        for command in (*PATIENT, *LANGUAGE, "settings set auto-confirm true"):
            lldb.say(command, r"\n\(lldb\) ")
        yield lldb
    finally:
        os.close(descriptor)  # hangs it up
        os.waitpid(process, 0)


@contextmanager
def terminal(port: int, connected: str = FIRST_STOP) -> Iterator[Terminal]:
    """Start an interactive lldb and connect it, which shows text that matches `connected`."""
    with typing() as lldb:
        lldb.say(connecting(port), connected)
        yield lldb
