"""Calls made by gdb: prepared from what it wrote, run in the guest, their results shown as gdb expects.

A call is an activation of its own, below the frame that the guest is stopped in and below what gdb
pushed there; gdb's own return address (the pad) is where its outermost frame returns to.  A stop
inside is a stop like any other.  The guest's shadow stack pointer is set below everything that the
stopped frame may hold, and set back when the call is over, in whichever way.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gdbstub.objfile import Prototype
from gdbstub.target import TargetError
from gdbstub.views.x32 import description as d
from gdbstub.views.x32 import passing, variadic
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.resume import CallFunction, Position
from gdbstub.views.x32.shadow import ShadowStacks
from gdbstub.views.x32.windows import FRAMES_BASE, FRAMES_END
from jit import Func, Instance
from jit.debug.debugger import Debugger
from jit.debug.quiet_calls import stack_pointer

_RETURN_ADDRESS = 8


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that can be called: where it is, and how its source declares it."""

    instance: Instance
    function: Func
    prototype: Prototype


@dataclass(frozen=True, slots=True)
class Call:
    """A call ready to be run."""

    callee: Callee
    arguments: tuple[int, ...]
    origin: Position
    """Where the client stood before it."""
    position: Position
    """Where gdb set the program up to start the call."""
    pad: int
    result: int
    """Where in linear memory the callee puts its result; 0 for nowhere."""
    wanted_at: int
    """The address at which gdb wants the result; 0 where it looks in registers."""
    stack_pointer: int
    """The shadow stack pointer for it."""
    distance: int
    """How far from the far end of the guest's stack its frames must start, in bytes."""


class Calls:
    """The calls that have not returned, the outermost first."""

    def __init__(
        self,
        debugger: Debugger,
        blocks: Blocks,
        register: Callable[[int], int],
        read: Callable[[int, int], bytes],
        write: Callable[[int, bytes], None],
        callee: Callable[[int], Callee | None],
        shadow: ShadowStacks,
        function_slot: Callable[[int, Instance], int],
        own_pointer: Callable[[Instance, int], int],
    ) -> None:
        """`register` reads gdb's registers, `read` and `write` its address space.

        `callee` finds a function by the address gdb calls; `function_slot` turns the address of a function into an instance's
        table index, `own_pointer` an address into what an instance knows the place by.
        """
        self._debugger = debugger
        self._blocks = blocks
        self._register = register
        self._read = read
        self._write = write
        self._callee = callee
        self._shadow = shadow
        self._function_slot = function_slot
        self._own_pointer = own_pointer
        self._active: list[Call] = []
        self._left = 0
        """How many of them, the outermost, were made by a client that has gone."""

    @property
    def origins(self) -> Sequence[Position]:
        """Where the client stood when it made each."""
        return [call.origin for call in self._active]

    def leave(self) -> None:
        """Let the calls be the guest's own: nobody waits for them any more."""
        self._left = len(self._active)
        self._blocks.unlink_all()

    # Before

    def prepare(self, plan: CallFunction, origin: Position) -> Call:
        """Make the call ready; `TargetError` if it cannot be made, the guest as it was."""
        position = plan.position
        callee = self._callee(position.pc)
        if callee is None:
            raise TargetError(
                errno.EINVAL, f"no function of the guest that can be called at 0x{position.pc:x}"
            )
        low = position.sp if position.sp >= FRAMES_BASE else self._blocks.low()
        prototype = variadic.known_variadic(callee.prototype)
        instance = callee.instance
        top = self._shadow.top_below(instance, position.sp)
        stack = passing.ShadowStack(top, self._memory(callee))
        passed = passing.Passed(
            lambda number: self._own_pointer(instance, self._register(number)),
            self._read,
            position.sp + _RETURN_ADDRESS,
        )
        wanted_at = passed.pointer() if passing.wants_memory(prototype.returns) else 0
        size = passing.result_in_guest(prototype)
        result = stack.room(size) if size else 0
        arguments = passing.arguments(
            prototype,
            callee.function.signature.type.params,
            passed,
            stack,
            result,
            lambda rest, values: variadic.buffer(
                prototype, rest, values, lambda address: self._text(instance, address)
            ),
            lambda value: self._function_slot(value, instance),
        )
        return Call(
            callee,
            tuple(arguments),
            origin,
            position,
            plan.pad,
            result,
            wanted_at,
            stack.pointer,
            (FRAMES_END - low) // 2 + 64,
        )

    def _memory(self, callee: Callee) -> Callable[[int, bytes], None]:
        def write(address: int, data: bytes) -> None:
            self._debugger.write_memory(callee.instance, 0, address, data)

        return write

    def _text(self, instance: Instance, address: int) -> bytes:
        out = b""
        while b"\0" not in out:
            piece = self._debugger.read_memory(instance, 0, address + len(out), 256)
            if not piece:
                break
            out += piece
        return out.split(b"\0")[0]

    # During

    def run(self, call: Call) -> Mapping[int, int] | None:
        """Run a call to its end, on the worker thread; return the registers gdb then looks at.

        None if it was left. What unwinds it passes through; the guest's shadow stack is as before in any case.
        """
        debugger, instance = self._debugger, call.callee.instance
        number = stack_pointer(instance)
        before = None if number is None else debugger.global_bits(instance, number)
        if number is not None:
            debugger.set_global_bits(instance, number, call.stack_pointer)
        depth = len(debugger.store.activations)
        self._active.append(call)
        self._blocks.link(depth, call.position.bp, call.pad)
        try:
            bits = debugger.call(call.callee.function, call.arguments, call.distance)
        finally:
            left = len(self._active) <= self._left
            self._active.pop()
            self._left = min(self._left, len(self._active))
            self._blocks.unlink(depth)
            if number is not None and before is not None:
                debugger.set_global_bits(instance, number, before)
        if left:
            return None
        registers = {
            d.RIP: call.pad,
            d.RSP: call.position.sp + _RETURN_ADDRESS,
            d.RBP: call.position.bp,
        }
        return {**registers, **self._results(call, bits)}

    def set_stack_pointer(self, instance: Instance, value: int) -> None:
        """Set the shadow stack pointer of an instance's module, if it has one."""
        number = stack_pointer(instance)
        if number is not None:
            self._debugger.set_global_bits(instance, number, value)

    def _results(self, call: Call, bits: Sequence[int]) -> Mapping[int, int]:
        ctype = call.callee.prototype.returns
        if not call.result:
            return passing.scalar_result(ctype, bits[0]) if bits else {}
        data = self._debugger.read_memory(call.callee.instance, 0, call.result, ctype.size)
        if call.wanted_at:
            self._write(call.wanted_at, data)
            return {d.RAX: call.wanted_at}
        return passing.memory_result(ctype, data)
