"""The driver: resumes the guest, and acts on the reason for which it comes back.

An `Activation` is one call into the guest: a context block, and a part of the guest's stack that
starts below whatever ran before.  Nothing of Python runs on that stack, so that any exception, a
debugger's too, ends an activation by forgetting it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from jit.abi import records, vmctx
from jit.abi.context import Exit
from jit.abi.traps import TrapCode
from jit.runtime import libcalls
from jit.runtime.context import FLAGS, FLOAT_ENVIRONMENT, GENERAL, PC, ContextBlock
from jit.runtime.errors import HostCallInterrupted
from jit.runtime.frames import backtrace
from jit.runtime.func import HostFunction
from jit.runtime.signature import Signature, read_slots, write_slots
from jit.runtime.trap import Trap

if TYPE_CHECKING:
    from jit.runtime.instance import Instance
    from jit.runtime.store import Store

_RETURN = int(Exit.RETURN)
_BREAKPOINT = int(Exit.BREAKPOINT)
_TRAP = int(Exit.TRAP)
_INTERRUPT = int(Exit.INTERRUPT)
_EPOCH = int(Exit.EPOCH)
_HOST = int(Exit.HOST)
_LIBCALL = int(Exit.LIBCALL)
_WATCH = int(Exit.WATCH)

STACK_GAP = 256
"""Bytes left free below an activation that stopped, before the next one starts."""


class Activation:
    """One call into the guest, from entry to return, trap or being unwound."""

    __slots__ = ("_signature", "context", "depth", "exit", "host", "record", "store", "trap")

    def __init__(
        self, store: "Store", context: ContextBlock, record: int, signature: Signature
    ) -> None:
        self.store = store
        self.context = context
        """The guest's machine state, valid while it does not run."""
        self.depth = len(store.activations)
        """How many activations lie outside this one."""
        self.record = record
        """The function that was called."""
        self._signature = signature
        self.exit = 0
        """The last `Exit`, 0 before the first."""
        self.host: HostFunction | None = None
        """The host function it is in."""
        self.trap: Trap | None = None
        """What ends it."""

    def enter(self, stack_pointer: int, arguments: Sequence[int]) -> None:
        """Set the context up for the call of its function."""
        store, words = self.store, self.context.words
        load, convention = store.machine.load_u64, store.isa.convention
        stack_pointer, registers, head = store.isa.initial_stack(stack_pointer, store.code.done)
        if stack_pointer < store.stack_limit:
            raise self._overflowed()
        store.machine.write(stack_pointer, head)
        instance = load(self.record + records.VMCTX)
        words[PC] = load(self.record + records.CODE)
        words[FLAGS] = 0
        words[FLOAT_ENVIRONMENT] = convention.float_environment
        for register, value in registers.items():
            words[GENERAL + register] = value
        words[GENERAL + convention.stack_pointer] = stack_pointer
        words[GENERAL + convention.vmctx] = instance
        words[GENERAL + convention.memory_base] = load(instance + vmctx.MEMORY_BASE)
        words[GENERAL + convention.scratch[0]] = self.record
        write_slots(self._signature.params, words, store.overflow, arguments)

    def run(self) -> list[int]:
        """Run the guest until its function returns; return the results' bit patterns."""
        store = self.store
        code, address = store.code, self.context.address
        words, hosts = self.context.words, store.host_functions
        record_word = GENERAL + store.isa.convention.scratch[0]
        while True:
            store.executions += 1
            self.exit = exit_ = code.resume(address)
            if exit_ == _HOST:
                self.host = host = hosts[words[record_word]]
                try:
                    host.run(self)
                except Exception as error:
                    self._host_raised(host, error)
                self.host = None
            elif exit_ == _BREAKPOINT:
                if store.hooks is not None:
                    store.hooks.on_breakpoint(self)
            elif exit_ == _RETURN:
                return read_slots(self._signature.results, words, store.overflow)
            elif exit_ == _LIBCALL:
                self._call_library()
            elif exit_ == _INTERRUPT:
                self._interrupted()
            elif exit_ == _TRAP:
                self._trapped(Trap.of(TrapCode(self.context.argument)))
            elif exit_ == _WATCH:
                if store.hooks is not None:
                    store.hooks.on_watch(self)
            elif exit_ == _EPOCH:
                self._epoch_reached()
            else:
                self._compile()

    def calling_instance(self) -> "Instance | None":
        """Return the instance whose code called the host function it is in."""
        convention = self.store.isa.convention
        base = self.context.general(convention.stack_pointer) + convention.frame_head
        return self.store.instance_at(self.store.machine.load_u64(base))

    def _host_raised(self, host: HostFunction, error: Exception) -> None:
        """Report an interrupt and call again until the call is done, or unwind the guest."""
        while True:
            if isinstance(error, RecursionError) and self.depth:
                # Endless recursion of guest and host exhausts Python's stack before the guest's.
                self._trapped(Trap.of(TrapCode.STACK_OVERFLOW))
            if not isinstance(error, HostCallInterrupted):
                self._host_failed(error)
            self._report_interrupt(self.store.take_interrupt())
            try:
                return host.run(self)
            except Exception as again:
                error = again

    def _host_failed(self, error: Exception) -> NoReturn:
        if self.store.hooks is not None:
            self.store.hooks.on_hostcall_error(self, error)
        raise error

    def _call_library(self) -> None:
        number = self.context.argument
        convention = self.store.isa.convention
        instance = self.store.instances_by_vmctx[self.context.general(convention.vmctx)]
        signature = self.store.libcall_signatures[number]
        words, overflow = self.context.words, self.store.overflow
        arguments = read_slots(signature.params, words, overflow)
        try:
            results = libcalls.BODIES[number](instance, *arguments)
        except Trap as trap:
            self._trapped(trap)
        write_slots(signature.results, words, overflow, results)

    def _interrupted(self) -> None:
        """An entry or a loop head found the limit raised or the word set, or is out of stack."""
        convention = self.store.isa.convention
        if self.context.general(convention.stack_pointer) < self.store.stack_limit:
            self._trapped(Trap.of(TrapCode.STACK_OVERFLOW))
        self._report_interrupt(self.store.take_interrupt())

    def _report_interrupt(self, requested: bool) -> None:
        if self.store.hooks is not None:
            self.store.hooks.on_interrupt(self, requested)
        elif requested:
            self._trapped(Trap.of(TrapCode.INTERRUPT))

    def _epoch_reached(self) -> None:
        store = self.store
        if store.epoch_callback is None:
            self._trapped(Trap.of(TrapCode.INTERRUPT))
        ticks = store.epoch_callback()
        if store.hooks is not None:
            store.hooks.on_epoch(self)
        store.set_epoch_deadline(ticks)

    def _compile(self) -> None:
        store, words, convention = self.store, self.context.words, self.store.isa.convention
        address = self.context.general(convention.vmctx)
        code = store.instances_by_vmctx[address].code
        defined_index = self.context.argument
        code.compile(defined_index)
        if store.hooks is not None:
            store.hooks.on_compiled(code, defined_index)
        words[PC] = code.entry(defined_index)
        words[GENERAL + convention.memory_base] = store.machine.load_u64(address)

    def _overflowed(self) -> Trap:
        """The stack has no room for this activation; that is the trap of the one outside."""
        return Trap.of(TrapCode.STACK_OVERFLOW, backtrace(self.store))

    def _trapped(self, trap: Trap) -> NoReturn:
        trap.frames = backtrace(self.store)
        self.trap = trap
        if self.store.hooks is not None:
            self.store.hooks.on_trap(self, trap)
        raise trap
