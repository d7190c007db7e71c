"""The bundled program, and the command that shows the debuggers on it."""

from gdbstub.demo.demo import main

__all__ = ["main"]
