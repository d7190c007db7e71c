"""The vmctx: one block of words per instance, addressed by the pinned vmctx register.

0     memory base           address of memory 0, 0 without one (copied to the pinned base register)
8     memory length         bytes, never shrinks
16    stack limit           lowest stack pointer a frame may have; all ones while an interrupt is wanted
24    interrupt (u32)       not 0: a debugger wants the guest to stop
32    epoch deadline        the guest yields when *epoch counter >= deadline (only with epoch interruption)
40    epoch counter         address of the engine's counter
48    store                 address of the store block
56    overflow              address of the buffer for arguments and results that got no register
64    stubs                 8 addresses, one a `Stub`
128   bounds                1025 signed words: entry k is `memory length - k`
8328  real stack limit      lowest stack pointer, whether an interrupt is wanted or not
8336  watch low             lowest watched address of memory 0 (only used by watching code, as what follows)
8344  watch spans           4 words, by access size 1, 2, 4, 8: an access is looked at closely if the address of
                            its last byte - low is below this; 0 where nothing is watched
8376  watch list            address of the watched ranges: pairs of words (first, end), an end of 0 being the last
8384  globals               16 bytes each: the value, or for an imported global the address of its cell
...   tables                8 bytes each: address of the table's definition {base, length}
...   types                 8 bytes each: the engine's id of the module's type k
...   imports               8 bytes each: address of the imported function's record
...   records               32 bytes each: the records of the functions the module defines
"""

from dataclasses import dataclass
from enum import IntEnum

MEMORY_BASE = 0
MEMORY_LENGTH = 8
STACK_LIMIT = 16
INTERRUPT = 24
EPOCH_DEADLINE = 32
EPOCH_COUNTER = 40
STORE = 48
OVERFLOW = 56
STUBS = 64
BOUNDS = 128
BOUNDS_ENTRIES = 1025
REAL_STACK_LIMIT = 8328
"""Frames above `context.UNCHECKED_FRAME` are checked against it before anything is pushed."""
WATCH_LOW = 8336
WATCH_SPANS = {1: 8344, 2: 8352, 4: 8360, 8: 8368}
WATCH_LIST = 8376
GLOBALS = 8384

GLOBAL_SIZE = 16
POINTER_SIZE = 8

TABLE_BASE = 0
"""In a table's definition: address of its elements, 8 bytes each (a record's address, 0 is null; or a handle)."""
TABLE_LENGTH = 8
"""In a table's definition: its length in elements (u64)."""
TABLE_DEFINITION_SIZE = 16

NO_STACK_LIMIT = 0xFFFF_FFFF_FFFF_FFFF
"""The value of the stack limit word while an interrupt is wanted: no stack pointer is high enough."""

PAGE_SIZE = 65536
"""Bytes in a page of linear memory."""


class Stub(IntEnum):
    """Fixed code that functions reach through their vmctx (`STUBS + 8 * stub`), by a call.

    The entry of `Trampolines` is the name in lower case.  The first four are exits; those for memory are
    routines that stay in the guest and use only registers that carry arguments or are scratch.
    """

    TRAP = 0
    """Scratch register 0 holds a `TrapCode`; does not return."""
    LIBCALL = 1
    """Scratch register 0 holds a `Libcall` number; arguments and results as in a call."""
    INTERRUPT = 2
    """At a function's entry or a loop's head; every register is kept."""
    EPOCH = 3
    """The deadline was reached; every register is kept."""
    MEMORY_COPY = 4
    """(destination, source, length) of memory 0: copies, or leaves 0 in scratch register 0 if out of bounds."""
    MEMORY_FILL = 5
    """(destination, value, length) of memory 0: fills, or leaves 0 in scratch register 0 if out of bounds."""
    WATCH = 6
    """The first and last address of an access in the `watched` registers of the convention: an exit if it
    touches a range of the watch list.  Every register but those that are scratch is kept."""


@dataclass(frozen=True, slots=True)
class VMContextLayout:
    """Offsets of a module's own parts of the vmctx, in bytes from its start.

    Counts include imports except `defined_functions`.
    """

    num_globals: int
    num_tables: int
    num_types: int
    imported_functions: int
    defined_functions: int

    @property
    def tables(self) -> int:
        return GLOBALS + GLOBAL_SIZE * self.num_globals

    @property
    def types(self) -> int:
        return self.tables + POINTER_SIZE * self.num_tables

    @property
    def imports(self) -> int:
        return self.types + POINTER_SIZE * self.num_types

    @property
    def records(self) -> int:
        return (self.imports + POINTER_SIZE * self.imported_functions + 31) & ~31

    @property
    def size(self) -> int:
        return self.records + 32 * self.defined_functions

    def global_(self, index: int) -> int:
        return GLOBALS + GLOBAL_SIZE * index

    def table(self, index: int) -> int:
        return self.tables + POINTER_SIZE * index

    def type_(self, index: int) -> int:
        return self.types + POINTER_SIZE * index

    def import_(self, index: int) -> int:
        return self.imports + POINTER_SIZE * index

    def record(self, defined_index: int) -> int:
        return self.records + 32 * defined_index
