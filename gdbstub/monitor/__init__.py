"""`monitor` commands: what of the Wasm machine neither debugger has a command for."""

from gdbstub.monitor.commands import MonitorError, run_command

__all__ = ["MonitorError", "run_command"]
