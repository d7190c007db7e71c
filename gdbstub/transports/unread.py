"""How much of what was sent a client on this machine has not read yet: Linux tells (sock_diag(7)).

gdb (13) that is interrupted while the output of a command comes reads no more of it and says nothing:
whatever it has not read by then it takes for the reply to its next packet.
"""

from __future__ import annotations

import socket
import struct
import sys

import trio

from gdbstub.transports.listener import Stream

_NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST = struct.Struct("=IHHIIBBBxI2s2s16s16sIII")
"""struct nlmsghdr; struct inet_diag_req_v2 up to its id; struct inet_diag_sockid."""
_RECEIVED = struct.Struct("=IHHIIBBBB48xII")
"""struct nlmsghdr; struct inet_diag_msg up to idiag_rqueue."""
_ANY = 0xFFFF_FFFF
_ROOM = 0x1000


def unread_by_peer(stream: Stream) -> int:
    """Return the bytes that wait for the client; 0 where that cannot be known."""
    if not isinstance(stream, trio.SocketStream) or not sys.platform.startswith("linux"):
        return 0
    try:
        family = stream.socket.family
        ours, theirs = (_end(family, name) for name in _names(stream.socket))
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
            kernel.send(_request(family, theirs, ours))
            reply = kernel.recv(_ROOM)
    except OSError:
        return 0
    if len(reply) < _RECEIVED.size:
        return 0
    fields = _RECEIVED.unpack_from(reply)
    return int(fields[-1]) if fields[1] == _BY_FAMILY else 0


def _names(connected: trio.socket.SocketType) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return the addresses and ports of both ends, ours first."""
    ours, theirs = connected.getsockname(), connected.getpeername()
    return (ours[0], ours[1]), (theirs[0], theirs[1])


def _end(family: int, name: tuple[str, int]) -> tuple[bytes, bytes]:
    address, port = name
    packed = socket.inet_pton(family, address.partition("%")[0])
    return port.to_bytes(2, "big"), packed


def _request(family: int, source: tuple[bytes, bytes], to: tuple[bytes, bytes]) -> bytes:
    return _REQUEST.pack(
        _REQUEST.size, _BY_FAMILY, 1, 0, 0,
        family, socket.IPPROTO_TCP, 0, _ANY,
        source[0], to[0], source[1], to[1], 0, _ANY, _ANY,
    )  # fmt: skip
