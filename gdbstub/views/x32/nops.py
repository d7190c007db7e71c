"""How code reads: each Wasm op as one x86 no-op of the op's length (Intel SDM, volume 2, NOP).

gdb's instruction readers then see the op boundaries and nothing they could take for a prologue, an
epilogue or a jump.  Module bytes are never shown: a 0xC3 at the pc would start gdb's epilogue
unwinder.
"""

from __future__ import annotations

MAX_INSTRUCTION = 15

_SHORT = tuple(
    bytes.fromhex(text)
    for text in (
        "90",
        "6690",
        "0f1f00",
        "0f1f4000",
        "0f1f440000",
        "660f1f440000",
        "0f1f8000000000",
        "0f1f840000000000",
        "660f1f840000000000",
    )
)


def nop(length: int) -> bytes:
    """Return no-ops of `length` bytes: one instruction up to 15, a chain of them beyond."""
    full, rest = divmod(length, MAX_INSTRUCTION)
    return _single(MAX_INSTRUCTION) * full + (_single(rest) if rest else b"")


def _single(length: int) -> bytes:
    if length <= len(_SHORT):
        return _SHORT[length - 1]
    # Operand-size prefixes and a segment override before the eight-byte form, as GNU as pads.
    return b"\x66" * (length - len(_SHORT)) + b"\x2e" + _SHORT[-2]
