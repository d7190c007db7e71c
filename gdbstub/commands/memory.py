"""Memory: reads, writes, regions."""

from __future__ import annotations

import errno

from gdbstub.commands.outcome import OK, Outcome, Refused, Reply
from gdbstub.commands.state import Client
from gdbstub.extensions import Regions
from gdbstub.rsp import escape_within, from_hex, to_hex
from gdbstub.target import Address, Dialect

_ROOM = 0x10  # of a packet, for what is not data


def read(client: Client, wanted: tuple[Address, int]) -> Outcome:
    """`m`; a reply shorter than asked for is allowed."""
    address, length = wanted
    length = min(length, (client.packet_size - _ROOM) // 2)
    return Reply(to_hex(_read(client, address, length)))


def read_binary(client: Client, wanted: tuple[Address, int]) -> Outcome:
    """`x`: gdb (16 and later) wants a `b` in front; lldb wants none, and probes with `x0,0`."""
    address, length = wanted
    marked = client.peer is Dialect.GDB
    if length == 0 and not marked:
        return OK
    data = _read(client, address, min(length, client.packet_size - _ROOM))
    contents, _ = escape_within(data, client.packet_size - _ROOM)
    return Reply(b"b" + contents if marked else contents)


def write(client: Client, wanted: tuple[Address, int, bytes]) -> Outcome:
    """`M`."""
    address, length, digits = wanted
    return _write(client, address, length, from_hex(digits))


def write_binary(client: Client, wanted: tuple[Address, int, bytes]) -> Outcome:
    """`X`; of no bytes, it is a probe whether `X` is served."""
    address, length, data = wanted
    return _write(client, address, length, data)


def region(client: Client, address: Address) -> Outcome:
    """`qMemoryRegionInfo`."""
    extension = client.target
    assert isinstance(extension, Regions)
    found = extension.region(address)
    text = f"start:{found.start:x};size:{found.size:x};"
    if found.permissions:
        text += f"permissions:{found.permissions};"
    if found.name is not None:
        text += f"name:{to_hex(found.name).decode()};"
    return Reply(text.encode())


def _read(client: Client, address: Address, length: int) -> bytes:
    if length == 0:
        return b""
    return client.target.read_memory(client.thread, address, length)


def _write(client: Client, address: Address, length: int, data: bytes) -> Outcome:
    if len(data) != length:
        raise Refused(errno.EINVAL, f"{len(data)} bytes where {length} are announced")
    if data:
        client.target.write_memory(client.thread, address, data)
    return OK
