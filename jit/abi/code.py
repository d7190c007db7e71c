"""What the runtime is handed to get machine code: an ISA's fixed pieces and a module's functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Protocol

from jit.abi.convention import CallConvention
from jit.abi.frame_table import FrameTable


@dataclass(frozen=True, slots=True)
class Trampolines:
    """Position-independent code that a store's code memory starts with, and its entry points.

    `code` is one block; `entries` are offsets in it:

        resume      C function (context address) -> exit number: enters or resumes the guest
        trap, libcall, interrupt, epoch, memory_copy, memory_fill, watch   the code of `vmctx.Stub`, by name
        breakpoint  where an enabled site calls
        host        the code of every host function's record
        compile     where a lazy stub jumps, the defined index in scratch register 0
        heartbeat   C function (block address, `jit.abi.heartbeat`) -> anything; where code runs natively
        done        the return address of an activation's outermost frame (ends with `Exit.RETURN`)
    """

    code: bytes
    entries: Mapping[str, int]


class Isa(Protocol):
    """The fixed facts of one instruction set."""

    @property
    def name(self) -> str: ...

    @property
    def convention(self) -> CallConvention: ...

    @property
    def site_size(self) -> int: ...

    def trampolines(self) -> Trampolines:
        """Return the fixed code; the same bytes every time."""
        ...

    def lazy_stubs(self, count: int, address: int, compile_: int) -> tuple[bytes, int]:
        """Return stubs for defined functions 0..count-1 placed at `address`, and the bytes each takes.

        A stub puts its index in scratch register 0 and jumps to `compile_`.
        """
        ...

    def site_disabled(self) -> bytes:
        """Return the patchable no-op."""
        ...

    def site_enabled(self, site: int, breakpoint_: int) -> bytes:
        """Return the call that replaces the no-op at address `site`, to address `breakpoint_`."""
        ...

    def condition(self, number: int, flags: int) -> bool:
        """Return whether condition `number` of a FLAGS operand holds under saved flags."""
        ...

    def initial_stack(self, sp: int, done: int) -> tuple[int, Mapping[int, int], bytes]:
        """Return how a fresh activation starts: (stack pointer, general registers to set, bytes to store at it).

        The callee must find `done` as its return address and a frame pointer chain that ends.
        """
        ...

    def caller(self, frame_pointer: int) -> tuple[int, int]:
        """Return the addresses of the words (caller's frame pointer, return address) of a frame."""
        ...


class Watch(IntEnum):
    """Which accesses of memory 0 code looks at, to exit after those that touch a watched range."""

    NOTHING = 0
    WRITES = 1
    ALL = 2


class Variant(NamedTuple):
    """Which code of a function.

    The canonical variant has the same frame layout as the usual code and keeps nothing across op boundaries:
    every operand is in its slot, no register is a copy.  What a debugger writes in a frame of the usual code
    that cannot absorb it, it writes to the slots, and continues at the same op there.

    Watching code has the same registers at every point as code that does not watch; and code without patch
    sites has them as code with them, where debuggable code is made at all.
    """

    canonical: bool = False
    watch: Watch = Watch.NOTHING
    sites: bool = True


USUAL = Variant()


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """Machine code of one function, position independent, entered at its first byte."""

    defined_index: int
    code: bytes


class CodeSource(Protocol):
    """Gives a module's code, function by function, deterministically."""

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        """Validate and compile one function.

        Raise `jit.wasm.errors.WasmError` for an invalid body.
        """
        ...

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        """Return the frame table of code compiled before; that is made again and must be equal."""
        ...
