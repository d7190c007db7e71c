"""The conversation itself: what both ends can do, how it starts and how it ends."""

from __future__ import annotations

from gdbstub.commands.outcome import OK, Detach, Kill, NoAcks, Outcome, Reply, Text
from gdbstub.commands.state import Client
from gdbstub.commands.stops import stop_reply
from gdbstub.extensions import Monitor
from gdbstub.target import Dialect, Signal


def note_features(client: Client, offered: bytes) -> None:
    """Take note of what the client offers in `qSupported`."""
    features = offered.lstrip(b":").split(b";")
    if client.peer is Dialect.GDB:
        client.break_reasons = b"swbreak+" in features
        client.error_message = b"error-message+" in features
        client.multiprocess = b"multiprocess+" in features


def start_no_acks(client: Client, _: None) -> Outcome:
    """`QStartNoAckMode`."""
    return NoAcks()


def enable_error_strings(client: Client, _: None) -> Outcome:
    """`QEnableErrorStrings`."""
    client.error_strings = True
    return OK


def enable_thread_suffix(client: Client, _: None) -> Outcome:
    """`QThreadSuffixSupported`."""
    client.thread_suffix = True
    return OK


def list_threads_in_stops(client: Client, _: None) -> Outcome:
    """`QListThreadsInStopReply`."""
    client.list_threads = True
    return OK


def report_stop(client: Client, _: None) -> Outcome:
    """`?`."""
    stop = client.target.stop()
    client.stopped(stop.thread)
    return Reply(stop_reply(client, stop))


def symbols(client: Client, _: bytes) -> Outcome:
    """`qSymbol`: no symbol is needed."""
    return OK


def attached(client: Client, _: object) -> Outcome:
    """`qAttached`: unless it started the guest itself, a client that quits shall leave it be."""
    return Reply(b"0" if client.created else b"1")


def monitor(client: Client, command: str) -> Outcome:
    """`qRcmd`. Errors are text as well: gdb shows no text of an error reply here."""
    extension = client.target
    assert isinstance(extension, Monitor)
    return Text(extension.monitor(command))


def detach(client: Client, _: object) -> Outcome:
    """`D`, with or without a process."""
    return Detach()


def kill(client: Client, _: None) -> Outcome:
    """`k`: gdb reads no reply, lldb needs one."""
    return Kill(b"X%02x" % Signal.KILL)


def kill_process(client: Client, _: int) -> Outcome:
    """`vKill`."""
    return Kill(b"OK")
