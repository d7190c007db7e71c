"""Code that looks at accesses of memory: when the guest runs it, and how its frames come to it and leave it.

Code is switched, and frames move, when the guest goes on, not when a watchpoint comes or goes.
"""

from collections.abc import Callable

from jit.abi.context import Exit
from jit.debug.enabling import Enabling
from jit.debug.host_calls import HostCalls
from jit.debug.innermost import IN_FRAME
from jit.debug.locations import Location
from jit.debug.transfer import Twins
from jit.debug.watchpoints import Watchpoints
from jit.runtime.context import GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.store import Store


class Watching:
    """Keeps one store's code and frames up to date with its watchpoints."""

    def __init__(
        self,
        store: Store,
        locate: Callable[[int], Location],
        enabling: Enabling,
        watchpoints: Watchpoints,
        host_calls: HostCalls,
        twins: Twins,
        after_host_call: Callable[[Activation], None],
    ) -> None:
        self._store = store
        self._locate = locate
        self._enabling = enabling
        self._watchpoints = watchpoints
        self._host_calls = host_calls
        self._after_host_call = after_host_call
        self._twins = twins

    def update(self) -> None:
        """Bring everything up to date; cheap if no watchpoint came or went."""
        watchpoints, code = self._watchpoints, self._store.code
        if not watchpoints.changed_since:
            return
        watchpoints.changed_since = False
        for instance in self._store.instances:
            for memory in instance.memories:
                memory.linear.watch(watchpoints.ranges(memory.linear))
        self._host_calls.look_after(self._after_host_call if watchpoints else None)
        if watchpoints.watch is not code.watch:
            code.set_watch(watchpoints.watch)
            self._transfer_callers()
        self._enabling.apply_watchpoints()

    def _transfer_callers(self) -> None:
        """Let all frames that are inside a call return to code that looks at what is watched now.

        Those that stand at a boundary follow when their stop is over.
        """
        store = self._store
        machine, isa, done = store.machine, store.isa, store.code.done
        for activation in store.activations:
            if activation.exit not in IN_FRAME:
                continue
            words = activation.context.words
            if activation.exit == Exit.HOST:
                words[PC] = self.twin(words[PC])
            frame_pointer = words[GENERAL + isa.convention.frame_pointer]
            while True:
                pointer_word, return_word = isa.caller(frame_pointer)
                address = machine.load_u64(return_word)
                if address == done:
                    break
                other = self.twin(address)
                if other != address:
                    machine.store_u64(return_word, other)
                frame_pointer = machine.load_u64(pointer_word)

    def twin(self, address: int) -> int:
        """Return what a code address is in code that looks at what is watched now."""
        location = self._locate(address)
        range_, watch = location.range, self._store.code.watch
        if range_.variant.watch is watch:
            return address
        other = range_.code.variant(range_, watch)
        self._enabling.take_over(range_, other)
        return self._twins.address(range_, other, location.row)
