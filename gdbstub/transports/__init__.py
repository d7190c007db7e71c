"""Ways a client reaches the server."""

from gdbstub.transports.listener import Listener, Stream
from gdbstub.transports.stdio import standard_streams
from gdbstub.transports.tcp import ListenError, listening
from gdbstub.transports.unread import has_arrived, unread_by_peer

__all__ = [
    "ListenError",
    "Listener",
    "Stream",
    "has_arrived",
    "listening",
    "standard_streams",
    "unread_by_peer",
]
