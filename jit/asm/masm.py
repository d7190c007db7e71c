"""The macro assembler: everything the compiler knows of an instruction set.

It has no state.  Nearly all of it is tables of machine code, keyed by places (`jit.asm.places`) and
by Wasm mnemonics; the compiler appends what it finds there.  The code in a table is position
independent and uses, beyond the registers of its key, only registers outside the pools.

Most operators are two-address: the result replaces the first operand, whose register always belongs to
it alone.  Where a table says "operand", the key is a register or a constant; registers are those of
the first two rows of `places`.

A branch's bytes end with its instruction that holds the distance: `link(code, end, target)` sets it,
`end` being the offset just past that instruction.  `Checked` code has such branches to trap exits.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jit.abi.convention import CallConvention
from jit.abi.traps import TrapCode
from jit.asm.memo import Memo

Code = bytes
ByPlace = Memo[bytes]
ByPlaces = Memo[Memo[bytes]]


class BranchTooFar(Exception):
    """Raised by `link`: the function is too large for this macro assembler's branches."""


class Checked(NamedTuple):
    """Code with branches to trap exits: for each the offset past it from the start, and its trap."""

    code: bytes
    traps: tuple[tuple[int, TrapCode], ...]


Access = tuple[Code, int]
"""A bounds-checked memory access: its code, and how far before its end the trap branch ends."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison: code that sets the flags by [register][operand], and the condition it means.

    Where an ISA has no flags to keep, the code leaves 0 or 1 in the first register instead.
    """

    code: ByPlaces
    condition: int


@dataclass(frozen=True, slots=True)
class Load:
    """A memory load: [destination][address register][static offset], or by a constant address.

    `checked` is safe with the destination equal to the address register.  `trusted` is the same where
    the access is inside the memory for sure.  `known` reads at an address that is: [destination][address].
    """

    checked: Memo[Memo[Memo[Access]]]
    trusted: Memo[ByPlaces]
    known: ByPlaces
    known_limit: int
    """Addresses `known` takes, and the ends of accesses `trusted` makes, are below this."""


@dataclass(frozen=True, slots=True)
class Store:
    """A memory store: [address register][operand][static offset]; `known`: [address][operand]."""

    checked: Memo[Memo[Memo[Access]]]
    trusted: Memo[ByPlaces]
    known: ByPlaces
    known_limit: int


