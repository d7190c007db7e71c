"""Code memory: machine code side by side, never moved, and patched in place.

For a native machine it is one anonymous file mapped twice, executable and writable, so that no
mapping is ever both and a patch is a plain store.  An emulator executes plain data.
"""

import os

from jit.machine.errors import MachineError
from jit.machine.host import EXECUTE, READ, WRITE, Region, round_up

CODE_RESERVE = 256 << 20
"""Address space of one store's code; pages are taken as they are filled."""


class CodeMemory:
    """Code of one store, from `address` on."""

    def __init__(self, executable: bool, size: int = CODE_RESERVE) -> None:
        if executable:
            descriptor = _anonymous_file(size)
            try:
                self._writable = Region(size, READ | WRITE, descriptor)
                self.region = Region(size, READ | EXECUTE, descriptor)
            finally:
                os.close(descriptor)
        else:
            self.region = self._writable = Region(size, READ | WRITE)
        self.address = self.region.address
        self.size = size
        self._view = self._writable.view(0, size)
        self._used = 0

    def add(self, code: bytes) -> int:
        """Place code and return its address, 16-aligned.  Raise MachineError when there is no room."""
        start = round_up(self._used, 16)
        end = start + len(code)
        if end > self.size:
            raise MachineError(f"out of code memory ({self.size} bytes)")
        self._view[start:end] = code
        self._used = end
        return self.address + start

    def patch(self, address: int, code: bytes) -> None:
        """Replace code that was added before."""
        start = address - self.address
        if start < 0 or start + len(code) > self._used:
            raise MachineError(f"address {address:#x} is not in code memory")
        self._view[start : start + len(code)] = code

    def read(self, address: int, size: int) -> bytes:
        """Return code as it stands."""
        start = address - self.address
        if start < 0 or start + size > self._used:
            raise MachineError(f"address {address:#x} is not in code memory")
        return bytes(self._view[start : start + size])


def _anonymous_file(size: int) -> int:
    """Return the descriptor of a file of zeros that has no name.  Raise MachineError on refusal."""
    try:
        descriptor = os.memfd_create("jit-code", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, size)
    except OSError as error:
        raise MachineError(
            f"cannot make code memory: {error.strerror}", error.errno or 0
        ) from error
    return descriptor
