"""Compiled modules as bytes: `Module.serialize` and back.

    magic    4 bytes
    digest   32 bytes, of all that follows
    maker    32 bytes: which compiler made the code
    target   its name: length and UTF-8
    options  a byte: 1 debugging, 2 epochs
    module   its length and bytes
    count of functions, and of each: length and bytes of its code, length and bytes of its frame table

Numbers are unsigned LEB128. Code is taken as it is: the bytes must come from `serialize`, as Wasmtime's must.
"""

import hashlib
from functools import cache
from pathlib import Path

from jit.abi.code import USUAL, CodeSource, CompiledFunction, Variant
from jit.abi.frame_table import FrameTable
from jit.abi.frame_table_format import read_frame_table, write_frame_table
from jit.abi.leb import uleb
from jit.abi.words import DefinedIndex
from jit.runtime.errors import WasmtimeError

MAGIC = b"wcm\x01"
_DIGEST_SIZE = 32
_MAKERS = ("abi", "asm", "compile")
"""The folders on which generated code depends."""


@cache
def maker() -> bytes:
    """Return what tells this compiler from others: a digest of its source."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for folder in _MAKERS:
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()


def serialize(
    source: CodeSource, data: bytes, functions: int, target: str, options: int, variant: Variant
) -> bytearray:
    """Return a module with this variant of all of its code, which is made where it has not been."""
    parts = [maker(), _sized(target.encode()), bytes([options]), _sized(data), uleb(functions)]
    for index in range(functions):
        parts.append(_sized(source.compile(index, variant).code))
        parts.append(_sized(write_frame_table(source.frame_table(index, variant))))
    body = b"".join(parts)
    return bytearray(MAGIC + hashlib.sha256(body).digest() + body)


class Serialized:
    """What bytes of `serialize` hold."""

    def __init__(self, encoded: bytes, target: str, options: int) -> None:
        """Raise WasmtimeError for other bytes, and for code that is not for this engine."""
        head = len(MAGIC) + _DIGEST_SIZE
        body = encoded[head:]
        if (
            encoded[: len(MAGIC)] != MAGIC
            or encoded[len(MAGIC) : head] != hashlib.sha256(body).digest()
        ):
            raise WasmtimeError("these bytes are no compiled module, or have been changed")
        self._data = body
        self._at = _DIGEST_SIZE
        if body[:_DIGEST_SIZE] != maker():
            raise WasmtimeError("the module was compiled by another version")
        made_for = self._take().decode()
        if made_for != target:
            raise WasmtimeError(
                f"the module was compiled for {made_for}, the engine is for {target}"
            )
        self._at += 1
        if body[self._at - 1] != options:
            raise WasmtimeError(
                "the module was compiled with other settings of debugging or epochs"
            )
        self.module = self._take()
        """The module's own bytes."""
        self.functions = [(self._take(), self._take()) for _ in range(self._number())]
        """Code and frame table of each function."""

    def _take(self) -> bytes:
        size = self._number()
        self._at += size
        return self._data[self._at - size : self._at]

    def _number(self) -> int:
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


class StoredCode:
    """A source of code that has been made before: what calls go to at first; other code is made anew."""

    def __init__(self, stored: Serialized, source: CodeSource, variant: Variant) -> None:
        self._functions = stored.functions
        self._source = source
        self._variant = variant

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        if variant != self._variant:
            return self._source.compile(defined_index, variant)
        return CompiledFunction(DefinedIndex(defined_index), self._functions[defined_index][0])

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        if variant != self._variant:
            return self._source.frame_table(defined_index, variant)
        return read_frame_table(self._functions[defined_index][1])


def _sized(data: bytes) -> bytes:
    return uleb(len(data)) + data