class MacroAssembler(ABC):
    """Machine code for everything the compiler emits; each ISA sets every attribute."""

    convention: CallConvention
    site: Code
    """The patchable no-op, alone or with the instruction behind it."""
    site_reach: int
    """The most bytes that the instruction just behind a site may have."""
    filler: Code
    """What stands behind a site where another one or a longer instruction follows."""

    # Registers, as places.

    pool: Sequence[int]
    """General registers for operands and copies, last first; none is a scratch or a pinned one."""
    float_pool: Sequence[int]
    homes: int
    """How many general registers a loop may hold locals in."""
    float_homes: int
    has_flags: bool
    """Whether a comparison's outcome survives in flags over slot stores, moves, constants and sites."""

    # The frame.  A slot's key says its offset in the form that encodes best.

    @abstractmethod
    def slot_key(self, offset: int, frame_size: int) -> int:
        """Return the key of the slot at `offset` from the base in a frame of `frame_size` bytes."""

    slot_load32: ByPlaces
    """[general register][slot key]: the low half, zero-extended."""
    slot_load64: ByPlaces
    slot_load_float: ByPlaces
    slot_store: ByPlaces
    """[register of either kind][slot key]: all 64 bits; flags are kept."""

    @abstractmethod
    def slot_constant(self, constant: int, key: int) -> Code:
        """Store a constant (a place) in a slot; flags are kept."""

    slot_move: ByPlaces
    """[to][from]: 64 bits; flags are kept."""

    @abstractmethod
    def frame_size(self, slots: int) -> int:
        """Return the bytes from the slot base to the frame pointer, for so many bytes of slots."""

    @abstractmethod
    def prologue(self, frame_size: int) -> Code:
        """Set up the frame and store the vmctx in slot 0."""

    @abstractmethod
    def frame_check(self, frame_size: int) -> Code:
        """A branch taken if a large frame does not fit the stack; stands before the prologue."""

    @abstractmethod
    def zero_slots(self, start: int, end: int, frame_size: int) -> Code:
        """Clear the slots from offset `start` to `end`, keeping argument registers."""

    epilogue: Code
    """Leave the frame and return."""

    # Values.

    move32: ByPlaces
    """[general register][operand], zero-extending; flags are kept."""
    move64: ByPlaces
    move_float: ByPlaces
    """[float register][float register or constant]; flags are kept."""
    binary: Mapping[str, ByPlaces]
    """By mnemonic: [register][operand], for integers; [float][float], for floats."""
    three: Mapping[str, Memo[ByPlaces]]
    """By the mnemonics of `binary`: [destination][a][b]; b is another register than the destination."""
    divide: Mapping[str, Memo[Memo[Checked]]]
    """By mnemonic: [register][operand]."""
    unary: Mapping[str, ByPlaces]
    """By mnemonic: [destination][source], which may be one register; conversions that cannot trap too."""
    truncate: Mapping[str, Memo[Memo[Checked]]]
    """By mnemonic, conversions that can trap: [destination][source]."""
    compare: Mapping[str, Compare]
    set_flag: ByPlaces
    """[general register][condition]: 1 if it holds, else 0."""
    inverse: Sequence[int]
    """The condition that holds if the index does not."""
    select: Memo[ByPlaces]
    """[condition][a][b]: a becomes b unless the condition holds; without flags, unless register `condition` is 0."""
    select_float: Memo[ByPlaces]

    # Memory, globals, tables.  Offsets are those in the vmctx.

    load: Mapping[str, Load]
    store: Mapping[str, Store]
    watch_address: ByPlaces
    """[address register or constant][bytes from it to the access's last]: before an access, leaves the
    address of its last byte where accesses leave it alone."""
    watch_check: ByPlace
    """[size]: after it, a branch taken if the access lies near what is watched."""
    watch_call: ByPlace
    """[size]: call the watch stub for it."""
    watch_range: ByPlaces
    """[address register][length register]: call the watch stub for so many bytes, if any."""
    memory_size: ByPlace
    """[general register]: pages of memory 0."""
    global_get: Mapping[bool, Mapping[int, ByPlaces]]
    """By whether it is imported and by width (32, 64, or 0 for a float): [offset][register]."""
    global_set: Mapping[bool, Mapping[int, ByPlaces]]
    """By the same: [offset][operand]."""
    table_size: ByPlaces
    """[offset of the table][general register]."""

    @abstractmethod
    def table_get(self, table: int, index: int, slot: int) -> Checked:
        """Copy an element (index in a general register) to a slot."""

    @abstractmethod
    def table_set(self, table: int, index: int, slot: int) -> Checked:
        """Copy a slot to an element (index in a general register)."""

    @abstractmethod
    def function_reference(self, import_: bool, offset: int, slot: int) -> Code:
        """Set a slot to the record at a vmctx offset, or to the one whose address lies there."""

    # Control.

    @property
    @abstractmethod
    def far(self) -> "MacroAssembler":
        """The same with branches that reach farther; where no function is too large, this one."""

    jump: Code
    branch: ByPlace
    """[condition]"""
    branch_nonzero: ByPlace
    """[general register]: taken if its low half is not 0."""
    branch_zero: ByPlace

    @abstractmethod
    def link(self, code: bytearray, end: int, target: int) -> None:
        """Let the branch that ends at `end` go to `target`.  Raise BranchTooFar where it cannot."""

    @abstractmethod
    def jump_back(self, at: int, target: int) -> Code:
        """A jump to an earlier place."""

    @abstractmethod
    def branch_back(self, condition: int, at: int, target: int) -> Code:
        """A branch on a condition to an earlier place."""

    @abstractmethod
    def branch_table(self, index: int, count: int) -> Code:
        """Go to one of `count` + 1 consecutive jumps that follow (each `jump`), the last if out of range."""

    trap_exit: ByPlace
    """[trap code]: the call to the trap stub."""
    interrupt_check: Code
    """A branch taken if an interrupt is wanted."""
    interrupt_call: Code
    stack_check: Code
    """A branch taken if the frame lies too low or an interrupt is wanted."""
    epoch_check: Code
    """A branch taken if the epoch's deadline was reached."""
    epoch_call: Code

    # Calls.

    call_defined: ByPlace
    """[offset of the record]"""
    call_import: ByPlace
    """[offset of the word with the record's address], switching to the callee's instance."""
    call_record: Code
    """Call through the record in scratch register 0, switching to the callee's instance."""
    leave_callee: Code
    """After a call through a record: back to this function's own instance."""
    call_libcall: ByPlace
    """[number]"""
    call_stub: ByPlace
    """[stub]: one of those that stay in the guest."""
    branch_failed: Code
    """After such a stub: a branch taken if it left 0 in scratch register 0."""

    @abstractmethod
    def indirect_record(self, table: int, type_: int, index: int) -> Checked:
        """Leave the record of a table's element (index in a general register) in scratch register 0."""

    overflow_store: ByPlaces
    """[overflow offset][slot key]: slot to buffer."""
    overflow_load: ByPlaces
    """[slot key][overflow offset]: buffer to slot, keeping argument and result registers."""
