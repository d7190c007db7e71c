"""Patch sites on demand: which functions have them in their code, and how frames come to that code.

A function gets code with sites when it is first to be stopped in, and keeps it.  Until then it runs code
without any, which has the same registers at the same places.  At a stop the innermost frame is in code with
sites; frames inside calls come to it by their return addresses.
"""

from collections.abc import Callable, Set

from jit.abi.context import Exit
from jit.debug.breakpoints import FunctionKey
from jit.debug.innermost import IN_FRAME
from jit.debug.locations import Location
from jit.debug.transfer import Twins
from jit.runtime.code import CodeRange, ModuleCode
from jit.runtime.context import GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.store import Store

_BEFORE_STOP = frozenset({Exit.EPOCH, Exit.HOST})
"""Exits at which the innermost frame may be in code without sites for long."""


class SiteDemand:
    """The functions of one store that have patch sites, and their frames."""

    def __init__(self, store: Store, locate: Callable[[int], Location], twins: Twins) -> None:
        self._store = store
        self._locate = locate
        self._twins = twins
        self._frame_pointer = GENERAL + store.isa.convention.frame_pointer
        self._known: set[FunctionKey] = set()
        self._left: set[FunctionKey] = set()
        """Those of them that may have frames in code without sites."""

    def function(self, function: CodeRange) -> CodeRange:
        """Return code of a function with sites; calls go to such from now on."""
        if function.variant.sites:
            return function
        self._add(function.code, function.defined_index)
        return function.code.variant(function, function.variant.watch)

    def _add(self, code: ModuleCode, defined_index: int) -> None:
        key = code.module, defined_index
        if key not in self._known:
            code.add_sites(defined_index)
            self._known.add(key)
            if any(not function.variant.sites for function in code.variants(defined_index)):
                self._left.add(key)

    def twin(self, address: int) -> int:
        """Return what a code address is in code with sites."""
        location = self._locate(address)
        function = location.range
        if function.variant.sites:
            return address
        return self._twins.address(function, self.function(function), location.row)

    def innermost(self, activation: Activation) -> CodeRange | None:
        """Bring the innermost frame of a stopped activation to code with sites, and return that."""
        if activation.exit not in IN_FRAME:
            return None
        words = activation.context.words
        words[PC] = self.twin(words[PC])
        return self._locate(words[PC]).range

    def caller(self, frame_pointer: int) -> CodeRange | None:
        """Bring the caller of a frame to code with sites, and return that; None for an outermost frame."""
        machine, code = self._store.machine, self._store.code
        _, return_word = self._store.isa.caller(frame_pointer)
        address = machine.load_u64(return_word)
        if address == code.done:
            return None
        twin = self.twin(address)
        if twin != address:
            machine.store_u64(return_word, twin)
        return self._locate(twin).range

    def all_frames(self, functions: Set[FunctionKey]) -> None:
        """Bring calls of functions, and all their frames, to code with sites."""
        for code in self._store.code.modules():
            for module, defined_index in functions:
                if module is code.module:
                    self._add(code, defined_index)
        wanted = self._left & functions
        if not wanted:
            return
        for activation in self._store.activations:
            if activation.exit in IN_FRAME:
                self._bring_frames(activation, wanted)
        self._left -= wanted

    def _bring_frames(self, activation: Activation, wanted: Set[FunctionKey]) -> None:
        store, words = self._store, activation.context.words
        code, machine, caller = store.code, store.machine, store.isa.caller
        if activation.exit in _BEFORE_STOP:
            words[PC] = self._wanted_twin(words[PC], wanted)
        frame_pointer = words[self._frame_pointer]
        while True:
            pointer_word, return_word = caller(frame_pointer)
            address = machine.load_u64(return_word)
            if address == code.done:
                return
            twin = self._wanted_twin(address, wanted)
            if twin != address:
                machine.store_u64(return_word, twin)
            frame_pointer = machine.load_u64(pointer_word)

    def _wanted_twin(self, address: int, wanted: Set[FunctionKey]) -> int:
        function = self._store.code.lookup(address)
        assert function is not None, "a frame is in code"
        if function.variant.sites or (function.code.module, function.defined_index) not in wanted:
            return address
        return self.twin(address)
