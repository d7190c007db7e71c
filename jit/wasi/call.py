"""Calling a function for the guest: arguments made unsigned, errors made numbers."""

from collections.abc import Callable

from jit.wasi.context import Wasi
from jit.wasi.errors import Errno, WasiError, from_os_error
from jit.wasi.memory import Guest, LinearMemory
from jit.wasi.table import Row

Function = Callable[..., int]

_MASKS = {"i": 0xFFFF_FFFF, "I": 0xFFFF_FFFF_FFFF_FFFF, "s": -1}


def caller(row: Row) -> Function:
    """Return a function (wasi, memory, *arguments) -> errno that never raises a host error.

    What it does raise is what ends or interrupts the program.
    """
    masks = tuple(_MASKS[param] for param in row.params)
    function = row.function

    def call(wasi: Wasi, memory: LinearMemory, *arguments: int) -> int:
        unsigned = [value & mask for value, mask in zip(arguments, masks, strict=True)]
        try:
            function(wasi, Guest(memory), *unsigned)
        except WasiError as error:
            return error.errno
        except OSError as error:
            return from_os_error(error).errno
        return Errno.SUCCESS

    return call
