"""Single ops as lldb (22) can read them, each in as many bytes as it has: three are not shown as they are.

    a padded index of a call    is a short one and `nop`s: so a step over a call that ends its line has
                                ops to run past, and lldb sets a breakpoint behind them; with none it
                                would step into the call, as it does to step into it
    a long `br_table`           has the first of its labels, and `nop`s: lldb keeps an op in a field of
                                16 bytes, and what is longer ruins its heap
    any other long op           is `nop`s, for the same reason

Linkers pad the indices of calls wherever there is debug information.
"""

from __future__ import annotations

from gdbstub.objfile.leb import read_uleb, uleb

_CALL, _CALL_INDIRECT, _BR_TABLE = 0x10, 0x11, 0x0E
_INDICES = {_CALL: 1, _CALL_INDIRECT: 2}
NOP = b"\x01"
LONGEST = 15
"""lldb asserts that an op has fewer than 16 bytes (Opcode.h), which a release build leaves out."""


def shown(op: bytes) -> bytes | None:
    """Return what is shown for an op, None if it is itself."""
    short = _shortest_call(op) if op[0] in _INDICES else None
    if short is None:
        if len(op) <= LONGEST:
            return None
        short = _first_labels(op) if op[0] == _BR_TABLE else b""
    return short.ljust(len(op), NOP)


def _shortest_call(op: bytes) -> bytes | None:
    """Return a call in as few bytes as it needs, None if it has no more."""
    short = bytearray(op[:1])
    position = 1
    for _ in range(_INDICES[op[0]]):
        value, position = read_uleb(op, position)
        short += uleb(value)
    return bytes(short) if len(short) < len(op) else None


def _first_labels(op: bytes) -> bytes:
    """Return a `br_table` of as many of the labels as fit, the last of them in the default's place."""
    count, position = read_uleb(op, 1)
    labels = b""
    fitting = -1
    for number in range(count):
        value, position = read_uleb(op, position)
        label = uleb(value)
        if 1 + len(uleb(number)) + len(labels) + len(label) > LONGEST:
            break
        labels += label
        fitting = number
    return bytes([_BR_TABLE]) + uleb(fitting) + labels
