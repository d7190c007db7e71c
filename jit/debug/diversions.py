"""Letting a stopped guest go on elsewhere: at another op of its function, or where a frame returns to.

Both are for the innermost activation, stopped at a boundary, and take effect when the handler returns.
"""

from collections.abc import Sequence

from jit.abi import vmctx
from jit.abi.context import Exit
from jit.debug.core import DebugCore
from jit.debug.errors import CannotDivert
from jit.debug.frames import FrameHandle, InnermostFrame
from jit.runtime.context import GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.signature import write_slots
from jit.wasm.types import FuncType

_AT_BOUNDARY = frozenset({Exit.BREAKPOINT, Exit.INTERRUPT, Exit.WATCH})


def _activation(core: DebugCore) -> Activation:
    activations = core.store.activations
    if not activations or activations[-1].exit not in _AT_BOUNDARY:
        raise CannotDivert("the guest is not stopped between two instructions")
    return activations[-1]


def jump(core: DebugCore, pc: int, stepping: bool) -> None:
    """Go on at the op at `pc` of the same function; a breakpoint there is hit unless `stepping`.

    CannotDivert where there is no live op, or one that finds other operands on the stack.
    """
    activation = _activation(core)
    frame = core.exit_frame(activation)
    assert isinstance(frame, InnermostFrame), "a boundary is in a frame"
    function = core.locate(frame.address).range
    canonical = function.code.canonical(function.defined_index)
    boundaries = canonical.table.boundaries_at(pc)
    if not boundaries:
        raise CannotDivert(f"no instruction that can be reached is at offset {pc:#x}")
    boundary = boundaries[0]
    site = core.site(canonical, canonical.start + boundary.offset)
    wanted = [operand.type for operand in site.points[boundary.index].stack]
    if wanted != [frame.stack_type(index) for index in range(frame.num_stacks())]:
        raise CannotDivert(
            f"the instruction at offset {pc:#x} finds {len(wanted)} operands on the stack,"
            f" there are {frame.num_stacks()}, or others"
        )
    frame.leave_registers()
    activation.context.words[PC] = site.address
    core.move(activation, site, boundary.index if stepping else boundary.index - 1)


def return_to(
    core: DebugCore, frame: FrameHandle, types: Sequence[int], bits: Sequence[int], stepping: bool
) -> None:
    """Let the call in which an outer frame is return values of these types, now.

    The stop behind the call is not reported if `stepping`. CannotDivert for a frame of another
    activation, and for the innermost one.
    """
    activation = _activation(core)
    if core.store.activations[frame.activation] is not activation or frame == core.exit_frame(
        activation
    ):
        raise CannotDivert("the frame is in no call that could return")
    store, words = core.store, activation.context.words
    convention, load = store.isa.convention, store.machine.load_u64
    _, pc = frame.wasm_function_index_and_pc() or (0, 0)
    function = core.locate(frame.address).range
    base = frame.base
    results = store.signature(FuncType((), tuple(types))).results
    write_slots(results, words, store.overflow, bits)
    instance = load(base)
    words[PC] = frame.address
    words[GENERAL + convention.frame_pointer] = frame.frame_pointer
    words[GENERAL + convention.stack_pointer] = base - convention.frame_head
    words[GENERAL + convention.vmctx] = instance
    words[GENERAL + convention.memory_base] = load(instance + vmctx.MEMORY_BASE)
    after = frame.address - function.start
    offset = min(b.offset for b in function.table.boundaries_at(pc) if b.offset > after)
    site = core.site(function, function.start + offset)
    core.move(activation, site, len(site.points))
    if stepping:
        core.expect_step(activation, site)
