"""Runs inside lldb: connects, gives the commands of a session, and prints what each took as a line of JSON.

lldb reads this file with `command script import`; PORT, and PACKETS for the log of its packets, come by
environment variables.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

LANGUAGE = "settings set target.language c"
STOPS = 5
NEXTS = 6


class Session:
    """One session of lldb, whose every act is measured."""

    def __init__(self, debugger: Any, packets: str | None) -> None:
        self._debugger = debugger
        self._log = None if packets is None else Path(packets)
        self._acts: list[dict[str, object]] = []
        debugger.SetAsync(False)

    def say(self, *commands: str) -> None:
        """Give commands that are not measured."""
        for command in commands:
            self._debugger.HandleCommand(command)

    def measure(self, act: str, *commands: str) -> None:
        """Give commands, and note their seconds and the packets that they took."""
        before = self._packets()
        start = time.perf_counter()
        self.say(*commands)
        seconds = time.perf_counter() - start
        self._acts.append({"act": act, "seconds": seconds, "packets": self._packets() - before})

    def _packets(self) -> int:
        text = "" if self._log is None or not self._log.exists() else self._log.read_text("latin-1")
        return text.count("send packet: $") + text.count("read packet: $")

    def report(self) -> None:
        """Print the acts, and where the session stands."""
        process = self._debugger.GetSelectedTarget().GetProcess()
        frame = process.GetSelectedThread().GetFrameAtIndex(0)
        line = frame.GetLineEntry().GetLine()
        sys.stdout.write(json.dumps({"acts": self._acts, "line": line}) + "\n")
        sys.stdout.flush()


def __lldb_init_module(debugger: Any, _: object) -> None:
    packets = os.environ.get("PACKETS")
    session = Session(debugger, packets)
    if packets is not None:
        session.say(f"log enable -f {packets} gdb-remote packets")
    session.say(LANGUAGE)
    address = f"connect://127.0.0.1:{os.environ['PORT']}"
    session.measure("connect", f"process connect --plugin wasm {address}")
    session.say("b fib", "c", "bt")  # lldb reads symbols for the first one
    for _number in range(STOPS):
        session.measure("breakpoint stop with bt", "c", "bt")
        session.measure("frame variable", "frame variable")
    session.measure("p *p", "p *p")
    session.measure("finish", "finish")
    session.say("breakpoint delete -f", "b sum_of_ages", "c")
    for _number in range(NEXTS):
        session.measure("n", "n")
    session.report()
    session.say("kill")
