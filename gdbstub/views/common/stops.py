"""Where a guest stands, and what is told of a trap: signals and words, the same in every view."""

from __future__ import annotations

from dataclasses import dataclass

from gdbstub.target import Address, RawKind, Signal, SystemCall
from jit import TrapCode
from jit.debug.events import HostcallError, Trap
from jit.debug.watchpoints import Hit

# fmt: off
_SIGNALS = {
    TrapCode.STACK_OVERFLOW:            Signal.SEGV,
    TrapCode.MEMORY_OUT_OF_BOUNDS:      Signal.SEGV,
    TrapCode.HEAP_MISALIGNED:           Signal.BUS,
    TrapCode.TABLE_OUT_OF_BOUNDS:       Signal.SEGV,
    TrapCode.INDIRECT_CALL_TO_NULL:     Signal.SEGV,
    TrapCode.BAD_SIGNATURE:             Signal.SEGV,
    TrapCode.INTEGER_OVERFLOW:          Signal.FPE,
    TrapCode.INTEGER_DIVISION_BY_ZERO:  Signal.FPE,
    TrapCode.BAD_CONVERSION_TO_INTEGER: Signal.FPE,
    TrapCode.UNREACHABLE:               Signal.ILL,
    TrapCode.INTERRUPT:                 Signal.INT,
    TrapCode.OUT_OF_FUEL:               Signal.XCPU,
    TrapCode.NULL_REFERENCE:            Signal.SEGV,
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Fault:
    """A trap as a debugger's user sees it."""

    signal: Signal
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The raw event a guest stands at, at the address its view gave.

    `fault` with a trap only, `call` with a system call, `hits` with watchpoints.
    """

    kind: RawKind
    address: Address
    fault: Fault | None = None
    call: SystemCall | None = None
    hits: tuple[Hit, ...] = ()


def fault_of(event: Trap | HostcallError) -> Fault:
    """Say which signal a fatal event is shown as, and in which words."""
    if isinstance(event, HostcallError):
        error = event.error
        return Fault(Signal.ABRT, f"host function failed: {type(error).__name__}: {error}")
    if event.code is None:
        return Fault(Signal.ABRT, f"wasm trap: {event.message}")
    return Fault(_SIGNALS[event.code], f"wasm trap: {event.code.message}")
