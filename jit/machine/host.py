"""The host's virtual memory, and the one place that calls the C library.

A `Region` is a mapping that lives as long as something refers to it: the region itself, or a
memoryview of it.  Everything here may be `Any` inside: cffi objects have no types.
"""

import mmap
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, Protocol

from jit.machine._native import ffi as _untyped
from jit.machine.errors import MachineError

ByteOrder = Literal["little", "big"]

ffi: Any = _untyped
libc: Any = ffi.dlopen(None)

U64: Any = ffi.typeof("uint64_t *")
U32: Any = ffi.typeof("uint32_t *")
BYTES: Any = ffi.typeof("uint8_t *")
ENTRY: Any = ffi.typeof("entry *")

HOST_PAGE = mmap.PAGESIZE

NO_ACCESS = 0
READ = 1
WRITE = 2
EXECUTE = 4

_FAILED = (1 << 64) - 1
_ANONYMOUS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)


class Words(Protocol):
    """Consecutive 64-bit words, indexed from 0, each as a number whatever the guest's byte order."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...


class SwappedWords:
    """Words of a guest whose byte order is not the host's."""

    __slots__ = ("_words",)

    def __init__(self, words: "memoryview[int]") -> None:
        self._words = words

    def __getitem__(self, index: int, /) -> int:
        return swap64(self._words[index])

    def __setitem__(self, index: int, value: int, /) -> None:
        self._words[index] = swap64(value)


def swap64(value: int) -> int:
    """Return a 64-bit number with its bytes in the opposite order."""
    return int.from_bytes(value.to_bytes(8, "little"), "big")


def swap32(value: int) -> int:
    """Return a 32-bit number with its bytes in the opposite order."""
    return int.from_bytes(value.to_bytes(4, "little"), "big")


def failure(what: str) -> MachineError:
    """Return the error of a C library call that has just failed."""
    number: int = ffi.errno
    return MachineError(f"{what}: {os.strerror(number)}", number)


def round_up(size: int, unit: int) -> int:
    """Return the least multiple of `unit`, a power of two, that is at least `size`."""
    return (size + unit - 1) & -unit


class Region:
    """One mapping: `size` bytes at `address`."""

    __slots__ = ("_pointer", "address", "size")

    def __init__(self, size: int, protection: int, descriptor: int = -1) -> None:
        """Map `size` bytes, zero and private, or those of a descriptor from its start.

        Memory is taken when it is first touched.  Raise MachineError if the host refuses.
        """
        size = round_up(size, HOST_PAGE)
        flags = mmap.MAP_SHARED if descriptor >= 0 else _ANONYMOUS
        raw = libc.mmap(ffi.NULL, size, protection, flags, descriptor, 0)
        address = int(ffi.cast("uintptr_t", raw))
        if address == _FAILED:
            raise failure(f"cannot map {size} bytes")
        self.address = address
        self.size = size
        self._pointer = ffi.gc(ffi.cast(BYTES, raw), lambda pointer: libc.munmap(pointer, size))

    def protect(self, offset: int, size: int, protection: int) -> None:
        """Change what may be done with a page-aligned part.  Raise MachineError on refusal."""
        if libc.mprotect(self._pointer + offset, size, protection):
            raise failure(f"cannot change the protection of {size} bytes")

    def view(self, offset: int, size: int) -> memoryview:
        """Return the bytes at `offset`, writable in place; they keep the region mapped."""
        if offset == 0:
            return memoryview(ffi.buffer(self._pointer, size))
        return memoryview(ffi.buffer(self._pointer, offset + size))[offset:]


def words_at(address: int, count: int, byteorder: ByteOrder) -> Words:
    """Return `count` words at an address that the caller keeps mapped."""
    words = memoryview(ffi.buffer(ffi.cast(U64, address), 8 * count)).cast("B").cast("Q")
    return words if byteorder == sys.byteorder else SwappedWords(words)


def function_at(address: int) -> Callable[[int], int]:
    """Return machine code at an address as a function of one word; the call releases the GIL."""
    function: Callable[[int], int] = ffi.cast(ENTRY, address)
    return function


def keeping_function_at(address: int) -> Callable[[int], int]:
    """Return machine code at an address as a function of one word; the call keeps the GIL."""
    ctypes: Any = import_module("ctypes")  # cffi always releases it
    function: Callable[[int], int] = ctypes.PYFUNCTYPE(ctypes.c_uint32, ctypes.c_size_t)(address)
    return function
