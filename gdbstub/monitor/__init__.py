"""`monitor` commands: what of the Wasm machine neither debugger has a command for."""

from gdbstub.monitor.commands import run_command
from gdbstub.monitor.subject import MonitorError, Subject

__all__ = ["MonitorError", "Subject", "run_command"]
