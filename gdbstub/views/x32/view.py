"""The guest as an x32 machine: `Target`, for gdb. Each part of it is a module of this folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence

from gdbstub.extensions import LoadedObject, Region
from gdbstub.monitor import MonitorError, Subject, run_command
from gdbstub.objfile import VmctxLayout
from gdbstub.target import (
    CODE_KINDS,
    WATCH_KINDS,
    Address,
    Breakpoint,
    BreakpointKind,
    LibrariesChanged,
    RawKind,
    RegisterNumber,
    ResumeRequest,
    Signal,
    Signalled,
    Stepped,
    Stop,
    StopReason,
    TargetError,
    Thread,
    ThreadId,
    Trapped,
    Verdict,
)
from gdbstub.views.common.code import ModuleCode
from gdbstub.views.common.loops import Loops
from gdbstub.views.common.rendering import Point, Stage
from gdbstub.views.common.stops import Standing
from gdbstub.views.common.syscalls import system_call
from gdbstub.views.common.watching import Watching
from gdbstub.views.x32 import description as d
from gdbstub.views.x32.attention import Attention
from gdbstub.views.x32.blocks import Blocks
from gdbstub.views.x32.breakpoints import Breakpoints
from gdbstub.views.x32.frames import FramesWindow
from gdbstub.views.x32.image import vmctx_layout
from gdbstub.views.x32.line_steps import LineSteps
from gdbstub.views.x32.links import LinksWindow
from gdbstub.views.x32.memories import MemoriesWindow, several_memories
from gdbstub.views.x32.memory import AddressSpace
from gdbstub.views.x32.program import ServedProgram
from gdbstub.views.x32.registers import RegisterFile
from gdbstub.views.x32.resumption import Resumption
from gdbstub.views.x32.returned import StructResults, scalar_results
from gdbstub.views.x32.shadow import ShadowStacks
from gdbstub.views.x32.vmctx import DepthWindow, References, VmctxWindow
from gdbstub.views.x32.windows import (
    CODE_ALIGNMENT,
    CODE_BASE,
    HOST_RETURN,
    MEMORY_END,
    CodeWindow,
    HostWindow,
    MemoryWindow,
)
from jit import Func, Instance
from jit.debug.frames import FrameHandle

THREAD = ThreadId(1)

_EXPEDITED = tuple(RegisterNumber(number) for number in (d.RBP, d.RSP, d.RIP, d.FS))
"""With these in a stop reply, gdb asks for no others to show the stop."""


class X32View:
    """A `Target` and a `Rendering`, with the extensions gdb uses: Features, ExecFile,
    ServedFiles, Monitor."""

    def __init__(self, stage: Stage, listed: bool = True) -> None:
        """`listed`: describe a module without DWARF by its listing."""
        self._stage = stage
        self._debugger = stage.debugger
        self._code: list[CodeWindow] = []
        self._attention = Attention(stage.debugger, several_memories(stage))
        memories = MemoriesWindow(stage.debugger, self._attention, tuple(stage.paths))
        self._memories = memories
        self._program = ServedProgram(stage, self._window, memories.base_of_module, listed)
        self._references = References(stage.debugger, self._function_address, self._function_at)
        self._vmctx = VmctxWindow(
            stage.debugger, self._references, self._vmctx_layout, memories.address_of
        )
        shadow = ShadowStacks(stage.debugger, self._program, memories)
        self._blocks = Blocks(
            stage.debugger, self._pc_of, shadow.base_of, shadow.frame_base, HOST_RETURN
        )
        frames = FramesWindow(
            stage.debugger,
            self._blocks,
            self._vmctx_of,
            self._place_of,
            self._references.shown,
            shadow.kept_base,
        )
        self._linear = MemoryWindow(stage.debugger, self._attention)
        self._memory = AddressSpace(
            self._attention,
            self._linear,
            memories,
            self._code,
            LinksWindow(self._blocks),
            frames,
            self._vmctx,
            DepthWindow(stage.debugger),
            HostWindow(),
        )
        self._breakpoints = Breakpoints(
            stage.debugger,
            self._code_at,
            self._window,
            self._program.has_entry_stop,
            Loops(stage.debugger, lambda module: self._window(module).code, self._begins_line),
        )
        self._watching = Watching(stage.debugger, self._memory.watch)
        self._structs = StructResults(stage.debugger)
        self._registers = RegisterFile(self._blocks, self._pc, self._returned, shadow.innermost)
        self._resumption = Resumption(
            stage.debugger,
            self._program,
            self._blocks,
            frames,
            self._registers,
            self._memory,
            memories,
            self._attention,
            shadow,
            self._breakpoints,
            self._pc_of,
            self._code_at,
        )
        self._line_steps = LineSteps(stage.debugger, self._program, self._window)
        self._standing = Standing(RawKind.ENTRY, Address(HOST_RETURN))

    def _begins_line(self, module: int, loop: int, head: int) -> bool:
        return any(
            part.start == loop and head in part for part in self._program.same_line(module, head)
        )

    # As the guest drives it

    def stand(self, standing: Standing) -> None:
        """Take note of a new raw event; see `Rendering`."""
        self._standing = standing
        self._registers.stand()
        self._blocks.reset()
        self._attention.reset()

    def divert(self, verdict: Verdict) -> Verdict | Address:
        """Run the function the client calls; see `Rendering`."""
        return self._resumption.divert(verdict)

    def points(self, module: int, pc: int) -> Sequence[Point]:
        """Return the addresses a boundary is shown at; see `Rendering`."""
        return self._breakpoints.points(module, pc)

    @property
    def coasting(self) -> bool:
        """Never: gdb steps over calls by breakpoints of its own; see `Rendering`."""
        return False

    def quiet(self, low: Address, high: Address) -> tuple[int, Sequence[range]] | None:
        """Return where a step need not stop; see `Rendering`."""
        return self._line_steps.quiet(low, high)

    def address(self, module: int, pc: int) -> Address:
        """Return the address of a PC; see `Rendering`."""
        return Address(self._window(module).base + pc)

    def outside(self) -> Address:
        """Return the host's address; see `Rendering`."""
        return Address(HOST_RETURN)

    def register(self, number: RegisterNumber) -> int:
        """Return a register's value, for conditions; see `Reader`."""
        return self._registers.number(number)

    def memory(self, address: Address, length: int) -> bytes:
        """Return exactly `length` bytes, for conditions; see `Reader`."""
        if address < MEMORY_END and not self._attention.several:
            data = self._linear.read(address, length)
        else:
            data = self._memory.read(address, length)
        if len(data) < length:
            raise TargetError(errno.EFAULT, f"no memory at 0x{address + len(data):x}")
        return data

    # Where things are

    def _window(self, module: int) -> CodeWindow:
        """Return a module's code window."""
        if module >= len(self._code):
            self._make_windows()
        return self._code[module]

    def _make_windows(self) -> None:
        """Give every module registered since its window, in registration order."""
        for registered in self._debugger.modules()[len(self._code) :]:
            last = self._code[-1] if self._code else None
            base = CODE_BASE if last is None else -(-last.end // CODE_ALIGNMENT) * CODE_ALIGNMENT
            self._code.append(CodeWindow(ModuleCode(self._debugger, registered), base))

    def _code_at(self, address: int) -> CodeWindow | None:
        self._make_windows()
        return self._memory.code_at(address)

    def _window_of(self, frame: FrameHandle) -> CodeWindow:
        return self._window(self._debugger.module_of(frame).index)

    def _window_of_instance(self, instance: Instance) -> CodeWindow:
        modules = self._debugger.modules()
        return self._window(next(m.index for m in modules if m.module is instance.module))

    def _place_of(self, frame: FrameHandle) -> tuple[int, int]:
        place = frame.wasm_function_index_and_pc()
        if place is None:
            return 0, 0
        return self._debugger.module_of(frame).info.num_imported_funcs + place[0], place[1]

    def _function_address(self, instance: Instance, defined_index: int) -> int:
        window = self._window_of_instance(instance)
        function = window.code.functions[defined_index]
        at_start = self._program.has_entry_stop(window.code.module.index, function)
        return window.base + (function.start if at_start else function.first_op)

    def _function_at(self, instance: Instance, address: int) -> Func | None:
        window = self._code_at(address)
        function = None if window is None else window.code.function_at(address - window.base)
        if window is None or function is None:
            return None
        module = window.code.module.module
        holders = (i for i in (instance, *self._debugger.instances()) if i.module is module)
        holder = next(holders, None)
        return None if holder is None else holder.func(function.index)

    def _vmctx_layout(self, instance: Instance) -> VmctxLayout:
        return vmctx_layout(self._window_of_instance(instance).code.module)

    def _pc_of(self, frame: FrameHandle) -> int:
        place = frame.wasm_function_index_and_pc()
        return HOST_RETURN if place is None else self._window_of(frame).base + place[1]

    def _pc(self) -> int:
        return self._standing.address

    def _vmctx_of(self, frame: FrameHandle) -> int:
        return self._vmctx.address_of(frame.instance())

    def _returned(self) -> Mapping[int, int]:
        block = self._blocks.block(0)
        if block is None:
            return {}
        pc = self._pc_of(block.frame)
        struct = self._structs.registers(block, pc)
        if struct:
            return struct
        window = self._window_of(block.frame)
        return scalar_results(block.frame, window.code.returned_types(pc - window.base))

    # Target

    def address_bits(self) -> int:
        """Return 32."""
        return 32

    def stop(self) -> Stop:
        """Describe the present stop."""
        self._stage.interruption.served()
        registers = tuple((number, self._registers.read(number)) for number in _EXPEDITED)
        return Stop(self._reason(), THREAD, registers)

    def _reason(self) -> StopReason:
        standing = self._standing
        if standing.fault is not None:
            return Trapped(standing.fault.signal, standing.fault.text, standing.fault.detail)
        if standing.kind is RawKind.BREAKPOINT:
            return Breakpoint(self._breakpoints.kind(standing.address))
        if standing.kind is RawKind.INTERRUPT:
            return Signalled(Signal.INT)
        if standing.call is not None:
            return standing.call
        if standing.hits and (watched := self._watching.reason(standing.hits)):
            return watched
        if standing.kind is RawKind.LIBRARY:
            return LibrariesChanged()
        return Stepped()

    def threads(self) -> Sequence[Thread]:
        """List the one thread."""
        return (Thread(THREAD, self._stage.name),)

    def read_registers(self, thread: ThreadId) -> bytes:
        """Return a `g` packet's bytes."""
        return self._registers.read_all()

    def write_registers(self, thread: ThreadId, values: bytes) -> None:
        """Take over a `G` packet."""
        self._registers.write_all(values)

    def read_register(self, thread: ThreadId, number: RegisterNumber) -> bytes:
        """Return one register."""
        return self._registers.read(number)

    def write_register(self, thread: ThreadId, number: RegisterNumber, value: bytes) -> None:
        """Take over a write of one register."""
        self._registers.write(number, value)

    def read_memory(self, thread: ThreadId, address: Address, length: int) -> bytes:
        """Read up to `length` bytes of one window."""
        return self._memory.read(address, length)

    def write_memory(self, thread: ThreadId, address: Address, data: bytes) -> None:
        """Write guest state."""
        try:
            self._memory.write(address, self._resumption.stored(address, data))
        finally:
            self._registers.stand()

    def breakpoint_kinds(self) -> frozenset[BreakpointKind]:
        """Software and hardware breakpoints, which are the same here, and watchpoints."""
        return CODE_KINDS | WATCH_KINDS

    def insert_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        """Insert a breakpoint or watchpoint."""
        if address >> self.address_bits():
            raise TargetError(errno.EFAULT, f"no address has more than {self.address_bits()} bits")
        if kind in WATCH_KINDS:
            self._watching.insert(kind, address, length)
            return
        self._breakpoints.insert(kind, address)
        for block, caller in self._blocks.returning_to(address):
            prototype = self._program.prototype(block.frame)
            self._structs.note(block.frame, caller.address, address, prototype)

    def remove_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        """Remove a breakpoint or watchpoint."""
        if kind in WATCH_KINDS:
            self._watching.remove(kind, address, length)
        else:
            self._breakpoints.remove(kind, address)

    def prepare_resume(self, request: ResumeRequest) -> None:
        """Understand what was written to registers; see `resumption`."""
        self._resumption.prepare(request)

    def detach(self) -> None:
        """Forget the client."""
        self._debugger.watch_host_calls(None)
        self._breakpoints.clear()
        self._watching.clear()
        self._structs.clear()
        self._resumption.forget()
        self._attention.forget()

    # Extensions

    def command_line(self) -> Sequence[str]:
        """Return the program's arguments, its name first."""
        return self._stage.arguments

    def executable(self) -> str:
        """Return the module's path."""
        return self._stage.path or self._program.path

    def working_directory(self) -> str:
        """Return the root: it is where WASI's libc begins."""
        return "/"

    def mappings(self) -> Sequence[Region]:
        """List the windows."""
        self._make_windows()
        return self._memory.regions()

    def catch_system_calls(self, numbers: frozenset[int] | None) -> None:
        """Stop at the WASI functions that stand for these calls."""

        def wanted(name: str) -> bool:
            number = system_call(name)
            return number is not None and (numbers is None or number in numbers)

        self._debugger.watch_host_calls(wanted if numbers is None or numbers else None)

    def features_xml(self, annex: str) -> bytes:
        """Return the target description."""
        if annex != "target.xml":
            raise TargetError(errno.ENOENT, f"there is no {annex}")
        return d.target_xml()

    def exec_file(self) -> str:
        """Return the path of the program's first module."""
        return self._program.path

    def served_file(self, path: str) -> bytes:
        """Return the object file of a module."""
        return self._program.read(path)

    def monitor(self, command: str) -> Iterator[str]:
        """Run a `monitor` command, yielding its lines."""
        try:
            yield from run_command(Subject(self._debugger, self._program.report), command)
        except MonitorError as error:
            raise TargetError(errno.EINVAL, str(error)) from None
        finally:
            self._registers.stand()
            self._blocks.reset()


class ModulesView(X32View):
    """The view of a guest that may have further modules: `LoadedObjects` as well."""

    def loaded_objects(self) -> Sequence[LoadedObject]:
        """List the further modules."""
        return self._program.libraries()


def x32_view(stage: Stage, listed: bool = True) -> X32View:
    """Make the view of a guest; gdb asks nothing for the modules of one that has but one."""
    return X32View(stage, listed) if stage.alone else ModulesView(stage, listed)
