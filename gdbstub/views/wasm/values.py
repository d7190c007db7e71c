"""Values of locals, operands and globals as lldb has them: little-endian bytes of their own width."""

from __future__ import annotations

import errno
from collections.abc import Callable

from gdbstub.target import TargetError
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError
from jit.debug.frames import mask_of


def value(type_of: Callable[[int], int], bits_of: Callable[[int], int], index: int) -> bytes:
    """Return the value of an index; `TargetError` without one."""
    try:
        size = mask_of(type_of(index)).bit_length() // 8
        return bits_of(index).to_bytes(size, "little")
    except DebugError as error:
        raise TargetError(errno.EINVAL, str(error)) from error


class Globals:
    """The globals of an instance."""

    def __init__(self, debugger: Debugger, instance: Instance) -> None:
        self._debugger = debugger
        self._instance = instance

    def read(self, index: int) -> bytes:
        """Return a global's value."""
        debugger, instance = self._debugger, self._instance
        return value(
            lambda number: debugger.global_type(instance, number).valtype,
            lambda number: debugger.global_bits(instance, number),
            index,
        )

    def write(self, index: int, data: bytes) -> None:
        """Write the low bytes of a global."""
        whole = self.read(index)
        if len(data) > len(whole):
            raise TargetError(errno.EINVAL, f"global {index} has {len(whole)} bytes")
        bits = int.from_bytes(data + whole[len(data) :], "little")
        try:
            self._debugger.set_global_bits(self._instance, index, bits)
        except DebugError as error:
            raise TargetError(errno.EINVAL, str(error)) from error
