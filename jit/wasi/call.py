"""Calling a function for the guest: bit patterns in, an error number out."""

from collections.abc import Callable

from jit.runtime.val import signed64
from jit.wasi.context import Wasi
from jit.wasi.errors import Errno, WasiError, from_os_error
from jit.wasi.memory import Guest, LinearMemory
from jit.wasi.table import Row

Function = Callable[[Wasi, LinearMemory, tuple[int, ...]], int]


def caller(row: Row) -> Function:
    """Return a function (wasi, memory, arguments as bit patterns) -> errno.

    It raises only what ends or interrupts the program.
    """
    signed = tuple(at for at, param in enumerate(row.params) if param == "s")
    function = row.function

    def call(wasi: Wasi, memory: LinearMemory, arguments: tuple[int, ...]) -> int:
        if signed:
            arguments = tuple(
                signed64(value) if at in signed else value for at, value in enumerate(arguments)
            )
        try:
            function(wasi, Guest(memory), *arguments)
        except WasiError as error:
            return error.errno
        except OSError as error:
            return from_os_error(error).errno
        return Errno.SUCCESS

    return call
