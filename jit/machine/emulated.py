"""The emulated machine: code of any ISA runs under unicorn, at the addresses it has in this process.

unicorn is imported when the first such machine is made: it costs 70 ms that a native run must not
pay.  Its objects have no types, hence `Any`.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from jit.machine.code_memory import CodeMemory
from jit.machine.emulation import EMULATIONS
from jit.machine.errors import MachineError
from jit.machine.host import NO_ACCESS, READ, WRITE, Region
from jit.machine.pages import Pages
from jit.machine.protocol import LinearMemory

HOST_STACK = 1 << 16
"""Bytes of the stack that stands for the host's while `resume` has not switched to the guest's."""


class EmulatedMemory:
    """A linear memory mapped readable and writable to its maximum at once.

    The emulator takes 0.1 ms a MiB of the whole mapping to protect any part of it, so that growing
    by protection is out of the question; generated code checks its bounds.
    """

    __slots__ = ("_region", "address")

    def __init__(self, region: Region) -> None:
        self._region = region
        self.address = region.address

    def grow(self, old: int, new: int) -> None:
        """Do nothing: the bytes are accessible, and zero until the guest has written them."""

    def view(self, size: int) -> memoryview:
        """Return the first `size` bytes, writable in place."""
        return self._region.view(0, size)


class EmulatedMachine(Pages):
    """Runs code under unicorn."""

    def __init__(self, isa: str) -> None:
        """Raise MachineError if there is no row for `isa`."""
        if isa not in EMULATIONS:
            raise MachineError(f"{isa} code cannot be emulated")
        row = EMULATIONS[isa]
        super().__init__(row.byteorder, self._map_data)
        self.name = f"emulated {isa}"
        self._row = row
        self._unicorn: Any = import_module("unicorn")
        self._registers: Any = import_module(row.constants)
        self._uc: Any = self._unicorn.Uc(
            getattr(self._unicorn, row.arch), getattr(self._unicorn, row.mode)
        )
        for name, bits in row.setup:
            register = self._register(name)
            self._uc.reg_write(register, self._uc.reg_read(register) | bits)
        if row.stops_by_exception:
            self._uc.hook_add(self._unicorn.UC_HOOK_INTR, lambda uc, number, data: uc.emu_stop())
        self._code = CodeMemory(executable=False, size=row.code_reserve)
        self.keep(self._code.region)
        unicorn = self._unicorn
        self._data_access = unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE
        self._map_region(self._code.region, 0, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
        self.add_code = self._code.add
        self.read_code = self._code.read
        self._exit = self._code.add(bytes(16))
        low = self.allocate(HOST_STACK)
        self._host_sp = low + HOST_STACK - 256 - row.frame_head
        if row.link is None:
            self._host_sp += 8
            self.store_u64(self._host_sp, self._exit)

    def _register(self, name: str) -> int:
        number: int = getattr(self._registers, self._row.prefix + name)
        return number

    def _map_data(self, region: Region, guard: int) -> None:
        self._map_region(region, guard, self._data_access)

    def _map_region(self, region: Region, guard: int, access: int) -> None:
        address = region.address + guard
        try:
            self._uc.mem_map_ptr(address, region.size - guard, access, address)
        except self._unicorn.UcError as error:
            raise MachineError(
                f"cannot map {region.size} bytes for the emulator: {error}"
            ) from error

    def keeping(self, entry: int) -> Callable[[int], int] | None:
        """Return None: the emulator always releases the GIL."""
        return None

    def function(self, entry: int) -> Callable[[int], int]:
        """Return the code at `entry` as a function from a 64-bit to a 32-bit number."""
        row, uc = self._row, self._uc
        write, start = uc.reg_write, uc.emu_start
        argument, stack = self._register(row.argument), self._register(row.stack)
        link = self._register(row.link) if row.link else None
        result, pc = self._register(row.result), self._register(row.pc)
        exit_, host_sp = self._exit, self._host_sp
        uc_error: type[Exception] = self._unicorn.UcError
        argument_error: type[Exception] = import_module("ctypes").ArgumentError

        def call(value: int) -> int:
            try:
                write(argument, value)
                write(stack, host_sp)
                if link is not None:
                    write(link, exit_)
                start(entry, exit_)
            except uc_error as error:
                if uc.reg_read(pc) != exit_:
                    raise self._crash(error, uc.reg_read(pc)) from error
            except argument_error as error:
                # All arguments are right: they were not looked at for want of stack.
                raise RecursionError(str(error)) from error
            at: int = uc.reg_read(pc)
            if at != exit_:
                raise MachineError(f"{self.name}: the guest's code stopped at {at:#x}")
            returned: int = uc.reg_read(result)
            return returned & 0xFFFF_FFFF

        return call

    def _crash(self, error: Exception, pc: int) -> MachineError:
        return MachineError(f"{self.name}: {error} at code address {pc:#x}")

    def patch(self, address: int, code: bytes) -> None:
        """Replace code, and what the emulator has translated of exactly these bytes."""
        self._code.patch(address, code)
        if code:  # the emulator refuses an empty range
            self._uc.ctl_remove_cache(address, address + len(code))

    def linear_memory(self, maximum: int) -> LinearMemory:
        """Map a linear memory to its maximum; its pages are taken when they are touched."""
        if not maximum:
            return EmulatedMemory(Region(1, NO_ACCESS))
        region = Region(maximum, READ | WRITE)
        self.keep(region)
        self._map_data(region, 0)
        return EmulatedMemory(region)

    def share(self, region: Region) -> None:
        """Keep a region and show it to the guest."""
        self.keep(region)
        self._map_data(region, 0)
