"""A client of the Debug Adapter Protocol, for lldb-dap."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.lldb.session import TIME_LIMIT

LLDB_DAP = "lldb-dap-22"

Message = dict[str, Any]


class Refused(Exception):
    """A request that the adapter answered with an error."""


class Adapter:
    """A running adapter; requests are made one after the other, events are kept until asked for."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._buffer = b""
        self._sequence = 0
        self._events: list[Message] = []
        self._responses: dict[int, Message] = {}
        self.output = ""
        """What was shown on the debug console and by the program."""

    def send(self, command: str, **arguments: object) -> int:
        """Send a request; return its number."""
        assert self._process.stdin is not None
        self._sequence += 1
        request = {"seq": self._sequence, "type": "request", "command": command}
        body = json.dumps({**request, "arguments": arguments}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()
        return self._sequence

    def answer(self, number: int) -> Message:
        """Wait for the answer to a request; return its body. Raises `Refused`."""
        while number not in self._responses:
            self._take()
        response = self._responses.pop(number)
        if not response["success"]:
            raise Refused(
                f"{response['command']}: {response.get('message')} {response.get('body')}"
            )
        return dict(response.get("body") or {})

    def ask(self, command: str, **arguments: object) -> Message:
        """Make a request and wait for its answer."""
        return self.answer(self.send(command, **arguments))

    def event(self, name: str) -> Message:
        """Wait for an event, dropping those before it; return its body."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if event["event"] == name:
                    return dict(event.get("body") or {})
            self._take()

    def shows(self, text: str) -> None:
        """Wait until a text has been shown, on the debug console or by the program."""
        while text not in self.output:
            self._take()

    def _take(self) -> None:
        message = self._read()
        if message["type"] == "response":
            self._responses[message["request_seq"]] = message
        elif message["type"] == "event" and message["event"] == "output":
            self.output += message["body"]["output"]
        elif message["type"] == "event":
            self._events.append(message)

    def _read(self) -> Message:
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        length = int(head.partition(b":")[2])
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return dict(json.loads(body))

    def _more(self) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        limit = time.monotonic() + TIME_LIMIT
        ready, _, _ = select.select([descriptor], [], [], max(limit - time.monotonic(), 0))
        data = os.read(descriptor, 0x10000) if ready else b""
        assert data, f"the adapter says nothing more; so far: {self.output}"
        self._buffer += data


@contextmanager
def adapter() -> Iterator[Adapter]:
    """Start an adapter and introduce ourselves."""
    process = subprocess.Popen(
        [LLDB_DAP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        client = Adapter(process)
        client.ask(
            "initialize",
            adapterID="lldb-dap",
            pathFormat="path",
            linesStartAt1=True,
            columnsStartAt1=True,
        )
        yield client
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
