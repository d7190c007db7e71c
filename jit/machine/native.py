"""The native machine: code runs on this processor, called through cffi."""

import os
import sys
from collections.abc import Callable

from jit.machine.code_memory import CodeMemory
from jit.machine.errors import MachineError
from jit.machine.host import NO_ACCESS, READ, WRITE, Region, function_at, keeping_function_at
from jit.machine.pages import Pages
from jit.machine.protocol import LinearMemory

GUARDED_SIZE = (8 << 30) + (64 << 10)
"""What a 32-bit memory reserves: every index plus every static offset, and the widest access."""

_ISA_OF = {"x86_64": "x86-64"}


def native_isa() -> str | None:
    """Return the name of the instruction set that this process can run natively, None if none."""
    if sys.platform != "linux":
        return None
    return _ISA_OF.get(os.uname().machine)


class GuardedMemory:
    """A linear memory's reservation: inaccessible but for the bytes it has grown to."""

    __slots__ = ("_region", "address")

    def __init__(self, region: Region) -> None:
        self._region = region
        self.address = region.address

    def grow(self, old: int, new: int) -> None:
        """Make bytes `old` to `new` accessible."""
        if new > old:
            self._region.protect(old, new - old, READ | WRITE)

    def view(self, size: int) -> memoryview:
        """Return the first `size` bytes, writable in place."""
        return self._region.view(0, size)


class NativeMachine(Pages):
    """Runs code in this process."""

    def __init__(self, isa: str) -> None:
        """Raise MachineError unless this process can run the instruction set `isa`."""
        if native_isa() != isa:
            raise MachineError(f"{isa} code does not run natively here")
        super().__init__(sys.byteorder, lambda region, guard: None)
        self.name = f"native {isa}"
        code = CodeMemory(executable=True)
        self.add_code = code.add
        self.patch = code.patch
        self.read_code = code.read

    def function(self, entry: int) -> Callable[[int], int]:
        """Return the code at `entry` as a function from a 64-bit to a 32-bit number."""
        return function_at(entry)

    def keeping(self, entry: int) -> Callable[[int], int] | None:
        """Return the code at `entry` as a function that keeps the GIL."""
        return keeping_function_at(entry)

    def linear_memory(self, maximum: int) -> LinearMemory:
        """Reserve a linear memory of up to 4 GiB, inaccessible as far as a wrong check could reach."""
        if maximum > 4 << 30:
            raise MachineError(f"a linear memory of {maximum} bytes is too large")
        region = Region(GUARDED_SIZE, NO_ACCESS)
        self.keep(region)
        return GuardedMemory(region)

    def share(self, region: Region) -> None:
        """Keep a region; the guest is this process and needs nothing more."""
        self.keep(region)
