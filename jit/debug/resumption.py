"""Letting a stopped guest go on elsewhere than where it stopped, all on one primitive: `enter_at`.

It is for the innermost activation, stopped between two ops, and takes effect when the handler returns. Whoever
asks for what cannot be gets an error, and nothing has been changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jit.abi import vmctx
from jit.abi.context import Exit
from jit.abi.frame_table import FRAME_TYPES
from jit.debug.core import DebugCore
from jit.debug.errors import CannotDivert, ForeignStore, StaleFrame
from jit.debug.frames import FrameHandle, bits_of
from jit.debug.innermost import exit_frame
from jit.debug.sites import Site
from jit.runtime.context import GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.signature import write_slots
from jit.runtime.val import Val
from jit.wasm.types import FuncType

_AT_BOUNDARY = frozenset({Exit.BREAKPOINT, Exit.INTERRUPT, Exit.WATCH})


@dataclass(frozen=True, slots=True)
class Entry:
    """A place where a frame can be entered: a point of a site of canonical code, and what is on the stack there."""

    site: Site
    index: int
    types: tuple[int, ...]


def activation_of(core: DebugCore, frame: FrameHandle) -> Activation:
    """Return the activation that can go on in a frame.  Raise CannotDivert, StaleFrame or ForeignStore."""
    if not isinstance(frame, FrameHandle):
        raise TypeError("expected a FrameHandle")
    if frame.store is not core.store:
        raise ForeignStore
    if not frame.is_valid():
        raise StaleFrame
    core.reports.check_standing()
    activation = core.store.activations[-1]
    if frame.activation != activation.depth:
        raise CannotDivert("the frame lies beyond a call of the host")
    if activation.exit not in _AT_BOUNDARY:
        raise CannotDivert("the guest is not stopped between two instructions")
    if frame.count > 1:
        raise CannotDivert("the frame has no machine frame of its own")
    return activation


def entry(core: DebugCore, frame: FrameHandle, pc: int) -> Entry:
    """Return where the op at a PC of a frame's function can be entered.  Raise CannotDivert."""
    function = core.locate(frame.address).range
    canonical = function.code.canonical(function.defined_index, core.store.code.watch)
    boundaries = canonical.table.boundaries_at(pc)
    if not boundaries:
        raise CannotDivert(f"no instruction that can be reached is at offset {pc:#x}")
    offset, index = boundaries[0].offset, boundaries[0].index
    site = core.site(canonical, canonical.start + offset)
    return Entry(site, index, tuple(operand.type for operand in site.points[index].stack))


def enter_at(
    core: DebugCore, frame: FrameHandle, pc: int, stack: Sequence[int], *, silently: bool = False
) -> None:
    """Let the guest go on in a frame at the op at `pc`, with these bit patterns as its operands.

    The frames inside of it are gone, and every handle is stale. A breakpoint at the op is hit, and a step
    stops there, unless `silently`.
    """
    activation, place = activation_of(core, frame), entry(core, frame, pc)
    if len(place.types) != len(stack):
        raise CannotDivert(
            f"the instruction at offset {pc:#x} finds {len(place.types)} operands on the stack,"
            f" there are {len(stack)}"
        )
    store, words, frame_pointer = core.store, activation.context.words, frame.frame_pointer
    convention, load = store.isa.convention, store.machine.load_u64
    base = frame.base
    frame.fill_stack(place.types, stack)
    instance = load(base)
    words[PC] = place.site.address
    words[GENERAL + convention.frame_pointer] = frame_pointer
    words[GENERAL + convention.stack_pointer] = base - convention.frame_head
    words[GENERAL + convention.vmctx] = instance
    words[GENERAL + convention.memory_base] = load(instance + vmctx.MEMORY_BASE)
    core.enabling.enter(place.site.range)
    core.reports.move(activation, place.site, place.index, silently=silently)
    store.executions += 1


def enter_with(core: DebugCore, frame: FrameHandle, pc: int, stack: Sequence[Val]) -> None:
    """The same with values, of the types that the op finds; WrongType for others."""
    activation_of(core, frame)
    types = entry(core, frame, pc).types
    # A wrong number is told of below.
    pairs = zip(types, stack, strict=False)
    bits = [bits_of(core.store, type_, value) for type_, value in pairs]
    enter_at(core, frame, pc, [*bits, *(0 for _ in stack[len(bits) :])])


def jump(core: DebugCore, pc: int, *, silently: bool = False) -> None:
    """Let the innermost frame go on at another op of its function, with the operands there are.

    CannotDivert where the op finds others.
    """
    activations = core.store.activations
    frame = exit_frame(core, activations[-1]) if activations else None
    if frame is None:
        raise CannotDivert("nothing runs that could go on elsewhere")
    activation_of(core, frame)
    wanted = entry(core, frame, pc).types
    found = tuple(frame.stack_type(index) for index in range(frame.num_stacks()))
    if wanted != found:
        raise CannotDivert(
            f"the instruction at offset {pc:#x} finds {_names(wanted)} on the stack, there is {_names(found)}"
        )
    stack = [frame.stack_bits(index) for index in range(len(found))]
    enter_at(core, frame, pc, stack, silently=silently)


def return_to(
    core: DebugCore,
    frame: FrameHandle,
    types: Sequence[int],
    bits: Sequence[int],
    *,
    silently: bool = False,
) -> None:
    """Let the call in which an outer frame is return values of these types, now."""
    activation = activation_of(core, frame)
    if frame == exit_frame(core, activation):
        raise CannotDivert("the frame is in no call that could return")
    _, pc = frame.wasm_function_index_and_pc() or (0, 0)
    wanted = entry(core, frame, pc).types
    kept = len(wanted) - len(types)
    if kept < 0 or wanted[kept:] != tuple(types):
        raise CannotDivert(f"the call does not return {_names(types)}")
    stack = [frame.stack_bits(index) for index in range(kept)]
    enter_at(core, frame, pc, [*stack, *bits], silently=silently)


def return_from(core: DebugCore, frame: FrameHandle, values: Sequence[Val]) -> None:
    """Let a frame's function return these values, now: to its caller, or to the host that called it."""
    activation = activation_of(core, frame)
    module, (index, _) = frame.module(), frame.wasm_function_index_and_pc() or (0, 0)
    assert module is not None, "a frame of the guest is in a module"
    types = module.info.func_type(module.info.num_imported_funcs + index).results
    if len(types) != len(values):
        raise CannotDivert(f"the function returns {_names(types)}, there are {len(values)} values")
    bits = [bits_of(core.store, type_, value) for type_, value in zip(types, values, strict=True)]
    parent = frame.parent()
    if parent is not None:
        return_to(core, parent, types, bits)
        return
    store, words = core.store, activation.context.words
    write_slots(store.signature(FuncType((), types)).results, words, store.overflow, bits)
    words[PC] = store.code.done
    core.reports.leave(activation)
    store.executions += 1


def _names(types: Sequence[int]) -> str:
    return " ".join(FRAME_TYPES[type_] for type_ in types) or "nothing"
