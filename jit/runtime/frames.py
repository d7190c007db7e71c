"""Walking the guest's stack: the frames of one activation, and the backtrace of all of them."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from jit.abi.context import Exit
from jit.abi.frame_table import RowKind
from jit.abi.traps import TrapCode
from jit.runtime.code import CodeRange
from jit.runtime.trap import MAX_BACKTRACE, Frame

if TYPE_CHECKING:
    from jit.runtime.driver import Activation
    from jit.runtime.store import Store


class StackFrame(NamedTuple):
    """A frame of a stopped activation: where in which function, and its frame pointer."""

    range: CodeRange
    address: int
    """What the frame table's rows are keyed by, as an address: `range.start + offset`."""
    frame_pointer: int

    @property
    def offset(self) -> int:
        """The code offset, the key of a row of the function's frame table."""
        return self.address - self.range.start


def walk(activation: "Activation") -> Iterator[StackFrame]:
    """Yield the frames of one activation that is not running, innermost first."""
    code = activation.store.code
    lookup, caller, load = code.lookup, code.isa.caller, activation.store.machine.load_u64
    address, frame_pointer = _innermost(activation)
    while address != code.done:
        range_ = lookup(address)
        if range_ is None:
            return
        yield StackFrame(range_, address, frame_pointer)
        pointer_word, return_word = caller(frame_pointer)
        address, frame_pointer = load(return_word), load(pointer_word)


def _innermost(activation: "Activation") -> tuple[int, int]:
    """Return the code address and frame pointer of the innermost frame that exists."""
    context = activation.context
    convention = activation.store.isa.convention
    frame_pointer = context.general(convention.frame_pointer)
    if activation.exit == Exit.COMPILE or _in_prologue(activation):
        if convention.link is not None:
            return context.general(convention.link), frame_pointer
        stack_pointer = context.general(convention.stack_pointer)
        return activation.store.machine.load_u64(stack_pointer), frame_pointer
    return context.pc, frame_pointer


def _in_prologue(activation: "Activation") -> bool:
    """Say whether a trap struck before its function had a frame: only a stack overflow can."""
    if activation.exit != Exit.TRAP or activation.context.argument != TrapCode.STACK_OVERFLOW:
        return False
    range_ = activation.store.code.lookup(activation.context.pc)
    if range_ is None:
        return False
    row = range_.table.row(activation.context.pc - range_.start)
    return row is not None and row.kind is RowKind.PROLOGUE


def backtrace(store: "Store") -> list[Frame]:
    """Return the innermost frames of all activations, for a trap."""
    frames = (frame for activation in reversed(store.activations) for frame in walk(activation))
    return [Frame(frame.range, frame.offset) for frame in islice(frames, MAX_BACKTRACE)]
