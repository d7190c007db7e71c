"""Serves a guest to debuggers: the entry point of the command line and of embedders."""

from gdbstub.server.server import exit_status, serve

__all__ = ["exit_status", "serve"]
