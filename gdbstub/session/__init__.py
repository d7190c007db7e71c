"""The protocol's state over one connection, without IO."""

from gdbstub.commands import Attach, Detach, Go, Kill, Quit, Run
from gdbstub.rsp import Event, Interrupt
from gdbstub.session.detect import detect
from gdbstub.session.session import Action, Session, State

__all__ = [
    "Action",
    "Attach",
    "Detach",
    "Event",
    "Go",
    "Interrupt",
    "Kill",
    "Quit",
    "Run",
    "Session",
    "State",
    "detect",
]
