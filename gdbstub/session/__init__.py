"""The protocol's state over one connection, without IO."""

from gdbstub.commands import Go, Kill
from gdbstub.rsp import Event, Interrupt
from gdbstub.session.detect import detect
from gdbstub.session.session import Action, Session, State

__all__ = ["Action", "Event", "Go", "Interrupt", "Kill", "Session", "State", "detect"]
