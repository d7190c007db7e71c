"""A toy machine to be served: four operations, one counter, real stops on a real worker thread.

    offset   operation
    0        counter = 0
    1        counter += 1, stored at COUNTER
    2        if counter < limit: go to 1
    3        end: exit, or trap

It is shown to gdb as i386:x64-32, its code at CODE, and to lldb as a Wasm module of that many nops.
"""

import errno
import itertools
import struct
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime

from gdbstub.extensions import HostInfo, Region, RegisterInfo
from gdbstub.target import (
    CODE_KINDS,
    Address,
    Breakpoint,
    BreakpointKind,
    Dialect,
    Exit,
    Exited,
    FrameIndex,
    Gate,
    RawKind,
    RegisterNumber,
    ResumeRequest,
    Signal,
    Signalled,
    Stepped,
    Stop,
    StopReason,
    Target,
    TargetError,
    Terminated,
    Thread,
    ThreadId,
    Trapped,
    Verdict,
    Watched,
    unreadable,
)

CODE = 0xE0000000
OPS = 4
COUNTER = 0x2000
MEMORY = 0x4000
MODULE_BASE = 0x4000000000000000
THREAD = Thread(ThreadId(1), "toy")
MODULE = bytes(wasmtime.wat2wasm(f'(module (func (export "_start") {"nop " * OPS}))'))
BODY = MODULE.index(b"\x01" * OPS)  # the first operation's offset in the module

_RIP, _COUNT = 16, 56
TRAP_TEXT = "wasm trap: the toy broke"


def _target_xml() -> bytes:
    words = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()
    rows = [f'<reg name="{name}" bitsize="64" type="int64"/>' for name in words]
    rows.append('<reg name="rip" bitsize="32" type="code_ptr"/>')
    rows += [
        f'<reg name="{name}" bitsize="32" type="int32"/>'
        for name in "eflags cs ss ds es fs gs".split()
    ]
    rows += [f'<reg name="st{n}" bitsize="80" type="i387_ext"/>' for n in range(8)]
    rows += [
        f'<reg name="{name}" bitsize="32" type="int" group="float"/>'
        for name in "fctrl fstat ftag fiseg fioff foseg fooff fop".split()
    ]
    sse = '<vector id="v16i8" type="int8" count="16"/>'
    sse += "".join(f'<reg name="xmm{n}" bitsize="128" type="v16i8"/>' for n in range(16))
    sse += '<reg name="mxcsr" bitsize="32" type="int"/>'
    return (
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>'
        "<architecture>i386:x64-32</architecture>"
        f'<feature name="org.gnu.gdb.i386.core">{"".join(rows)}</feature>'
        f'<feature name="org.gnu.gdb.i386.sse">{sse}</feature></target>'
    ).encode()


_SIZES = [8] * 16 + [4] * 8 + [10] * 8 + [4] * 8 + [16] * 16 + [4]


@dataclass
class Toy:
    """The machine and its program: a `Guest`."""

    limit: int = 3
    exit_code: int = 7
    traps: bool = False
    fails: bool = False
    broken: bool = False  # a view whose register reads fail by a bug
    talking: bool = False  # the endless output of a command is under way
    pc: int = 0
    memory: bytearray = field(default_factory=lambda: bytearray(MEMORY))
    breakpoints: set[tuple[BreakpointKind, int]] = field(default_factory=set)
    stopped: tuple[RawKind, int] = (RawKind.ENTRY, 0)
    delivered: int = 0
    _interrupt: threading.Event = field(default_factory=threading.Event)
    _view: "View | None" = None
    _gate: Gate | None = None

    def run(self, gate: Gate) -> Exit:
        self._gate = gate
        stepping = self._event(RawKind.ENTRY).stepping
        while self.pc < OPS - 1:
            if self.fails:
                raise RuntimeError("the toy's machinery broke")
            watched = self._execute()
            if watched:
                stepping = self._event(RawKind.WATCH).stepping
            elif self._interrupt.is_set():
                self._interrupt.clear()
                stepping = self._event(RawKind.INTERRUPT).stepping
            elif any((kind, self.pc) in self.breakpoints for kind in CODE_KINDS):
                stepping = self._event(RawKind.BREAKPOINT).stepping
            elif stepping:
                stepping = self._event(RawKind.STEP).stepping
        if self.traps:
            self._event(RawKind.TRAP)
            return Terminated(Signal.SEGV)
        return Exited(self.exit_code)

    def interrupt(self) -> None:
        self._interrupt.set()

    def view(self, dialect: Dialect) -> Target:
        self._view = GdbView(self) if dialect is Dialect.GDB else LldbView(self)
        return self._view

    @property
    def counter(self) -> int:
        return int.from_bytes(self.memory[COUNTER : COUNTER + 4], "little")

    @counter.setter
    def counter(self, value: int) -> None:
        self.memory[COUNTER : COUNTER + 4] = value.to_bytes(4, "little")

    def _execute(self) -> bool:
        if self.pc == 2:
            self.pc = 1 if self.counter < self.limit else 3
            return False
        self.counter = self.counter + 1 if self.pc == 1 else 0
        self.pc += 1
        return (BreakpointKind.WRITE, COUNTER) in self.breakpoints

    def _event(self, kind: RawKind) -> Verdict:
        self.stopped = kind, self.pc
        view = self._view or GdbView(self)
        assert self._gate is not None
        verdict = self._gate.event(kind, view.to_address(self.pc), view)
        self.delivered = verdict.signal
        return verdict


