"""A client of gdb's machine interface, as editors are: commands with tokens, results as values.

The output syntax is in the GDB manual, "GDB/MI Output Syntax".
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_RECORD = re.compile(r"(\d*)([\^*=])([a-z-]+)(?:,(.*))?\Z", re.DOTALL)
_NAME = re.compile(r"([\w-]+)=")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "e": "\033"}


class MiError(Exception):
    """A command's result is `^error`; the message is gdb's."""


@dataclass(frozen=True)
class Record:
    """A record: `kind` is ^, * or =, `name` its class (done, stopped...), `values` its results."""

    token: str
    kind: str
    name: str
    values: dict[str, Any]


def parse_record(line: str) -> Record | None:
    """Read an output line; None for streams and prompts."""
    match = _RECORD.match(line)
    if match is None:
        return None
    token, kind, name, rest = match.groups()
    values, end = _results(rest or "", 0)
    assert end == len(rest or ""), line
    return Record(token, kind, name, values)


def _results(text: str, at: int) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    while match := _NAME.match(text, at):
        values[match[1]], at = _value(text, match.end())
        if text[at : at + 1] == ",":
            at += 1
    return values, at


def _value(text: str, at: int) -> tuple[Any, int]:
    if text[at] == "{":
        values, at = _results(text, at + 1)
        return values, at + 1
    if text[at] == "[":
        return _list(text, at + 1)
    match = _STRING.match(text, at)
    assert match is not None, text[at : at + 40]
    return _ESCAPE.sub(_unescaped, match[1]), match.end()


def _list(text: str, at: int) -> tuple[list[Any], int]:
    """Read a list of values, or of results, whose names are left out."""
    items = []
    while text[at] != "]":
        match = _NAME.match(text, at)
        item, at = _value(text, match.end() if match else at)
        items.append(item)
        if text[at] == ",":
            at += 1
    return items, at + 1


def _unescaped(match: re.Match[str]) -> str:
    if len(match[1]) == 3:
        return chr(int(match[1], 8))
    return _ESCAPED.get(match[1], match[1])


@dataclass
class Mi:
    """A running gdb. `notices` are the = records so far, `shown` what it and its target printed."""

    process: subprocess.Popen[str]
    notices: list[Record] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    _stops: list[Record] = field(default_factory=list)
    _tokens: int = 0

    def __call__(self, command: str) -> dict[str, Any]:
        """Give a command and return its results. Raises `MiError`."""
        self._tokens += 1
        token = str(self._tokens)
        assert self.process.stdin is not None
        self.process.stdin.write(f"{token}{command}\n")
        self.process.stdin.flush()
        while True:
            record = self._next()
            if record.kind == "^" and record.token == token:
                if record.name == "error":
                    raise MiError(record.values["msg"])
                return record.values

    def console(self, command: str) -> str:
        """Give a command of the command line and return what it printed."""
        start = len(self.shown)
        quoted = command.replace("\\", "\\\\").replace('"', '\\"')
        self(f'-interpreter-exec console "{quoted}"')
        return "".join(self.shown[start:])

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def stop(self) -> dict[str, Any]:
        """Wait for the next stop and return its results."""
        while not self._stops:
            self._next()
        return self._stops.pop(0).values

    def resume(self, command: str) -> dict[str, Any]:
        """Give a command that resumes and wait for the stop."""
        self(command)
        return self.stop()

    def _next(self) -> Record:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            line = line.rstrip("\n")
            record = parse_record(line)
            if record is None:
                if line[:1] in ("~", "@"):
                    self.shown.append(_value(line, 1)[0])
                continue
            if record.kind == "=":
                self.notices.append(record)
            elif record.name == "stopped":
                self._stops.append(record)
            return record
        raise AssertionError("gdb ended: " + "".join(self.shown))


@contextmanager
def mi(*options: str) -> Iterator[Mi]:
    """Start a gdb that is driven by its machine interface."""
    process = subprocess.Popen(
        ["gdb", "-nx", "-q", "--interpreter=mi3", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Mi(process)
    finally:
        process.kill()
        process.communicate()
