"""Where arguments and results of Wasm functions travel, for each ISA.

Integers and references take the integer registers in order, floats the float registers; what finds
none lies in the overflow buffer, 16 bytes a value in order of appearance.  An i32
argument is zero-extended, an i32 result has an undefined upper half; an f32 lies in the low half of its float register.  Register numbers are the
ISA's own, as in a context block.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

F32 = 0x7D
F64 = 0x7C
V128 = 0x7B


class Home(Enum):
    """The kind of place a value travels in."""

    GENERAL = "general"
    FLOAT = "float"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Place:
    """One value's place: a register number, or a byte offset in the overflow buffer."""

    home: Home
    number: int


@dataclass(frozen=True, slots=True)
class CallConvention:
    """The registers of one ISA that take part in calls, and those with a fixed meaning."""

    isa: str
    vmctx: int
    memory_base: int
    stack_pointer: int
    frame_pointer: int
    scratch: tuple[int, ...]
    """Never live at an op boundary; scratch 0 carries a record, a trap code or a libcall number."""
    int_arguments: tuple[int, ...]
    float_arguments: tuple[int, ...]
    int_results: tuple[int, ...]
    float_results: tuple[int, ...]
    link: int | None = None
    """The register of a return address at a function's entry; None: it lies at the stack pointer."""
    frame_head: int = 0
    """Bytes between the stack pointer of a frame and its slot base."""
    float_environment: int = 0
    """What a fresh context's guest float environment is: round to nearest, nothing traps."""
    watched: tuple[int, int] = (0, 0)
    """Scratch registers with the first and the last address of an access, at `Exit.WATCH`."""

    def arguments(self, types: tuple[int, ...]) -> tuple[Place, ...]:
        """Return the place of each parameter of the given value types."""
        return _assign(types, self.int_arguments, self.float_arguments)

    def results(self, types: tuple[int, ...]) -> tuple[Place, ...]:
        """Return the place of each result of the given value types."""
        return _assign(types, self.int_results, self.float_results)


@lru_cache(maxsize=4096)
def _assign(
    types: tuple[int, ...], general: tuple[int, ...], floats: tuple[int, ...]
) -> tuple[Place, ...]:
    places: list[Place] = []
    used = {Home.GENERAL: 0, Home.FLOAT: 0, Home.OVERFLOW: 0}
    files = {Home.GENERAL: general, Home.FLOAT: floats}
    for type_ in types:
        home = Home.FLOAT if type_ in (F32, F64, V128) else Home.GENERAL
        taken = used[home]
        if taken < len(files[home]):
            places.append(Place(home, files[home][taken]))
            used[home] += 1
        else:
            places.append(Place(Home.OVERFLOW, 16 * used[Home.OVERFLOW]))
            used[Home.OVERFLOW] += 1
    return tuple(places)


# fmt: off
X86_64 = CallConvention(
    isa="x86-64", vmctx=14, memory_base=15, stack_pointer=4, frame_pointer=5, scratch=(0,),
    int_arguments=(7, 6, 2, 1, 8, 9), float_arguments=(0, 1, 2, 3, 4, 5, 6, 7),
    int_results=(0, 2), float_results=(0, 1), float_environment=0x1F80, watched=(1, 0),
)
AARCH64 = CallConvention(
    isa="aarch64", vmctx=28, memory_base=27, stack_pointer=31, frame_pointer=29, scratch=(16, 17),
    int_arguments=(0, 1, 2, 3, 4, 5, 6, 7), float_arguments=(0, 1, 2, 3, 4, 5, 6, 7),
    int_results=(0, 1), float_results=(0, 1), link=30, watched=(15, 16),
)
RISCV64 = CallConvention(
    isa="riscv64", vmctx=27, memory_base=26, stack_pointer=2, frame_pointer=8, scratch=(5, 6),
    int_arguments=(10, 11, 12, 13, 14, 15, 16, 17), float_arguments=(10, 11, 12, 13, 14, 15, 16, 17),
    int_results=(10, 11), float_results=(10, 11), link=1,
)
S390X = CallConvention(
    isa="s390x", vmctx=9, memory_base=10, stack_pointer=15, frame_pointer=11, scratch=(0, 1),
    int_arguments=(2, 3, 4, 5, 6), float_arguments=(0, 2, 4, 6),
    int_results=(2, 3), float_results=(0, 2), link=14, frame_head=160,
)
# fmt: on