class View:
    """What both views have in common."""

    code = CODE

    def __init__(self, toy: Toy) -> None:
        self.toy = toy
        self.jump: int | None = None

    def to_address(self, pc: int) -> Address:
        return Address(self.code + pc)

    def pc(self) -> Address:
        return self.to_address(self.toy.pc if self.jump is None else self.jump)

    def threads(self) -> Sequence[Thread]:
        return (THREAD,)

    def reason(self) -> StopReason:
        kind, _ = self.toy.stopped
        reasons: dict[RawKind, StopReason] = {
            RawKind.BREAKPOINT: Breakpoint(),
            RawKind.WATCH: Watched(BreakpointKind.WRITE, Address(COUNTER)),
            RawKind.TRAP: Trapped(Signal.SEGV, TRAP_TEXT),
            RawKind.INTERRUPT: Signalled(Signal.INT),
        }
        return reasons.get(kind, Stepped())

    def read_memory(self, thread: ThreadId, address: Address, length: int) -> bytes:
        data = bytes(self.toy.memory[address : address + length])
        if not data:
            raise unreadable(address, length)
        return data

    def write_memory(self, thread: ThreadId, address: Address, data: bytes) -> None:
        if address + len(data) > MEMORY:
            raise unreadable(address, len(data))
        self.toy.memory[address : address + len(data)] = data

    def breakpoint_kinds(self) -> frozenset[BreakpointKind]:
        return CODE_KINDS | {BreakpointKind.WRITE}

    def _place(self, kind: BreakpointKind, address: Address) -> tuple[BreakpointKind, int]:
        if kind is BreakpointKind.WRITE:
            return kind, address
        if not 0 <= address - self.code < OPS:
            raise TargetError(errno.EINVAL, f"no operation at 0x{address:x}")
        return kind, address - self.code

    def insert_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        self.toy.breakpoints.add(self._place(kind, address))

    def remove_breakpoint(self, kind: BreakpointKind, address: Address, length: int) -> None:
        self.toy.breakpoints.discard(self._place(kind, address))

    def prepare_resume(self, request: ResumeRequest) -> None:
        if self.jump is not None:
            if not 0 <= self.jump < OPS:
                bad, self.jump = self.jump, None
                raise TargetError(errno.EINVAL, f"cannot resume at 0x{self.code + bad:x}")
            self.toy.pc, self.jump = self.jump, None

    def detach(self) -> None:
        self.jump = None
        self.toy.breakpoints.clear()

    def monitor(self, command: str) -> Iterator[str]:
        if command == "endless":
            yield from self._endless()
        if command != "counter":
            raise TargetError(errno.EINVAL, f'no command "{command}"')
        yield f"counter = {self.toy.counter}\n"

    def _endless(self) -> Iterator[str]:
        self.toy.talking = True
        try:
            for number in itertools.count():
                yield f"line {number}\n"
        finally:
            self.toy.talking = False

    def register(self, number: int) -> int:
        return {_RIP: self.to_address(self.toy.pc), 0: self.toy.counter}.get(number, 0)

    def memory(self, address: int, length: int) -> bytes:
        data = bytes(self.toy.memory[address : address + length])
        if len(data) < length:
            raise unreadable(address, length)
        return data


