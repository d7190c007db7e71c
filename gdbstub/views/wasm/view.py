"""The guest as a Wasm machine: `Target`, for lldb. Each part of it is a module of this folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence

from gdbstub.extensions import HostInfo, Region, RegisterInfo
from gdbstub.monitor import MonitorError, Subject, run_command
from gdbstub.target import (
    CODE_KINDS,
    WATCH_KINDS,
    Address,
    Breakpoint,
    BreakpointKind,
    FrameIndex,
    RawKind,
    RegisterNumber,
    ResumeRequest,
    Signal,
    Signalled,
    Step,
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
from gdbstub.views.common.watching import Watching
from gdbstub.views.wasm.addresses import OUTSIDE, Kind, decode, encode, instance_named
from gdbstub.views.wasm.breakpoints import Breakpoints
from gdbstub.views.wasm.description import HOST, PC, PC_SIZE, REGISTERS, libraries_xml
from gdbstub.views.wasm.escapes import Escapes
from gdbstub.views.wasm.frames import Frames
from gdbstub.views.wasm.image import CodeImage
from gdbstub.views.wasm.intent import Intent
from gdbstub.views.wasm.memory import AddressSpace
from gdbstub.views.wasm.steps import Steps
from jit.debug.debugger import Debugger

THREAD = ThreadId(1)


class WasmView:
    """A `Target` and a `Rendering`, with the extensions lldb uses.

    These are Libraries, Machine, RegisterInfos, Regions, Monitor, WasmState.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._debugger: Debugger = stage.debugger
        self._images: list[CodeImage] = []
        self._listed: int | None = None
        """How many modules the client knows of, None before it asks."""
        self._memory = AddressSpace(stage.debugger, self._images)
        self._frames = Frames(stage.debugger)
        self._intent = Intent()
        loops = Loops(
            stage.debugger,
            lambda module: self._image(module).code,
            lambda module, loop, head: self._image(module).begins_line(loop, head),
        )
        self._breakpoints = Breakpoints(stage.debugger, self._image_at, loops)
        self._steps = Steps(
            stage.debugger, self._breakpoints, self._image, lambda: stage.interruption.wanted
        )
        self._escapes = Escapes(stage.debugger, self._breakpoints, self._image)
        self._watching = Watching(stage.debugger, self._memory.watch)
        self._standing = Standing(RawKind.ENTRY, OUTSIDE)
        self._hit: BreakpointKind | None = None
        """The kind of breakpoint of the client's that the guest stands at."""

    # As the guest drives it

    def divert(self, verdict: Verdict) -> Verdict | Address:
        """Go on: lldb calls no functions by this protocol; see `Rendering`."""
        return verdict

    def stand(self, standing: Standing) -> None:
        """Take note of a new raw event; see `Rendering`."""
        self._standing = standing
        hit = standing.kind is RawKind.BREAKPOINT
        self._hit = self._breakpoints.kind(standing.address) if hit else None
        self._frames.reset()
        self._intent.stopped(standing.kind)
        self._steps.end()

    def points(self, module: int, pc: int) -> Sequence[Point]:
        """Return the addresses a boundary is shown at; see `Rendering`."""
        points = self._breakpoints.points(module, pc)
        if any(point.hit for point in points):
            return points
        if not self._debugger.stepping:
            out = self._escapes.shown(module, pc)
            if out is not None:
                return self._points(module, out, pc, hit=True)
        if self._steps.arrives(module, pc):
            return self._points(module, pc, pc, hit=True)
        if self._steps.coasts(module, pc):
            return ()
        return self._points(module, self._steps.shown(module, pc), pc, hit=False)

    def _points(self, module: int, shown: int, pc: int, *, hit: bool) -> tuple[Point, ...]:
        """Return a PC that a boundary is shown at first, and its own."""
        first = Point(encode(Kind.CODE, module, shown), hit)
        return (first,) if shown == pc else (first, Point(encode(Kind.CODE, module, pc), hit=False))

    @property
    def coasting(self) -> bool:
        """Whether a step under way runs at full speed; see `Rendering`."""
        return self._steps.coasting

    def quiet(self, low: Address, high: Address) -> tuple[int, Sequence[range]] | None:
        """Never: lldb steps op by op, or from breakpoint to breakpoint; see `Rendering`."""
        return None

    def address(self, module: int, pc: int) -> Address:
        """Return the address of a PC; see `Rendering`."""
        return encode(Kind.CODE, module, pc)

    def outside(self) -> Address:
        """Return the address of what is no guest code; see `Rendering`."""
        return OUTSIDE

    def register(self, number: RegisterNumber) -> int:
        """Return a register's value, for conditions; see `Reader`."""
        _check_register(number)
        return self._pc()

    def memory(self, address: Address, length: int) -> bytes:
        """Return exactly `length` bytes, for conditions; see `Reader`."""
        data = self.read_memory(THREAD, address, length)
        if len(data) < length:
            raise TargetError(errno.EFAULT, f"no memory at 0x{address + len(data):x}")
        return data

    def _pc(self) -> Address:
        return self._standing.address

    def _update_images(self) -> None:
        for registered in self._debugger.modules()[len(self._images) :]:
            self._images.append(CodeImage(ModuleCode(self._debugger, registered)))

    def _image(self, module: int) -> CodeImage:
        self._update_images()
        return self._images[module]

    def _stepping_frame(self, address: int) -> int | None:
        """Return the stack offset of the frame that lldb steps in, if a breakpoint is part of that."""
        frame = self._debugger.frame(0)
        found = self._image_at(address) if self._intent.may_step else None
        here = self._image_at(self._pc())
        if frame is None or found is None or here is None or found[0] is not here[0]:
            return None
        image, low, high = found[0], here[1], found[1]
        if not image.steps_to(low, high):
            return None
        self._escapes.guard(address, image.code.module.index, low, high)
        return frame.stack_offset

    def _running_frame(self, address: int) -> int | None:
        """Return the stack offset of the innermost frame, if it runs the function of an address."""
        frame = self._debugger.frame(0)
        found, here = self._image_at(address), self._image_at(self._pc())
        if frame is None or found is None or here is None or found[0] is not here[0]:
            return None
        code = found[0].code
        return (
            frame.stack_offset if code.function_at(found[1]) is code.function_at(here[1]) else None
        )

    def _is_function(self, address: int, length: int) -> bool:
        found = self._image_at(address)
        function = None if found is None else found[0].code.function_at(found[1])
        if found is None or function is None:
            return False
        return (function.start, function.end) == (found[1], found[1] + length)

    def _image_at(self, address: int) -> tuple[CodeImage, int] | None:
        self._update_images()
        return self._memory.image_at(address)

    # Target

    def address_bits(self) -> int:
        """Return 64."""
        return 64

    def stop(self) -> Stop:
        """Describe the present stop."""
        self._stage.interruption.served()
        self._intent.told()
        self._update_images()
        pc = self._pc()
        late = self._listed is not None and self._listed != len(self._images)
        return Stop(
            self._reason(),
            THREAD,
            registers=((PC, pc.to_bytes(PC_SIZE, "little")),),
            pcs=(pc,),
            fields=(("library", "1"),) if late else (),
        )

    def _reason(self) -> StopReason:
        standing = self._standing
        if standing.fault is not None:
            return Trapped(standing.fault.signal, standing.fault.text)
        if self._hit is not None:
            return Breakpoint(self._hit)
        if standing.hits and (watched := self._watching.reason(standing.hits)):
            return watched
        # lldb runs on after an interrupt of its own, so a step that is done must be told as one.
        if standing.kind is RawKind.INTERRUPT:
            return Signalled(Signal.INT)
        # lldb takes any stop for its user's but one by a signal that it is to pass on in silence.
        if standing.kind is RawKind.LIBRARY:
            return Signalled(Signal.WINCH)
        return Stepped()

    def threads(self) -> Sequence[Thread]:
        """List the one thread."""
        return (Thread(THREAD, self._stage.name),)

    def read_registers(self, thread: ThreadId) -> bytes:
        """Return the pc."""
        return self._pc().to_bytes(PC_SIZE, "little")

    def write_registers(self, thread: ThreadId, values: bytes) -> None:
        """Refuse: the pc cannot be written."""
        raise TargetError(errno.ENOTSUP, "the pc of a Wasm function cannot be written")

    def read_register(self, thread: ThreadId, number: RegisterNumber) -> bytes:
        """Return the pc."""
        _check_register(number)
        self._intent.register_read()
        return self.read_registers(thread)

    def write_register(self, thread: ThreadId, number: RegisterNumber, value: bytes) -> None:
        """Refuse: the pc cannot be written."""
        _check_register(number)
        self.write_registers(thread, value)

    def read_memory(self, thread: ThreadId, address: Address, length: int) -> bytes:
        """Read up to `length` bytes of a memory or a module."""
        self._update_images()
        if decode(address).kind == Kind.CODE:
            self._intent.code_read(function=self._is_function(address, length))
        else:
            self._intent.else_asked()
        return self._memory.read(address, length)

    def write_memory(self, thread: ThreadId, address: Address, data: bytes) -> None:
        """Write into a memory."""
        self._intent.else_asked()
        self._memory.write(address, data)

    def breakpoint_kinds(self) -> frozenset[BreakpointKind]:
        """Software and hardware breakpoints, which are the same here, and watchpoints."""
        return CODE_KINDS | WATCH_KINDS

    def insert_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        """Insert a breakpoint or watchpoint."""
        if kind in WATCH_KINDS:
            self._watching.insert(kind, address, length)
            self._intent.else_asked()
            return
        finishing = self._intent.finishing_at(address)
        leaving = self._frames.addresses()[1:2] == [address]
        until = self._intent.until(returning=leaving)
        if finishing or (until and leaving):
            awaits = self._frames.returning_to(address)
        else:
            awaits = self._running_frame(address) if until else self._stepping_frame(address)
        self._breakpoints.insert(kind, address, awaits, fresh=finishing or until)
        self._intent.inserted(until=until)

    def remove_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        """Remove a breakpoint or watchpoint."""
        if kind in WATCH_KINDS:
            self._watching.remove(kind, address, length)
        else:
            self._breakpoints.remove(kind, address)
            self._escapes.release(address)

    def prepare_resume(self, request: ResumeRequest) -> None:
        """Take note of how the guest goes on."""
        if isinstance(request, Step) and self._intent.steps:
            self._steps.begin()
        self._breakpoints.resumes(stepping=isinstance(request, Step))

    def detach(self) -> None:
        """Forget the client."""
        self._steps.end()
        self._escapes.clear()
        self._breakpoints.clear()
        self._watching.clear()
        self._listed = None

    # Extensions

    def host_info(self) -> HostInfo:
        """Describe the machine."""
        return HOST

    def register_infos(self) -> tuple[RegisterInfo, ...]:
        """Describe the pc, the one register."""
        return REGISTERS

    def libraries_xml(self) -> bytes:
        """List the modules."""
        self._update_images()
        self._listed = len(self._images)
        return libraries_xml(self._images, self._stage.paths)

    def region(self, address: Address) -> Region:
        """Return the memory, the module or the gap at an address."""
        self._update_images()
        self._intent.region_asked(address)
        return self._memory.region(address)

    def call_stack(self, thread: ThreadId) -> Sequence[Address]:
        """Return the address of every frame, innermost first."""
        self._intent.else_asked()
        return self._frames.addresses()

    def local(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        """Return a local."""
        self._intent.else_asked()
        return self._frames.local(frame, index)

    def global_(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        """Return a global of the frame's instance."""
        return self._frames.global_(frame, index)

    def instance_global(self, instance: int, index: int) -> bytes:
        """Return a global of the instance that has this number in addresses."""
        return self._memory.globals_of(instance_named(instance)).read(index)

    def stack_value(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        """Return an operand, counted from the bottom."""
        return self._frames.stack_value(frame, index)

    def monitor(self, command: str) -> Iterator[str]:
        """Run a `monitor` command, yielding its lines."""
        try:
            yield from run_command(Subject(self._debugger, _dwarf_report), command)
        except MonitorError as error:
            raise TargetError(errno.EINVAL, str(error)) from None
        finally:
            self._frames.reset()


def _dwarf_report() -> Iterator[str]:
    yield "lldb reads the module's own debug information; nothing of it is rewritten"


def _check_register(number: RegisterNumber) -> None:
    if number != PC:
        raise TargetError(errno.EINVAL, f"there is no register {number}")
