"""What lldb asks about the machine, and commands of our own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gdbstub.target import Address


@dataclass(frozen=True, slots=True)
class HostInfo:
    """The machine and process shown: `qHostInfo`, `qProcessInfo`."""

    triple: str
    pointer_size: int
    pid: int = 1
    endian: str = "little"


@dataclass(frozen=True, slots=True)
class RegisterInfo:
    """A register as `qRegisterInfo` describes it."""

    name: str
    bits: int
    offset: int  # in the `g` packet, bytes
    group: str = "General Purpose Registers"
    encoding: str = "uint"
    format: str = "hex"
    generic: str | None = None  # "pc", "sp", "fp", "ra", "flags", "arg1"...
    dwarf: int | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of the address space; `permissions` is "" for a gap, else of "rwx"."""

    start: Address
    size: int
    permissions: str
    name: str | None = None


@runtime_checkable
class Machine(Protocol):
    """The machine shown to lldb."""

    def host_info(self) -> HostInfo:
        """Describe machine and process."""
        ...


@runtime_checkable
class RegisterInfos(Protocol):
    """Registers described one by one, for clients that do not read target.xml."""

    def register_infos(self) -> tuple[RegisterInfo, ...]:
        """Describe all registers, by number."""
        ...


@runtime_checkable
class Regions(Protocol):
    """Memory regions (`qMemoryRegionInfo`)."""

    def region(self, address: Address) -> Region:
        """Return the region or gap holding `address`; gaps reach to the next region or the end."""
        ...


@runtime_checkable
class Process(Protocol):
    """The guest as a process (`info proc`)."""

    def command_line(self) -> Sequence[str]:
        """Return the words it was started with, its own name first."""
        ...

    def executable(self) -> str:
        """Return the path of its program's file."""
        ...

    def working_directory(self) -> str:
        """Return the folder that relative paths start from, as the guest names it."""
        ...

    def mappings(self) -> Sequence[Region]:
        """List its address space, by address, without the gaps."""
        ...


@runtime_checkable
class SystemCalls(Protocol):
    """Stops at system calls, by their numbers on Linux (`QCatchSyscalls`)."""

    def catch_system_calls(self, numbers: frozenset[int] | None) -> None:
        """Stop before and after the calls with these numbers from now on; None for all calls."""
        ...


@runtime_checkable
class Monitor(Protocol):
    """Commands of our own (`qRcmd`, gdb's `monitor`)."""

    def monitor(self, command: str) -> Iterator[str]:
        """Run a command, yielding its text as it comes; whoever wants no more of it closes the iterator.

        An unknown or wrong command raises `TargetError` when it is found out; the user sees the text.
        """
        ...
