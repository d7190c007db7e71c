"""The packets served: a table by topic, handlers over target values, and how stops are told."""

from gdbstub.commands.outcome import (
    EMPTY,
    OK,
    Attach,
    Detach,
    Go,
    Kill,
    NoAcks,
    Outcome,
    Quit,
    Refused,
    Reply,
    Run,
    Text,
    console_packet,
    error_reply,
)
from gdbstub.commands.state import Client, Decisions
from gdbstub.commands.stops import console_text, exit_reply, stop_reply
from gdbstub.commands.table import COMMANDS, Command, find
from gdbstub.commands.threads import split_suffix

__all__ = [
    "COMMANDS",
    "EMPTY",
    "OK",
    "Attach",
    "Client",
    "Command",
    "Decisions",
    "Detach",
    "Go",
    "Kill",
    "NoAcks",
    "Outcome",
    "Quit",
    "Refused",
    "Reply",
    "Run",
    "Text",
    "console_packet",
    "console_text",
    "error_reply",
    "exit_reply",
    "find",
    "split_suffix",
    "stop_reply",
]
