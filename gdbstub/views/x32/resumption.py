"""Going on as the client wants: its register writes understood at a resume, and carried out.

A jump or a return takes effect where it is decided, on the server's thread.  A call runs on the worker
thread, inside the event the guest stands at; going back out of one unwinds it there.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from contextlib import suppress

from gdbstub.objfile import TypeKind, wasm_result
from gdbstub.target import Address, Continue, RangeStep, ResumeRequest, Step, TargetError, Verdict
from gdbstub.views.common.rendering import CallAbandoned
from gdbstub.views.x32 import description as d
from gdbstub.views.x32 import passing
from gdbstub.views.x32.attention import Attention
from gdbstub.views.x32.blocks import Block, Blocks
from gdbstub.views.x32.breakpoints import Breakpoints
from gdbstub.views.x32.calls import Call, Callee, Calls
from gdbstub.views.x32.frames import FramesWindow
from gdbstub.views.x32.memories import MEMORIES_END, MemoriesWindow
from gdbstub.views.x32.memory import AddressSpace
from gdbstub.views.x32.program import ServedProgram
from gdbstub.views.x32.registers import RegisterFile
from gdbstub.views.x32.resume import (
    BackFromCall,
    CallFunction,
    Jump,
    Plan,
    Position,
    ReturnTo,
    interpret,
)
from gdbstub.views.x32.shadow import ShadowStacks
from gdbstub.views.x32.windows import CODE_BASE, FRAMES_BASE, FRAMES_END, CodeWindow
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import CannotDivert
from jit.debug.frames import FrameHandle

_WORD = 8
_POINTER = 4
_FLOATS = frozenset({0x7D, 0x7C})
"""f32 and f64 (specification: Binary Format, Number Types)."""


class Resumption:
    """What register writes come to; the calls made by the client."""

    def __init__(
        self,
        debugger: Debugger,
        program: ServedProgram,
        blocks: Blocks,
        frames: FramesWindow,
        registers: RegisterFile,
        memory: AddressSpace,
        memories: MemoriesWindow,
        attention: Attention,
        shadow: ShadowStacks,
        breakpoints: Breakpoints,
        pc_of: Callable[[FrameHandle], int],
        code_at: Callable[[int], CodeWindow | None],
    ) -> None:
        """`pc_of` gives a frame's code address, `code_at` the code window at an address."""
        self._debugger = debugger
        self._program = program
        self._blocks = blocks
        self._frames = frames
        self._registers = registers
        self._breakpoints = breakpoints
        self._read = memory.read
        self._memories = memories
        self._attention = attention
        self._pc_of = pc_of
        self._code_at = code_at
        self._calls = Calls(
            debugger,
            blocks,
            lambda number: int.from_bytes(self._written.get(number) or self._own(number), "little"),
            memory.read,
            memory.write,
            self._callee,
            shadow,
            self._function_slot,
            memories.own_pointer,
        )
        self._written: dict[int, bytes] = {}
        self._todo: Call | BackFromCall | None = None

    # On the server's thread

    def prepare(self, request: ResumeRequest) -> None:
        """Understand what was written; see `Target.prepare_resume`. The writes are forgotten."""
        self._written = dict(self._registers.written)
        self._registers.reset()
        origin = Position(*(self._value(number) for number in (d.RIP, d.RSP, d.RBP)))
        plan = interpret(self._written, self._number, self._calls.origins, self)
        if plan is None and request == Continue(request.thread):
            self._hit_again(origin.pc)
        self._breakpoints.resumed()
        stepping = isinstance(request, Step | RangeStep)
        self._todo = self._decide(plan, origin, stepping)
        if not isinstance(plan, CallFunction) and not self._calls.origins:
            self._frames.drop_scratch()

    def forget(self) -> None:
        """Forget what the client wrote, and that calls in progress are its own."""
        self._registers.reset()
        self._calls.leave()
        if not self._calls.origins:
            self._frames.drop_scratch()

    def _decide(
        self, plan: Plan | None, origin: Position, stepping: bool
    ) -> Call | BackFromCall | None:
        match plan:
            case CallFunction():
                return self._calls.prepare(plan, origin)
            case BackFromCall():
                return plan
            case ReturnTo(index=index):
                self._return_to(index, stepping)
            case Jump(address=address):
                self._jump(address, stepping)
        return None

    def _own(self, number: int) -> bytes:
        return self._value(number).to_bytes(d.REGISTERS[number].size, "little")

    def _value(self, number: int) -> int:
        return self._registers.value(number)

    def _number(self, number: int) -> int:
        written = self._written.get(number)
        return self._value(number) if written is None else int.from_bytes(written, "little")

    def _jump(self, address: int, stepping: bool) -> None:
        window = self._code_at(address)
        function = None if window is None else window.code.function_at(address - window.base)
        assert window is not None and function is not None, "a jump stays inside a function"
        try:
            self._debugger.jump(max(address - window.base, function.first_op), stepping)
        except CannotDivert as error:
            raise TargetError(errno.ENOTSUP, str(error)) from error

    def _hit_again(self, pc: int) -> None:
        """Let a breakpoint at the place itself be hit, if the client has just inserted it.

        gdb takes all out at a stop, and leaves out the one it goes on from. After `jump *$pc` it does
        not, and of a register that keeps its value it writes nothing.
        """
        if self._breakpoints.is_new(pc) and self.is_inside(pc):
            with suppress(TargetError):  # a trap, or inside a call: nothing to be hit
                self._jump(pc, stepping=False)

    def _return_to(self, index: int, stepping: bool) -> None:
        block, inner = self._blocks.block(index), self._blocks.block(index - 1)
        assert block is not None and inner is not None, "the frame has been found"
        window = self._code_at(self._pc_of(block.frame))
        types = () if window is None else self._returned(window, block)
        bits = [self._returned_bits(t, inner.frame) for t in types[:1]]
        bits += [0] * (len(types) - len(bits))
        struct, callee = self._returned_struct(inner.frame), inner.frame.instance()
        stack_pointer, caller = self._stack_pointer_in(index), block.frame.instance()
        try:
            self._debugger.return_to(block.frame, types, bits, stepping)
        except CannotDivert as error:
            raise TargetError(errno.ENOTSUP, str(error)) from error
        if struct is not None:
            self._debugger.write_memory(callee, 0, *struct)
        if stack_pointer is not None:
            self._calls.set_stack_pointer(caller, stack_pointer)

    def _returned(self, window: CodeWindow, block: Block) -> Sequence[int]:
        return window.code.returned_types(self._pc_of(block.frame) - window.base)

    def _returned_bits(self, type_: int, frame: FrameHandle) -> int:
        """Return the value that a frame returns as one of a Wasm type: as its own code would leave it."""
        number = d.XMM0 if type_ in _FLOATS else d.RAX
        bits = self._number(number) & _mask(type_)
        prototype = self._program.prototype(frame)
        scalar = None if prototype is None else wasm_result(prototype.returns)[1]
        if scalar is None or number not in self._written:
            return bits
        if scalar.kind is TypeKind.POINTER:
            instance = frame.instance()
            return self._function_slot(self._memories.own_pointer(instance, bits), instance)
        return passing.scalar_bits(bits.to_bytes(_WORD, "little"), scalar, type_)

    def _returned_struct(self, frame: FrameHandle) -> tuple[int, bytes] | None:
        """Return where a frame puts the struct it returns, and the one in the result registers."""
        prototype = self._program.prototype(frame)
        written = self._written.keys() & {d.RAX, d.RDX, d.XMM0, d.XMM1}
        if prototype is None or not written or not passing.result_in_guest(prototype):
            return None
        data = passing.returned_bytes(prototype.returns, self._number)
        return (frame.local_bits(0), data) if data else None

    def _stack_pointer_in(self, index: int) -> int | None:
        """Return the shadow stack pointer while a frame is in its call: its frame base, or an outer one's."""
        while (block := self._blocks.block(index)) is not None:
            base = self._program.frame_base(block.frame)
            if base and self._program.keeps_stack_pointer(block.frame):
                return base
            index += 1
        return None

    # As `resume.Surroundings`

    def pad_at(self, sp: int) -> int | None:
        """Return the return address that was pushed; see `Surroundings`."""
        pushed = int.from_bytes(self._read(sp, _WORD), "little")
        return pushed if self._breakpoints.is_pad(pushed) else None

    def frame_at(self, position: Position) -> int | None:
        """Return the frame that stands at a position; see `Surroundings`."""
        index = 1
        while (block := self._blocks.block(index)) is not None and block.address <= position.bp:
            if block.address == position.bp:
                stands = self._pc_of(block.frame) == position.pc
                stands = stands and self._blocks.stack_pointer(index) == position.sp
                return index if stands else None
            index += 1
        return None

    def is_inside(self, pc: int) -> bool:
        """Say whether an address is in the innermost function; see `Surroundings`."""
        frame, window = self._debugger.frame(0), self._code_at(pc)
        if frame is None or window is None or self._code_at(self._pc_of(frame)) is not window:
            return False
        functions = window.code.function_at
        here = functions(self._pc_of(frame) - window.base)
        return here is not None and functions(pc - window.base) is here

    # Functions by address

    def _instance_of(self, window: CodeWindow) -> Instance:
        module = window.code.module.module
        instance = self._attention.of(module)
        if instance is None:
            raise TargetError(errno.ESRCH, f"{module.name} has no instance yet")
        return instance

    def _function_at(self, address: int) -> tuple[Instance, int] | None:
        """Return the function whose entry is at an address: its instance and its index."""
        window = self._code_at(address)
        if window is None:
            return None
        pc = address - window.base
        function = window.code.function_at(pc)
        if function is None or pc > function.first_op:
            return None
        return self._instance_of(window), function.index

    def _callee(self, address: int) -> Callee | None:
        found = self._function_at(address)
        if found is None:
            found = self._in_table(address)
        if found is None:
            return None
        instance, index = found
        prototype = self._program.prototype_of(instance, index)
        return None if prototype is None else Callee(instance, instance.func(index), prototype)

    def _in_table(self, slot: int) -> tuple[Instance, int] | None:
        """Return the function in a slot of table 0 of the innermost frame's instance."""
        frame = self._debugger.frame(0)
        if frame is None or not frame.instance().tables:
            return None
        return self._debugger.table_function(frame.instance(), 0, slot)

    def _function_slot(self, value: int, user: Instance | None = None) -> int:
        """Return the table index of the function at an address, in the table that `user` calls through."""
        found = self._function_at(value) if value >= CODE_BASE else None
        if found is None:
            return value
        instance, index = found
        tables = instance.tables[:1]
        shared = user is None or any(
            theirs is ours or theirs.elements is ours.elements
            for ours, theirs in zip(tables, user.tables, strict=False)
        )
        slot = self._debugger.slot_of(instance, 0, index) if tables and shared else None
        if slot is None:
            raise TargetError(
                errno.EINVAL, f"no table has room for the function at 0x{value:x} to be pointed to"
            )
        return slot

    def stored(self, address: int, data: bytes) -> bytes:
        """Return what to store where the client writes `data`: a function's address, its table slot."""
        holds_pointers = address < MEMORIES_END or FRAMES_BASE <= address < FRAMES_END
        if len(data) != _POINTER or not holds_pointers:
            return data
        try:
            slot = self._function_slot(int.from_bytes(data, "little"))
        except TargetError:
            return data
        return slot.to_bytes(_POINTER, "little")

    # On the worker thread

    def divert(self, verdict: Verdict) -> Verdict | Address:
        """Run the call that is wanted; see `Rendering.divert`."""
        todo, self._todo = self._todo, None
        if todo is None:
            return verdict
        level = len(self._calls.origins)
        if isinstance(todo, BackFromCall):
            raise CallAbandoned(todo.level, verdict)
        self._debugger.step(verdict.stepping)
        try:
            registers = self._calls.run(todo)
        except CallAbandoned as abandoned:
            if abandoned.level != level:
                raise
            return abandoned.verdict
        if registers is None:
            return Address(todo.origin.pc)
        self._registers.show(registers)
        self._attention.expect(todo.callee.instance)
        return Address(todo.pad)


def _mask(type_: int) -> int:
    return 0xFFFF_FFFF if type_ in (0x7F, 0x7D) else 0xFFFF_FFFF_FFFF_FFFF
