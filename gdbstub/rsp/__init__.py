"""GDB Remote Serial Protocol: bytes to packets and back, and the fields of packets."""

from gdbstub.rsp.codec import (
    checksum,
    compress,
    escape,
    escape_within,
    expand,
    frame,
    unescape,
)
from gdbstub.rsp.fields import (
    FieldError,
    decimal_number,
    from_hex,
    hex_number,
    text_from_hex,
    thread_id,
    to_hex,
)
from gdbstub.rsp.link import Event, Interrupt, Link, Overlong, Packet

__all__ = [
    "Event",
    "FieldError",
    "Interrupt",
    "Link",
    "Overlong",
    "Packet",
    "checksum",
    "compress",
    "decimal_number",
    "escape",
    "escape_within",
    "expand",
    "frame",
    "from_hex",
    "hex_number",
    "text_from_hex",
    "thread_id",
    "to_hex",
    "unescape",
]
