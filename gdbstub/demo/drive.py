"""Scripted sessions on the bundled program: the debugger is a stock one, run as a user would run it.

A session is shown as it is printed and then checked: it worked when all that it must show is in it.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gdbstub.demo.build import FOLDER, PROGRAM

TIME_LIMIT = 120
LISTENING = re.compile(r"Listening on \S+:(\d+)")


class SessionFailed(Exception):
    """A session did not show what it must; the message says what is missing."""


@dataclass(frozen=True)
class Session:
    """One debugger's session: its names on PATH, its command line, and what must be printed."""

    programs: tuple[str, ...]
    command_line: Callable[[str, int], list[str]]
    shows: tuple[str, ...]

    def find(self) -> str | None:
        """Give the debugger's path, None where it is not installed."""
        return next(filter(None, map(shutil.which, self.programs)), None)


def gdb_options(address: str) -> list[str]:
    """Give what connects gdb: where the source is, and where the program is served."""
    return ["-d", str(FOLDER), "-ex", f"target remote {address}"]


def lldb_options(address: str) -> list[str]:
    """Give what connects lldb: where the source is, and where the program is served."""
    return [
        "-o",
        f"settings set target.source-map . {FOLDER}",
        "-o",
        f"process connect --plugin wasm connect://{address}",
    ]


GDB_COMMANDS = (
    "break weigh if body->moons == 146",
    "continue",
    "backtrace",
    "info args",
    "print *body",
    "print body->next->name",
    "print weighed",
    "set var body->mass = 1000",
    "finish",
    "delete",
    "break fibonacci if n == 1",
    "continue",
    "backtrace -2",
    "delete",
    "continue",
)

LLDB_COMMANDS = (
    "breakpoint set --name weigh --condition 'body->moons == 146'",
    "continue",
    "thread backtrace",
    "frame variable",
    "p *body",
    "p body->next->name",
    "p weighed",
    "breakpoint delete --force",
    "breakpoint set --name fibonacci --condition 'n == 1'",
    "continue",
    "thread backtrace --count 1",
    "expression n = 0",
    "next",
    "next",
    "frame variable n",
    "breakpoint delete --force",
    "continue",
)


def gdb_command_line(path: str, port: int) -> list[str]:
    """Give the command line of gdb's session."""
    commands = [word for command in GDB_COMMANDS for word in ("-ex", command)]
    return [path, "-nx", "-q", "-batch", *gdb_options(f"127.0.0.1:{port}"), *commands]


def lldb_command_line(path: str, port: int) -> list[str]:
    """Give the command line of lldb's session."""
    commands = [word for command in LLDB_COMMANDS for word in ("-o", command)]
    return [path, "--no-lldbinit", "--batch", *lldb_options(f"127.0.0.1:{port}"), *commands]


SESSIONS = {
    "gdb": Session(
        ("gdb",),
        gdb_command_line,
        (
            "name = 0x",
            '"Saturn"',
            '"Uranus"',
            "in main (argc=2",
            "Value returned",
            "exited normally",
        ),
    ),
    "lldb": Session(
        ("lldb-22", "lldb"),
        lldb_command_line,
        (
            '"Saturn"',
            '"Uranus"',
            "__main_argc_argv(argc=2",
            "stop reason = breakpoint",
            "exited with status = 0",
        ),
    ),
}


def start_server() -> tuple[subprocess.Popen[str], int]:
    """Start a server of the demo for one client, on a free port; give it and the port."""
    server = subprocess.Popen(
        [sys.executable, "-m", "gdbstub", "--once", "127.0.0.1:0", str(PROGRAM), "you"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    said = server.stderr.readline()
    found = LISTENING.match(said)
    if found is None:
        server.kill()
        server.communicate()
        raise SessionFailed(f"the server does not listen: {said.strip()}")
    return server, int(found[1])


def run_session(session: Session, path: str) -> str:
    """Run a session, showing what the debugger prints; give all of it."""
    server, port = start_server()
    printed = []
    command = session.command_line(path, port)
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as debugger:
            assert debugger.stdout is not None
            for line in debugger.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                printed.append(line)
        server.wait(TIME_LIMIT)
    finally:
        server.kill()
        server.communicate()
    return "".join(printed)


def check_session(session: Session, printed: str) -> None:
    """Raise `SessionFailed` unless everything is there that must be."""
    missing = [text for text in session.shows if text not in printed]
    if missing:
        raise SessionFailed("not shown: " + ", ".join(map(repr, missing)))


def drive(only: Sequence[str] = ()) -> int:
    """Run the session of every debugger on PATH; give the exit status, 0 when all worked."""
    found = {
        name: path
        for name, session in SESSIONS.items()
        if name in (only or SESSIONS) and (path := session.find()) is not None
    }
    if not found:
        sys.stderr.write("gdbstub demo: neither gdb nor lldb is on PATH\n")
        return 1
    status = 0
    for name, path in found.items():
        sys.stdout.write(f"==== {name}: {path}\n")
        sys.stdout.flush()
        try:
            check_session(SESSIONS[name], run_session(SESSIONS[name], path))
        except SessionFailed as failure:
            sys.stderr.write(f"gdbstub demo: {name}: {failure}\n")
            status = 1
    if status == 0:
        sys.stdout.write(f"==== it worked: {' and '.join(found)}\n")
    return status
