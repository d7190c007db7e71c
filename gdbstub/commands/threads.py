"""Threads: listing, selecting, naming."""

from __future__ import annotations

import re

from gdbstub.commands.outcome import OK, Outcome, Reply
from gdbstub.commands.parse import thread as parse_thread
from gdbstub.commands.state import Client
from gdbstub.rsp import FieldError, to_hex

_SUFFIX = re.compile(rb"(.*);thread:([0-9a-fA-F]{1,32});?\Z", re.DOTALL)


def split_suffix(client: Client, packet: bytes) -> bytes:
    """Take off the thread that lldb appends to register packets, and note it for this packet.

    Raises `TargetError` if it does not exist.
    """
    client.suffix = None
    if client.thread_suffix and packet[:1] in b"gGpP":
        match = _SUFFIX.match(packet)
        if match is not None:
            client.suffix = client.find_thread(int(match[2], 16)).id
            return match[1]
    return packet


def parse_selection(rest: bytes) -> tuple[bytes, int]:
    """Take `g` or `c` and a thread id."""
    if rest[:1] not in (b"g", b"c"):
        raise FieldError("threads are selected for g or c")
    return rest[:1], parse_thread(rest[1:])


def select(client: Client, selection: tuple[bytes, int]) -> Outcome:
    """`H`. `Hc` chooses what `c` resumes: all of it, whatever is said."""
    purpose, number = selection
    if number > 0:
        thread = client.find_thread(number)
        if purpose == b"g":
            client.select(thread.id)
    elif purpose == b"g":
        client.select(client.stop_thread)
    return OK


def alive(client: Client, number: int) -> Outcome:
    """`T`."""
    client.find_thread(number)
    return OK


def current(client: Client, _: None) -> Outcome:
    """`qC`."""
    return Reply(b"QC" + client.thread_text(client.thread).encode())


def first(client: Client, _: None) -> Outcome:
    """qfThreadInfo: all at once."""
    ids = (client.thread_text(thread.id) for thread in client.target.threads())
    return Reply(b"m" + ",".join(ids).encode())


def further(client: Client, _: None) -> Outcome:
    """qsThreadInfo: there are no more."""
    return Reply(b"l")


def extra_info(client: Client, number: int) -> Outcome:
    """`qThreadExtraInfo`."""
    return Reply(to_hex(client.find_thread(number).name))
