"""Variadic arguments: gdb passes them in registers, a Wasm callee finds them in a buffer.

The registers do not tell how many there are, how wide, nor how integers and floats alternate.  A
function of printf's family tells by its format; for any other, what gdb passed is taken for doubles if
it used float registers for it, else for ints.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from gdbstub.objfile import Prototype, RegisterClass
from gdbstub.views.x32.passing import Passed

FORMATS = {
    b"printf": 0,
    b"fprintf": 1,
    b"dprintf": 1,
    b"sprintf": 1,
    b"asprintf": 1,
    b"snprintf": 2,
}
"""Functions whose parameter of this number is a format (C11, 7.21.6)."""

_CONVERSION = re.compile(rb"%[-+ #0]*(\*|\d*)(?:\.(\*|\d*))?(hh|h|ll|l|j|z|t|L)?([%a-zA-Z])")
_FLOATS = b"aAeEfFgG"
_SSE = 8
"""Float registers for arguments: when all are used, more may be on the stack."""
_ON_STACK = 32
"""Words of the stack to take along: what was not passed there is read by nobody."""
_WIDE = frozenset({b"ll", b"j"})


def known_variadic(prototype: Prototype) -> Prototype:
    """Return the prototype of a function of printf's family as it is declared, whatever was read."""
    fixed = FORMATS.get(prototype.name.encode())
    if fixed is None or prototype.variadic or len(prototype.parameters) != fixed + 2:
        return prototype
    return replace(prototype, parameters=prototype.parameters[: fixed + 1], variadic=True)


def buffer(
    prototype: Prototype, passed: Passed, values: list[int], text: Callable[[int], bytes]
) -> bytes:
    """Return the buffer of the arguments after the named ones, whose values are given.

    `text` reads a string of the guest's.
    """
    place = FORMATS.get(prototype.name.encode())
    if place is not None and place < len(values):
        kinds = _formatted(text(values[place]))
    elif count := passed.words_left(RegisterClass.SSE):
        kinds = [(RegisterClass.SSE, 8)] * (count + (_ON_STACK if count == _SSE else 0))
    else:
        count = passed.words_left(RegisterClass.INTEGER)
        kinds = [(RegisterClass.INTEGER, 4)] * (count + _ON_STACK)
    out = b""
    for class_, size in kinds:
        out += bytes(-len(out) % size)
        out += passed.word(class_)[:size]
    return out


def _formatted(text: bytes) -> list[tuple[RegisterClass, int]]:
    """Return the class and size of each argument that a format takes."""
    kinds = []
    for width, precision, length, conversion in _CONVERSION.findall(text):
        kinds += [(RegisterClass.INTEGER, 4)] * ((width == b"*") + (precision == b"*"))
        if conversion in _FLOATS:
            kinds.append((RegisterClass.SSE, 8))
        elif conversion != b"%":
            kinds.append((RegisterClass.INTEGER, 8 if length in _WIDE else 4))
    return kinds
