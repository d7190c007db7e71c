"""Ways a client reaches the server."""

from gdbstub.transports.listener import Listener, Stream
from gdbstub.transports.stdio import standard_streams
from gdbstub.transports.tcp import ListenError, listening

__all__ = ["ListenError", "Listener", "Stream", "listening", "standard_streams"]
