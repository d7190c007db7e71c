"""Machine code by key, made when first asked for: what a macro assembler's tables are made of.

Compiling a Wasm operator costs one or two lookups here; encoding is paid once a key.
"""

from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

_MOST_KEYS = 8192
"""Immediates and offsets make keys without end; a full table starts again empty."""


class Memo(dict[int, V]):
    """A dict that makes a missing value from its key."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[int], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: int) -> V:
        if len(self) >= _MOST_KEYS:
            self.clear()
        value = self[key] = self._make(key)
        return value


def memo2(make: Callable[[int, int], V]) -> Memo[Memo[V]]:
    """Return a table of two keys."""
    return Memo(lambda a: Memo(lambda b: make(a, b)))


def memo3(make: Callable[[int, int, int], V]) -> Memo[Memo[Memo[V]]]:
    """Return a table of three keys."""
    return Memo(lambda a: Memo(lambda b: Memo(lambda c: make(a, b, c))))
