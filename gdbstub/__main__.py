"""The command itself: `gdbstub`, `python -m gdbstub`.

lldb's platform tries for five seconds to connect to the runtime it has started, on whatever a machine
is busy with.  So the port that it names is open before anything else is loaded: lldb waits in line.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

_HIGHEST = 0xFFFF
_STANDARD = range(3)


def main() -> int:
    """Do what the command line says; return the exit status."""
    waiting = listen_early(sys.argv[1:])
    from gdbstub.cli import main as command  # noqa: PLC0415

    return command(waiting=waiting)


def listen_early(words: Sequence[str]) -> socket.socket | None:
    """Listen where the first word says as lldb's platform does, `--gdb=PORT`; None if it does not.

    What is wrong with it, the command line tells when it comes to that.
    """
    option, _, port = words[0].partition("=") if words else ("", "", "")
    if option != "--gdb" or not (port.isascii() and port.isdigit() and len(port) <= len("65535")):
        return None
    number = int(port)
    if number > _HIGHEST:
        return None
    waiting = socket.socket()
    try:
        waiting.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        waiting.bind(("127.0.0.1", number))
        waiting.listen()
    except OSError:
        waiting.close()
        return None
    if waiting.fileno() in _STANDARD:  # it was closed, and is the guest's to have
        waiting.close()
        return None
    return waiting


if __name__ == "__main__":
    sys.exit(main())
