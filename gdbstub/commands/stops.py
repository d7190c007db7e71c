"""How a stop is told: `T`, `W` and `X` replies in either debugger's words.

gdb takes the reason from `swbreak`, `hwbreak`, `watch`... and the signal; lldb from `reason:` and
`description:`, and wants every thread's pc along (lldb 22).
"""

from __future__ import annotations

from gdbstub.commands.state import PROCESS, Client
from gdbstub.rsp import to_hex
from gdbstub.target import (
    Breakpoint,
    BreakpointKind,
    Dialect,
    Exit,
    Exited,
    LibrariesChanged,
    Signal,
    Signalled,
    Stepped,
    Stop,
    StopReason,
    SystemCall,
    Trapped,
    Watched,
)

_WATCHES = {
    BreakpointKind.WRITE: "watch",
    BreakpointKind.READ: "rwatch",
    BreakpointKind.ACCESS: "awatch",
}
_ABORTED = 134  # as of a process that SIGABRT ends
_LLDB_REASONS: dict[type, str] = {
    Breakpoint: "breakpoint",
    Stepped: "trace",
    Signalled: "signal",
    Trapped: "exception",
}


def stop_reply(client: Client, stop: Stop) -> bytes:
    """Write the `T` packet of a stop."""
    fields = _reason(client, stop.reason)
    fields.append(f"thread:{client.thread_text(stop.thread)}")
    if client.peer is Dialect.LLDB:
        fields += _threads(client, stop)
    fields += [f"{number:02x}:{value.hex()}" for number, value in stop.registers]
    fields += [f"{key}:{value}" for key, value in stop.fields]
    text = "".join(field + ";" for field in fields)
    return f"T{signal_of(stop.reason):02x}{text}".encode()


def console_text(client: Client, stop: Stop) -> str | None:
    """Return what the user is told before a stop: gdb itself would only name the signal."""
    if stop.text is not None:
        return stop.text
    if client.peer is Dialect.GDB:
        if isinstance(stop.reason, Trapped):
            detail = f"  {stop.reason.detail}\n" if stop.reason.detail else ""
            return f"\n{stop.reason.description}\n{detail}"
        if isinstance(stop.reason, Signalled) and stop.reason.text is not None:
            return f"\n{stop.reason.text}\n"
    return None


def exit_reply(client: Client, exit_: Exit) -> bytes:
    """Write the `W` or `X` packet of a guest's end.

    lldb (22) shows a signal's number as if it were a status, so it gets the status that a guest ended
    by a trap has for a shell.
    """
    process = b";process:%x" % PROCESS if client.multiprocess else b""
    if isinstance(exit_, Exited):
        return b"W%02x" % (exit_.code & 0xFF) + process
    if client.peer is Dialect.LLDB and exit_.signal is not Signal.KILL:
        return b"W%02x" % _ABORTED
    return b"X%02x" % exit_.signal + process


def signal_of(reason: StopReason) -> Signal:
    """Return the signal a stop is told with."""
    if isinstance(reason, Signalled | Trapped):
        return reason.signal
    return Signal.TRAP


def lldb_reason(reason: StopReason) -> str | None:
    """Return lldb's word for a reason; a watchpoint's and a library's keys say it themselves."""
    return _LLDB_REASONS.get(type(reason))


def description(reason: StopReason) -> str | None:
    """Return the reason in words, where it has any."""
    if isinstance(reason, Trapped):
        return reason.description
    if isinstance(reason, Signalled):
        return reason.text
    return None


def _reason(client: Client, reason: StopReason) -> list[str]:
    if isinstance(reason, Watched):
        return [f"{_WATCHES[reason.kind]}:{reason.address:x}"]
    if isinstance(reason, LibrariesChanged):
        return ["library:1"]
    if isinstance(reason, SystemCall):
        return [f"syscall_{'return' if reason.returned else 'entry'}:{reason.number:x}"]
    if client.peer is Dialect.LLDB:
        fields = [f"reason:{word}" for word in (lldb_reason(reason),) if word]
        text = description(reason)
        return fields if text is None else [*fields, f"description:{to_hex(text).decode()}"]
    if isinstance(reason, Breakpoint) and client.break_reasons:
        return ["swbreak:" if reason.kind is BreakpointKind.SOFTWARE else "hwbreak:"]
    return []


def _threads(client: Client, stop: Stop) -> list[str]:
    if not client.list_threads:
        return []
    fields = ["threads:" + ",".join(f"{thread.id:x}" for thread in client.target.threads())]
    if stop.pcs:
        fields.append("thread-pcs:" + ",".join(f"{pc:x}" for pc in stop.pcs))
    return fields
