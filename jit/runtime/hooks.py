"""What a store tells its debugger: the `DebugHooks` that `jit.debug` implements.

All are called on the thread that runs the guest, which goes on when they return.  Whatever a hook
raises unwinds the activation; what derives from BaseException alone passes host functions' handlers too.
"""

from typing import TYPE_CHECKING, Protocol

from jit.runtime.trap import Trap

if TYPE_CHECKING:
    from jit.runtime.code import ModuleCode
    from jit.runtime.driver import Activation
    from jit.runtime.instance import Instance


class DebugHooks(Protocol):
    """A store's debugger."""

    def on_breakpoint(self, activation: "Activation") -> None:
        """An enabled patch site was reached; the context's pc is just past it."""
        ...

    def on_interrupt(self, activation: "Activation", requested: bool) -> None:
        """An interrupt check found its word set.

        `requested`: somebody called `Store.interrupt` (the request is consumed now); otherwise it is
        `Store.entry_stops` alone.  In a host call (`activation.host` is not None) always requested;
        the call has done nothing and will be made again.
        """
        ...

    def on_watch(self, activation: "Activation") -> None:
        """A watched range of memory was accessed, by the op before the boundary the guest is at."""
        ...

    def on_trap(self, activation: "Activation", trap: Trap) -> None:
        """The guest trapped; the trap is raised when this returns."""
        ...

    def on_epoch(self, activation: "Activation") -> None:
        """The epoch's deadline was reached, and the store yields on that."""
        ...

    def on_hostcall_error(self, activation: "Activation", error: Exception) -> None:
        """A host function raised; the error is raised again when this returns.

        Everything that unwinds the guest through a host function comes by here: an `ExitTrap`, and
        the traps and errors of inner activations too.
        """
        ...

    def on_compiled(self, code: "ModuleCode", defined_index: int) -> None:
        """A function was compiled and will be run; nothing runs in it yet."""
        ...

    def on_instance(self, instance: "Instance") -> None:
        """An instance exists, its segments not applied and its start function not run."""
        ...

    def on_left(self) -> None:
        """The outermost call into the guest has ended, whichever way."""
        ...

    def extern_roots(self) -> set[int]:
        """Return the handles of the externrefs in all frames."""
        ...
