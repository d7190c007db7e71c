"""The protocol's state over one connection, without IO."""

from gdbstub.session.detect import detect
from gdbstub.session.session import Action, Go, Kill, Session, State

__all__ = ["Action", "Go", "Kill", "Session", "State", "detect"]
