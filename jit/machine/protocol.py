"""The `Machine` protocol: everything the runtime knows of the place where its code runs.

Guest addresses are host addresses on every machine, so memory is read and written the same way on
all of them.  Words are numbers: a machine whose guest has the other byte order swaps them.
"""

from collections.abc import Callable
from typing import Protocol

from jit.machine.host import ByteOrder, Region, Words


class LinearMemory(Protocol):
    """The address range of one linear memory; it never moves."""

    @property
    def address(self) -> int: ...

    def grow(self, old: int, new: int) -> None:
        """Make bytes `old` to `new` accessible; both are multiples of the Wasm page size.

        Raise MachineError where the host has no more memory.
        """
        ...

    def view(self, size: int) -> memoryview:
        """Return the first `size` bytes, writable in place."""
        ...


class Machine(Protocol):
    """Code, data, stacks and linear memories of one store, and a processor that runs the code.

    Everything it hands out is freed with it.
    """

    @property
    def name(self) -> str:
        """How messages call it, such as `native x86-64`."""
        ...

    @property
    def byteorder(self) -> ByteOrder:
        """The guest's byte order for words; linear memory is little-endian whatever it is."""
        ...

    def function(self, entry: int) -> Callable[[int], int]:
        """Return the code at `entry` as a function from a 64-bit to a 32-bit number.

        The call releases the GIL while the guest runs.
        """
        ...

    def keeping(self, entry: int) -> Callable[[int], int] | None:
        """Return the code at `entry` as a function that keeps the GIL, None where there is no such thing."""
        ...

    def add_code(self, code: bytes) -> int:
        """Place code and return its address: 16-aligned, above all code placed before."""
        ...

    def patch(self, address: int, code: bytes) -> None:
        """Replace code while nothing runs in it; what runs afterwards is the new code."""
        ...

    def read_code(self, address: int, size: int) -> bytes:
        """Return code as it stands, patches included."""
        ...

    def allocate(self, size: int) -> int:
        """Return the address of `size` zeroed bytes, 64-aligned."""
        ...

    def stack(self, size: int) -> tuple[int, int]:
        """Map a stack with an inaccessible guard below; return its lowest address and its end."""
        ...

    def linear_memory(self, maximum: int) -> LinearMemory:
        """Reserve a linear memory that may grow to `maximum` bytes; nothing is accessible yet."""
        ...

    def share(self, region: Region) -> None:
        """Let the guest use a region that belongs to somebody else and outlives this machine."""
        ...

    def words(self, address: int, count: int) -> Words:
        """Return `count` words at an 8-aligned address of this machine's data, for fast access."""
        ...

    def load_u64(self, address: int) -> int: ...

    def store_u64(self, address: int, value: int) -> None: ...

    def load_u32(self, address: int) -> int: ...

    def store_u32(self, address: int, value: int) -> None: ...

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of data or of a stack, in address order."""
        ...

    def write(self, address: int, data: bytes) -> None: ...
