"""What can happen to a guest under a debugger, as values (names: Wasmtime's `DebugEvent`).

An event is reported on the thread that runs the guest, which stands still until the handler returns.
"""

from dataclasses import dataclass

from jit.abi.traps import TrapCode
from jit.debug.watchpoints import Hit
from jit.runtime.func import Func
from jit.runtime.module import Module
from jit.runtime.val import Val


@dataclass(frozen=True, slots=True)
class DebugEvent:
    """Why the guest stands still; one of the subclasses."""


@dataclass(frozen=True, slots=True)
class Trap(DebugEvent):
    """A trap, at the op that trapped; resuming ends the run with it."""

    code: TrapCode | None
    message: str


@dataclass(frozen=True, slots=True)
class Breakpoint(DebugEvent):
    """A boundary that has a breakpoint, or any boundary in single-step mode.

    `pc` is the op about to run, `requested` are the PCs that breakpoints here were asked for at,
    ascending: `pc` itself, or others that slipped to it; empty for a mere step.
    """

    module: Module
    pc: int
    requested: tuple[int, ...] = ()
    step: bool = False
    """Whether single-step mode was on."""


@dataclass(frozen=True, slots=True)
class HostcallError(DebugEvent):
    """A host function raised `error`; the frame is inside the call. Resuming ends the run with it."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class CaughtExceptionThrown(DebugEvent):
    """An exception is thrown that the guest catches; at the op that throws.

    Nothing makes this event, nor the next: no module with exceptions is accepted.
    """

    exception: object


@dataclass(frozen=True, slots=True)
class UncaughtExceptionThrown(DebugEvent):
    """An exception is thrown that nothing in the guest catches: it goes to the host."""

    exception: object


@dataclass(frozen=True, slots=True)
class CallReturned(DebugEvent):
    """A call that the handler had put in here (`inject_call`) has ended; ours alone.

    The guest is where it was before. `results` are the call's, `error` is what ended it instead: the
    guest's trap, or what a host function raised.
    """

    function: Func
    results: tuple[Val, ...] = ()
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class HostCall(DebugEvent):
    """A watched host function is about to be called, or has `returned`; ours alone.

    The frame is inside the call, its arguments on the operand stack. There is no return of a call
    that raises.
    """

    name: str
    """As messages have it: `module.name`."""
    returned: bool = False


@dataclass(frozen=True, slots=True)
class ModuleRegistered(DebugEvent):
    """A module has its first instance, of which nothing has run; ours alone.

    Whatever instantiates it goes on: the embedder, or a host function that the guest is in.
    """

    module: Module


@dataclass(frozen=True, slots=True)
class Watched(DebugEvent):
    """Watchpoints were hit, one or more; ours alone.

    The access was made. The guest is at the boundary after its op, or inside a host call that made it,
    which has returned (`in_host_call`).
    """

    hits: tuple[Hit, ...]
    in_host_call: bool = False


@dataclass(frozen=True, slots=True)
class EpochYield(DebugEvent):
    """The epoch's deadline was reached."""


@dataclass(frozen=True, slots=True)
class Interrupt(DebugEvent):
    """Somebody asked for a stop (`Store.interrupt`).

    The guest is before the op of a function's entry or a loop's head, or inside a host call that was
    left undone and starts again on resumption (`in_host_call`).
    """

    in_host_call: bool = False
