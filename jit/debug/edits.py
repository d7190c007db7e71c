"""A session of changes to breakpoints and to single-step mode (Wasmtime's `BreakpointEdit`)."""

from typing import TYPE_CHECKING

from jit.debug.breakpoints import FunctionKey, Owner
from jit.debug.errors import ForeignModule
from jit.runtime.module import Module

if TYPE_CHECKING:
    from jit.debug.core import DebugCore


class BreakpointEdit:
    """A batch of changes: the code is patched when the `with` ends, each function once.

    What has been edited stays so if the `with` is left by an exception. All of it raises StoreInUse while
    the guest runs: what was edited before is patched with the next edit.
    """

    def __init__(self, core: "DebugCore", owner: Owner) -> None:
        self._core = core
        self._owner = owner
        self._functions: set[FunctionKey] = set()
        self._step: bool | None = None

    def __enter__(self) -> "BreakpointEdit":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._functions and self._step is None:
            return
        self._core.enabling.note(self._functions)
        self._core.reports.check_standing()
        self._core.enabling.apply()
        if self._step is not None:
            self._core.set_single_step(self._step)

    def add_breakpoint(self, module: Module, pc: int) -> None:
        """Set a breakpoint at the first op boundary at or after `pc`; no effect if it is there.

        NoCode outside every function's code, InvalidFunction in a function that is invalid,
        ForeignModule for a module that the store cannot run.
        """
        self._check(module)
        self._note(self._core.breakpoints.add(module, pc, self._owner))

    def remove_breakpoint(self, module: Module, pc: int) -> None:
        """Remove the breakpoint that this owner asked for at `pc`; no effect if there is none."""
        self._check(module)
        self._note(self._core.breakpoints.remove(module, pc, self._owner))

    def _check(self, module: Module) -> None:
        self._core.reports.check_standing()
        if not isinstance(module, Module):
            raise TypeError("expected a Module")
        if module.state not in (None, self._core.store.state):
            raise ForeignModule

    def _note(self, function: FunctionKey | None) -> None:
        if function is not None:
            self._functions.add(function)

    def single_step(self, on: bool) -> None:
        """Switch single-step mode: a Breakpoint event at every op."""
        self._core.reports.check_standing()
        self._step = on
