"""`gdbstub demo`: serve the bundled program and say how to connect, or drive the debuggers ourselves."""

import shlex
import sys
from collections.abc import Sequence

from gdbstub.cli import main as run_command
from gdbstub.demo.build import PROGRAM
from gdbstub.demo.drive import drive, gdb_options, lldb_options

USAGE = "usage: gdbstub demo [--drive] [[HOST]:PORT]"
DEFAULT_ADDRESS = "127.0.0.1:1234"

INSTRUCTIONS = """\
A C program compiled to WebAssembly waits at {address}, stopped before its first instruction.
Connect from another terminal with

    {gdb}

or with

    {lldb}

and try: break weigh, continue, backtrace, print *body, print body->next->name, finish.
"""


def instructions(address: str) -> str:
    """Write how to connect to an address."""
    reachable = f"127.0.0.1{address}" if address.startswith(":") else address
    return INSTRUCTIONS.format(
        address=reachable,
        gdb=shlex.join(["gdb", *gdb_options(reachable)]),
        lldb=shlex.join(["lldb-22", *lldb_options(reachable)]),
    )


def main(args: Sequence[str]) -> int:
    """Run the command with the words after `demo`; give the exit status."""
    if list(args) == ["--drive"]:
        return drive()
    if len(args) > 1 or any(":" not in word for word in args):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    address = args[0] if args else DEFAULT_ADDRESS
    sys.stdout.write(instructions(address))
    sys.stdout.flush()
    return run_command([address, str(PROGRAM), "reader"])
