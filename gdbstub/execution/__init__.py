"""The guest's worker thread, the way to and from it, and the runs of a program one after another."""

from gdbstub.execution.execution import Execution, GuestFailure
from gdbstub.execution.runs import Runs, running

__all__ = ["Execution", "GuestFailure", "Runs", "running"]
