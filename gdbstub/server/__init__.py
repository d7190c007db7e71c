"""Serves a guest to debuggers: the entry point of the command line and of embedders."""

from gdbstub.execution import GuestFailure
from gdbstub.server.server import exit_status, run, serve
from gdbstub.transports import ListenError

__all__ = ["GuestFailure", "ListenError", "exit_status", "run", "serve"]
