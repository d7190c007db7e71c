"""Ways a client reaches the server."""

from gdbstub.transports.tcp import Listener, ListenError, listening

__all__ = ["ListenError", "Listener", "listening"]
