"""A session over standard input and output, as one over SSH is: what gdb sees, and where output goes."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.gdb.session import plain
from tests.guests.build import Guest, build_native_twin
from tests.guests.fixtures import Builder
from tests.serving import TIME_LIMIT

COMMANDS = ("break fib", "continue", "print n", "print counter", "delete", "continue")


def session(server: str, guest: Guest) -> subprocess.CompletedProcess[str]:
    """Let gdb start a server, and the guest read what there is."""
    words = ["gdb", "-nx", "-batch", "-ex", f"target remote | {server} - {guest.program} read"]
    for command in COMMANDS:
        words += ["-ex", command]
    return subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT,
        check=True,
    )


def test_it_is_as_with_gdbserver(guest: Builder) -> None:
    ours = session(f"{sys.executable} -m gdbstub", guest("session"))
    native = session("gdbserver", build_native_twin("session"))
    for ran in (ours, native):
        text = plain(ran.stdout)
        assert "Breakpoint 1, fib (n=6, " in text
        assert "$1 = 6\n$2 = 0\n" in text
        assert "exited normally]" in text
    # The program's input is empty, and its output is not mixed with packets.
    assert printed(ours) == printed(native)
    assert printed(ours)[-1].startswith("read ")


def printed(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines that the program printed."""
    return [line for line in ran.stderr.splitlines() if re.match("hello|ages|read", line)]
