"""Parsers that several rows share: what follows a packet's name, to fields."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from gdbstub.commands.outcome import Refused
from gdbstub.commands.state import PROCESS
from gdbstub.rsp import FieldError, decimal_number, hex_number, text_from_hex, thread_id
from gdbstub.target import Address, FrameIndex


def nothing(rest: bytes) -> None:
    """Take no fields. A row with this parser matches the bare name alone."""
    if rest:
        raise FieldError("fields where none are expected")


def raw(rest: bytes) -> bytes:
    """Take everything as it is."""
    return rest


def number(rest: bytes) -> int:
    """Take one hexadecimal number."""
    return hex_number(rest)


def address(rest: bytes) -> Address:
    """Take one address."""
    return Address(hex_number(rest))


def thread(rest: bytes) -> int:
    """Take one thread id, in the one process there is."""
    process, number = thread_id(rest)
    known_process(process)
    return number


def process(rest: bytes) -> int:
    """Take the number of the one process there is, or nothing."""
    number = hex_number(rest) if rest else PROCESS
    known_process(number)
    return number


def known_process(number: int) -> None:
    """Refuse a number that is not the guest's, any process's or all processes'."""
    if number not in (PROCESS, 0, -1):
        raise Refused(errno.ESRCH, f"no process {number}")


def hex_text(rest: bytes) -> str:
    """Take one text in hexadecimal."""
    return text_from_hex(rest)


def split(rest: bytes, separator: bytes) -> tuple[bytes, bytes]:
    """Split at the first separator, which must be there."""
    left, found, right = rest.partition(separator)
    if not found:
        raise FieldError(f"no {separator.decode()} in the packet")
    return left, right


def range_(rest: bytes) -> tuple[Address, int]:
    """Take `address,length`."""
    start, length = split(rest, b",")
    return Address(hex_number(start)), hex_number(length)


def data(rest: bytes) -> tuple[Address, int, bytes]:
    """Take `address,length:bytes`."""
    head, body = split(rest, b":")
    start, length = range_(head)
    return start, length, body


def frame_index(rest: bytes) -> tuple[FrameIndex, int]:
    """Take `frame;index` in decimal, as lldb writes it."""
    frame, index = split(rest, b";")
    return FrameIndex(decimal_number(frame)), decimal_number(index.rstrip(b";"))


@dataclass(frozen=True, slots=True)
class GlobalPlace:
    """A global: its index, in a frame's instance or in the one with this number."""

    index: int
    frame: FrameIndex | None
    instance: int | None


_INSTANCE = b"instance:"


def global_place(rest: bytes) -> GlobalPlace:
    """Take `frame;index`, or `index;instance:number;` of a client that was offered it (lldb 23)."""
    index, second = split(rest, b";")
    if not second.startswith(_INSTANCE):
        frame, number = frame_index(rest)
        return GlobalPlace(number, frame, None)
    instance = second.removeprefix(_INSTANCE).removesuffix(b";")
    return GlobalPlace(decimal_number(index), None, decimal_number(instance))
