"""Library routines that generated code calls through `Stub.LIBCALL`: one row each.

Arguments and results travel as in a Wasm call of the row's type.  `i64` stands for an address-sized
or reference value: a reference is passed as the 64 bits it has in a slot.  A routine traps by
raising in Python; the trap is the calling op's.  The bodies are in `jit.runtime.libcalls`.
"""

from dataclasses import dataclass
from enum import IntEnum

I32 = 0x7F
I64 = 0x7E


class Libcall(IntEnum):
    """Numbers that generated code passes in scratch register 0."""

    MEMORY_GROW = 0
    MEMORY_INIT = 1
    DATA_DROP = 2
    TABLE_GROW = 3
    TABLE_FILL = 4
    TABLE_COPY = 5
    TABLE_INIT = 6
    ELEM_DROP = 7


@dataclass(frozen=True, slots=True)
class LibcallRow:
    libcall: Libcall
    params: tuple[int, ...]
    results: tuple[int, ...]


# fmt: off
ROWS = (
    #          number                parameters (immediates first, then operands in push order)        results
    LibcallRow(Libcall.MEMORY_GROW, (I32, I32),                      (I32,)),  # memory, delta pages -> old pages or -1
    LibcallRow(Libcall.MEMORY_INIT, (I32, I32, I32, I32, I32),       ()),      # memory, segment, destination, source, length
    LibcallRow(Libcall.DATA_DROP,   (I32,),                          ()),      # segment
    LibcallRow(Libcall.TABLE_GROW,  (I32, I64, I32),                 (I32,)),  # table, reference, delta -> old length or -1
    LibcallRow(Libcall.TABLE_FILL,  (I32, I32, I64, I32),            ()),      # table, start, reference, length
    LibcallRow(Libcall.TABLE_COPY,  (I32, I32, I32, I32, I32),       ()),      # to table, from table, destination, source, length
    LibcallRow(Libcall.TABLE_INIT,  (I32, I32, I32, I32, I32),       ()),      # table, segment, destination, source, length
    LibcallRow(Libcall.ELEM_DROP,   (I32,),                          ()),      # segment
)
# fmt: on

BY_LIBCALL = {row.libcall: row for row in ROWS}
