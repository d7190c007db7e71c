"""Where a guest stands, and what is told of a trap: signals and words, the same in every view."""

from __future__ import annotations

from dataclasses import dataclass

from gdbstub.monitor.values import shown
from gdbstub.target import Address, RawKind, Signal, SystemCall
from jit import TrapCode
from jit.debug.debugger import Debugger
from jit.debug.events import HostcallError, Trap
from jit.debug.failing import standing_op
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
    detail: str = ""
    """The op that trapped, and its operands."""


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


_NOT_THE_OPS_FAULT = frozenset({TrapCode.STACK_OVERFLOW, TrapCode.INTERRUPT, TrapCode.OUT_OF_FUEL})


def fault_of(debugger: Debugger, event: Trap | HostcallError) -> Fault:
    """Say which signal a fatal event is shown as, and in which words."""
    if isinstance(event, HostcallError):
        error = event.error
        return Fault(Signal.ABRT, f"host function failed: {type(error).__name__}: {error}")
    if event.code is None:
        return Fault(Signal.ABRT, f"wasm trap: {event.message}")
    text = f"wasm trap: {event.code.message}"
    return Fault(_SIGNALS[event.code], text, _detail(debugger, event.code))


def _detail(debugger: Debugger, code: TrapCode) -> str:
    """Describe the op that trapped by what its operands are."""
    frame = debugger.frame(0)
    op = None if frame is None else standing_op(frame)
    if frame is None or op is None or not op.operands or code in _NOT_THE_OPS_FAULT:
        return ""
    text = f"{op.text}: {', '.join(shown(*operand) for operand in op.operands)}"
    instance = frame.instance()
    if code is TrapCode.MEMORY_OUT_OF_BOUNDS:
        return f"{text}; the memory has {debugger.memory(instance, 0).linear.size:#x} bytes"
    if op.table is None:
        return text
    slot, slots = op.operands[-1][1], instance.tables[op.table].elements.size
    if slot >= slots:
        return f"{text}; the table has {slots} slots"
    called = debugger.table_function(instance, op.table, slot)
    if called is None:
        return text
    owner, index = called
    return f"{text}; slot {slot} is {owner.module.info.func_name(index)}"
