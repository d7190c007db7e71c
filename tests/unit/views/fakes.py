"""A guest made of plain data, in place of `jit.debug`'s, for tests of what the views make of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from jit.debug.boundaries import BoundaryKind
from jit.debug.errors import OutOfRange

I32, I64, F64 = 0x7F, 0x7E, 0x7C
STACK_END = 0x7FFF_0000
INSTANCE = SimpleNamespace(memories=("memory",))

#            two functions: declarations of one i32 local, then ops; and a body without locals
#            0x10: 01 01 7f | 41 05 | 21 00 | 10 01 | 1a | 0b      0x1b: 00 | 41 07 | 0b
CODE = (
    bytes(0x10)
    + bytes.fromhex("01017f41052100100 11a0b".replace(" ", ""))
    + bytes.fromhex("0041070b")
)
BOUNDARIES = ((0x13, 0x15, 0x17, 0x19, 0x1A), (0x1C, 0x1E))


def info() -> Any:
    """Give the module's structure: function 0 is () -> (), function 1 is () -> i32."""
    types = [SimpleNamespace(params=(), results=()), SimpleNamespace(params=(), results=(I32,))]
    return SimpleNamespace(
        data=CODE,
        bodies=[SimpleNamespace(start=0x10, end=0x1B), SimpleNamespace(start=0x1B, end=0x1F)],
        num_imported_funcs=0,
        types=types,
        func_type=lambda index: types[index],
    )


@dataclass
class FakeFrame:
    """A frame whose slots begin `distance` bytes from the stack's far end."""

    distance: int
    function: int
    pc: int
    locals: list[int] = field(default_factory=list)
    stack: list[int] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    activation: int = 0

    @property
    def base(self) -> int:
        return STACK_END - self.distance

    @property
    def store(self) -> Any:
        return SimpleNamespace(stack_end=STACK_END)

    def instance(self) -> Any:
        return INSTANCE

    def wasm_function_index_and_pc(self) -> tuple[int, int]:
        return self.function, self.pc

    def num_locals(self) -> int:
        return len(self.locals)

    def num_stacks(self) -> int:
        return len(self.stack)

    def local_type(self, index: int) -> int:
        return self.types[index] if self.types else I32

    def stack_type(self, index: int) -> int:
        return I32

    def local_bits(self, index: int) -> int:
        return self.locals[index]

    def stack_bits(self, index: int) -> int:
        return self.stack[index]

    def set_local_bits(self, index: int, bits: int) -> None:
        self.locals[index] = bits

    def set_stack_bits(self, index: int, bits: int) -> None:
        self.stack[index] = bits


class FakeDebugger:
    """What the views ask of a debugger."""

    def __init__(self, frames: list[FakeFrame] | None = None) -> None:
        self.walked: list[FakeFrame] = frames if frames is not None else []
        self.asked = 0
        self.registered = [SimpleNamespace(index=0, module=None, info=info())]
        self.breakpoints: set[tuple[int, int]] = set()
        self.globals = [0x1122, 0xFFFF_FFFF_FFFF_FFFF]
        self.linear = bytearray(0x10000)
        self.stepping = False
        self.interrupts = 0
        self.quiet: Any = None

    def frame(self, index: int) -> FakeFrame | None:
        self.asked = max(self.asked, index + 1)
        return self.walked[index] if index < len(self.walked) else None

    def called_frames(self, index: int, count: int) -> list[tuple[int, int]]:
        return []

    def modules(self) -> Any:
        return self.registered

    def module_of(self, frame: FakeFrame) -> Any:
        return self.registered[0]

    def instances(self) -> list[Any]:
        return [INSTANCE]

    def boundaries(self, module: int, defined_index: int) -> tuple[int, ...]:
        return BOUNDARIES[defined_index]

    def boundary_kind(self, module: int, pc: int) -> BoundaryKind | None:
        if any(pc in ops for ops in BOUNDARIES):
            return BoundaryKind.OP
        return BoundaryKind.INSIDE

    def set_breakpoint(self, module: int, pc: int) -> int:
        self.breakpoints.add((module, pc))
        return pc

    def clear_breakpoint(self, module: int, pc: int) -> None:
        self.breakpoints.discard((module, pc))

    def clear_breakpoints(self) -> None:
        self.breakpoints.clear()

    def read_memory(self, instance: str, index: int, address: int, length: int) -> bytes:
        return bytes(self.linear[address : address + length])

    def write_memory(self, instance: str, index: int, address: int, data: bytes) -> None:
        if address + len(data) > len(self.linear):
            raise OutOfRange("memory", address, len(self.linear))
        self.linear[address : address + len(data)] = data

    def global_bits(self, instance: str, index: int) -> int:
        if index >= len(self.globals):
            raise OutOfRange("global", index, len(self.globals))
        return self.globals[index]

    def set_global_bits(self, instance: str, index: int, bits: int) -> None:
        self.globals[index] = bits

    def step(self, on: bool, quiet: Any = None) -> None:
        self.stepping = on
        self.quiet = quiet

    def pass_while(self, passes: Any) -> None:
        pass

    def pass_nothing(self) -> None:
        pass

    def interrupt(self) -> None:
        self.interrupts += 1
