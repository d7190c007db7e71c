"""Calls of the guest's functions that no stop interrupts, made while the guest stands at an event.

They are made on the thread that asks, whichever has the guest's turn: that one waits at the event.
LLVM's shadow stack is moved below what the stopped frames hold, and set back afterwards.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from threading import Timer

from jit.debug.core import DebugCore
from jit.debug.errors import DebugError
from jit.runtime.func import Func
from jit.runtime.instance import Instance
from jit.runtime.store import Store
from jit.wasm.types import I32

STACK_POINTER = "__stack_pointer"
"""The name LLVM gives the global that holds the shadow stack's pointer."""

RED_ZONE = 1024
"""Bytes below the shadow stack pointer that are left alone: leaf functions keep variables there."""

_ALIGNMENT = 16


def stack_pointer(instance: Instance) -> int | None:
    """Return the index of the global that holds an instance's shadow stack pointer, if any does."""
    info = instance.module.info
    named = next((i for i, name in info.names.globals.items() if name == STACK_POINTER), None)
    if named is not None:
        return named
    # Without names it is the linker's first, which begins at the end of its stack.
    if info.names.globals or info.num_imported_globals or not (info.globals and info.memories):
        return None
    first, init = info.globals[0], info.global_inits[0]
    found = first.mutable and first.valtype == I32 and init.kind == "i32.const"
    return 0 if found and init.value and init.value % _ALIGNMENT == 0 else None


def call(
    core: DebugCore, instance: Instance, function: Func, arguments: Sequence[int], seconds: float
) -> list[int]:
    """Call a function with bit patterns in and out, for so many seconds at most.

    Breakpoints, steps and watchpoints do not stop it; out of time, it ends with an interrupt's Trap.
    All frame handles are stale afterwards.  DebugError where no guest code is on the stack.
    """
    core.reports.check_standing()
    store = core.store
    if not store.activations:
        raise DebugError("no guest code is on the stack")
    with (
        _silenced(core),
        _stack_below(instance),
        _limited(store, seconds),
        store.debugger_call(),
        store.exclusion.lend() as accept,
    ):

        def run() -> list[int]:
            accept()
            return function.call_bits(arguments)

        return copy_context().run(run)


@contextmanager
def _silenced(core: DebugCore) -> Iterator[None]:
    core.update_watch()
    handler, stepping = core.reports.handler, core.single_step
    core.set_single_step(False)
    core.reports.handler = None
    try:
        yield
    finally:
        core.reports.handler = handler
        core.set_single_step(stepping)
        core.watchpoints.refresh()


@contextmanager
def _stack_below(instance: Instance) -> Iterator[None]:
    number = stack_pointer(instance)
    if number is None:
        yield
        return
    variable = instance.globals[number]
    before = variable.bits()
    variable.set_bits(max(before - RED_ZONE, 0) & -_ALIGNMENT)
    try:
        yield
    finally:
        variable.set_bits(before)


@contextmanager
def _limited(store: Store, seconds: float) -> Iterator[None]:
    """Interrupt the guest when the time is over; a request made before is made again afterwards."""
    wanted = store.take_interrupt()
    timer = Timer(seconds, store.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        store.take_interrupt()
        if wanted:
            store.interrupt()