class GdbView(View):
    """The machine as i386:x64-32: the counter is rax as well as in memory."""

    def address_bits(self) -> int:
        return 32

    def stop(self) -> Stop:
        registers = ((RegisterNumber(_RIP), self._register(_RIP)),)
        return Stop(self.reason(), THREAD.id, registers)

    def _register(self, number: int) -> bytes:
        if self.toy.broken:
            raise RuntimeError("the view's registers broke")
        if number >= len(_SIZES):
            raise TargetError(errno.EINVAL, f"no register {number}")
        value = {_RIP: self.pc(), 0: self.toy.counter}.get(number, 0)
        return value.to_bytes(_SIZES[number], "little")

    def read_registers(self, thread: ThreadId) -> bytes:
        return b"".join(self._register(number) for number in range(len(_SIZES)))

    def write_registers(self, thread: ThreadId, values: bytes) -> None:
        offset = 0
        for number, size in enumerate(_SIZES):
            self.write_register(thread, RegisterNumber(number), values[offset : offset + size])
            offset += size

    def read_register(self, thread: ThreadId, number: RegisterNumber) -> bytes:
        return self._register(number)

    def write_register(self, thread: ThreadId, number: RegisterNumber, value: bytes) -> None:
        if number == _RIP:
            self.jump = int.from_bytes(value, "little") - self.code
        elif number == 0:
            self.toy.counter = int.from_bytes(value[:4], "little")

    def read_memory(self, thread: ThreadId, address: Address, length: int) -> bytes:
        if CODE <= address < CODE + OPS:
            return (b"\x90" * OPS)[address - CODE :][:length]
        return super().read_memory(thread, address, length)

    def features_xml(self, annex: str) -> bytes:
        if annex != "target.xml":
            raise TargetError(errno.ENOENT, f"no annex {annex}")
        return _target_xml()

    def exec_file(self) -> str:
        return "/toy/program"

    def served_file(self, path: str) -> bytes:
        if path != "/toy/program":
            raise TargetError(errno.ENOENT, f"no file {path}")
        return b"}#$*" * 10 + bytes(100)


class LldbView(View):
    """The machine as a Wasm module."""

    code = MODULE_BASE + BODY

    def __init__(self, toy: Toy, path: Path | None = None) -> None:
        super().__init__(toy)

    def address_bits(self) -> int:
        return 64

    def _pc(self) -> bytes:
        return struct.pack("<Q", self.pc())

    def stop(self) -> Stop:
        return Stop(self.reason(), THREAD.id, ((RegisterNumber(0), self._pc()),), (self.pc(),))

    def read_registers(self, thread: ThreadId) -> bytes:
        return self._pc()

    def write_registers(self, thread: ThreadId, values: bytes) -> None:
        raise TargetError(errno.EROFS, "the pc cannot be written")

    def read_register(self, thread: ThreadId, number: RegisterNumber) -> bytes:
        if number:
            raise TargetError(errno.EINVAL, f"no register {number}")
        return self._pc()

    def write_register(self, thread: ThreadId, number: RegisterNumber, value: bytes) -> None:
        raise TargetError(errno.EROFS, "the pc cannot be written")

    def read_memory(self, thread: ThreadId, address: Address, length: int) -> bytes:
        if MODULE_BASE <= address < MODULE_BASE + len(MODULE):
            return MODULE[address - MODULE_BASE :][:length]
        return super().read_memory(thread, address, length)

    def host_info(self) -> HostInfo:
        return HostInfo("wasm32-unknown-unknown-wasm", 4)

    def register_infos(self) -> tuple[RegisterInfo, ...]:
        return (RegisterInfo("pc", 64, 0, generic="pc", dwarf=16),)

    def region(self, address: Address) -> Region:
        if address < MEMORY:
            return Region(Address(0), MEMORY, "rw", "memory")
        if address < MODULE_BASE:
            return Region(Address(MEMORY), MODULE_BASE - MEMORY, "")
        if address < MODULE_BASE + len(MODULE):
            return Region(Address(MODULE_BASE), len(MODULE), "rx")
        end = MODULE_BASE + len(MODULE)
        return Region(Address(end), (1 << 64) - end, "")

    def libraries_xml(self) -> bytes:
        return (
            f'<library-list><library name="toy-0"><section address="{MODULE_BASE}"/></library>'
            "</library-list>"
        ).encode()

    def call_stack(self, thread: ThreadId) -> Sequence[Address]:
        return [self.pc()]

    def local(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        if frame or index:
            raise TargetError(errno.EINVAL, f"frame {frame} has no local {index}")
        return self.toy.counter.to_bytes(4, "little")

    def global_(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        raise TargetError(errno.EINVAL, f"no global {index}")

    def instance_global(self, instance: int, index: int) -> bytes:
        if instance != 1 or index:
            raise TargetError(errno.EINVAL, f"instance {instance} has no global {index}")
        return self.toy.counter.to_bytes(4, "little")

    def stack_value(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        raise TargetError(errno.EINVAL, f"no operand {index}")
