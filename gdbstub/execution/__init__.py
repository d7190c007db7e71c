"""The guest's worker thread, and the way to and from it."""

from gdbstub.execution.execution import Execution, GuestFailure, executing

__all__ = ["Execution", "GuestFailure", "executing"]
