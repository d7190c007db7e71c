"""Runs inside lldb: gives it a command and writes down what that printed.

lldb prints what its events bring (the guest's output, places found for a breakpoint, the end after `kill`)
whenever they have gone through it, amid the output of any command.  Here a command's output is its own.
Only lldb's Python loads this module, by its path.
"""

from __future__ import annotations

import json
from pathlib import Path

import lldb


def say(number: int, commands: str, record: str) -> None:
    """Give the command in a line of a file, and wait until it is done.

    Append [command] and then [command, output] to another file: of one that lldb does not survive
    the second line is missing.
    """
    lldb.debugger.SetAsync(False)
    command = Path(commands).read_text().splitlines()[number]
    result = lldb.SBCommandReturnObject()
    with Path(record).open("a") as lines:
        lines.write(json.dumps([command]) + "\n")
        lines.flush()
        lldb.debugger.GetCommandInterpreter().HandleCommand(command, result)
        output = (result.GetOutput() or "") + (result.GetError() or "")
        lines.write(json.dumps([command, output]) + "\n")
