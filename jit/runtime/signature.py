"""Where a function's arguments and results lie when the guest is left or entered at a call."""

from collections.abc import Sequence

from jit.abi import context as layout
from jit.abi.convention import CallConvention, Home, Place
from jit.machine.host import Words
from jit.wasm.types import F32, I32, FuncType

HALF_WORDS = frozenset({I32, F32})
"""Types whose values are the low half of a word; the upper half is undefined."""


class Slot:
    """One value's place: a word of the context block, or of the overflow buffer."""

    __slots__ = ("index", "mask", "overflow")

    def __init__(self, place: Place, type_: int) -> None:
        self.overflow = place.home is Home.OVERFLOW
        if place.home is Home.GENERAL:
            self.index = layout.GENERAL // 8 + place.number
        elif place.home is Home.FLOAT:
            self.index = layout.FLOAT // 8 + 2 * place.number
        else:
            self.index = place.number // 8
        self.mask = 0xFFFF_FFFF if type_ in HALF_WORDS else 0xFFFF_FFFF_FFFF_FFFF


class Signature:
    """A function type with the places of its values, for one ISA."""

    __slots__ = ("params", "results", "type")

    def __init__(self, convention: CallConvention, type_: FuncType) -> None:
        self.type = type_
        params = convention.arguments(type_.params)
        results = convention.results(type_.results)
        self.params = [Slot(*pair) for pair in zip(params, type_.params, strict=True)]
        self.results = [Slot(*pair) for pair in zip(results, type_.results, strict=True)]


def read_slots(slots: Sequence[Slot], words: Words, overflow: Words) -> list[int]:
    """Return the bit patterns in some slots."""
    return [(overflow if slot.overflow else words)[slot.index] & slot.mask for slot in slots]


def write_slots(slots: Sequence[Slot], words: Words, overflow: Words, bits: Sequence[int]) -> None:
    """Put bit patterns into slots."""
    for slot, value in zip(slots, bits, strict=True):
        (overflow if slot.overflow else words)[slot.index] = value
