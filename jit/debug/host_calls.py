"""Host calls that the guest stops at, before they are made and after they have returned.

After each, what host functions may have written can be looked at too. A watched function's `run` is replaced by one that reports, so that the calls of all others, and of all
functions while nobody watches, cost nothing.
"""

from collections.abc import Callable

from jit.debug.events import DebugEvent, HostCall
from jit.runtime.driver import Activation
from jit.runtime.errors import HostCallInterrupted
from jit.runtime.func import HostFunction
from jit.runtime.store import Store

Run = Callable[[Activation], None]


class HostCalls:
    """Which host functions of a store report their calls."""

    def __init__(self, store: Store, report: Callable[[Activation, DebugEvent], None]) -> None:
        self._store = store
        self._report = report
        self._wanted: Callable[[str], bool] | None = None
        self._after: Callable[[Activation], None] | None = None
        self._watched: dict[HostFunction, Run] = {}
        self._interrupted: dict[Activation, HostFunction] = {}
        """Activations whose call was interrupted and will be made again."""

    def watch(self, wanted: Callable[[str], bool] | None) -> None:
        """Report the calls of the functions whose names `wanted` accepts; None for no calls."""
        self._wanted = wanted
        self._start_over()

    def look_after(self, after: Callable[[Activation], None] | None) -> None:
        """Call `after` when any host function has returned."""
        if after != self._after:
            self._after = after
            self._start_over()

    def _start_over(self) -> None:
        made_again = set(self._interrupted.values())
        for function in self._watched.keys() - made_again:
            function.run = self._watched.pop(function)
        self.update()

    def update(self) -> None:
        """Look at the functions that were made since."""
        if self._wanted is None and self._after is None:
            return
        for function in self._store.host_functions.values():
            if function not in self._watched and (self._after or self._reports(function)):
                self._watched[function] = function.run
                function.run = self._reporting(function, function.run)

    def _reports(self, function: HostFunction) -> bool:
        return self._wanted is not None and self._wanted(function.name)

    def _reporting(self, function: HostFunction, run: Run) -> Run:
        call, returned = HostCall(function.name), HostCall(function.name, returned=True)

        def reporting(activation: Activation) -> None:
            again = self._interrupted.pop(activation, None) is function
            if not again and self._reports(function):
                self._report(activation, call)
            try:
                run(activation)
            except HostCallInterrupted:
                self._interrupted[activation] = function
                raise
            if self._reports(function):
                self._report(activation, returned)
            if self._after is not None:
                self._after(activation)

        return reporting
