"""Ways a client reaches the server."""

from gdbstub.transports.listener import Listener, Stream
from gdbstub.transports.stdio import standard_streams
from gdbstub.transports.tcp import ListenError, listening
from gdbstub.transports.wire import Wire

__all__ = ["ListenError", "Listener", "Stream", "Wire", "listening", "standard_streams"]
