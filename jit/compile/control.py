"""Structured control (specification: Control Instructions, except calls).

At a label every operand is in its slot, so a block that a branch targets is entered with all of them
spilled.  A branch to a loop puts its homes in order before it jumps.
"""

from jit.abi.traps import TrapCode
from jit.asm.masm import MacroAssembler
from jit.asm.places import ALIAS, CONST, FLAGS, REGISTER, SLOT
from jit.compile.handler import Handler
from jit.compile.loops import plan_loops
from jit.compile.state import Label, State, fitting
from jit.wasm.opcodes import (
    BLOCK,
    BR,
    BR_IF,
    BR_TABLE,
    ELSE,
    END,
    IF,
    LOOP,
    NOP,
    RETURN,
    UNREACHABLE,
)
from jit.wasm.validate import Block


def handlers(masm: MacroAssembler) -> dict[int, Handler]:
    """Return a handler for each of these operators."""
    return {
        UNREACHABLE: _unreachable,
        NOP: _nop,
        BLOCK: _block,
        LOOP: _loop,
        IF: _if(masm),
        ELSE: _else,
        END: _end,
        BR: _br,
        BR_IF: _br_if(masm),
        BR_TABLE: _br_table,
        RETURN: _return,
    }


def _dead(s: State) -> None:
    """What follows is unreachable up to the next label."""
    s.live = False
    s.mark = len(s.code)


def _unreachable(s: State, _: object, index: int) -> None:
    s.code += s.masm.trap_exit[TrapCode.UNREACHABLE]
    if s.recorder is not None:
        s.recorder.libcall(len(s.code), index)
    _dead(s)


def _nop(_: State, __: object, ___: int) -> None:
    pass


def _block(s: State, block: Block, _: int) -> None:
    if block.targeted:
        s.spill()
        s.labels[block] = Label(s.homes)


def _loop(s: State, block: Block, index: int) -> None:
    if not block.targeted:
        return
    s.spill()
    outer = s.homes
    if s.canonical:
        _enter_homes(s, ())
    else:
        if index not in s.plans:
            plan_loops(s.body, index, block.end, s.masm, s.plans)
        plan = s.plans[index]
        _enter_homes(s, plan.homes)
        for local in plan.sets & s.facts.keys():
            del s.facts[local]
        for local in plan.sets & s.constants.keys():
            del s.constants[local]
    label = s.labels[block] = Label(s.homes)
    label.outer_homes = outer
    label.position = len(s.code)
    code, masm = s.code, s.masm
    code += masm.interrupt_check
    s.colds.append((len(code), len(code), masm.interrupt_call, index + 1))
    if s.epoch:
        code += masm.epoch_check
        s.colds.append((len(code), len(code), masm.epoch_call, index + 1))
    s.mark = -1


def _enter_homes(s: State, planned: tuple[int, ...]) -> None:
    """Give the planned locals homes and load them; a copy that can stay where it is becomes one."""
    outer, copies = s.homes, s.copies
    homes: dict[int, int] = {}
    for local in planned:
        register = outer.get(local, copies.get(local))
        if register is not None:
            homes[local] = register
    used = set(homes.values())
    general = [register for register in s.masm.pool if register not in used]
    floats = [register for register in s.masm.float_pool if register not in used]
    for local in planned:
        key, load, _move, pool = s.locals[local]
        if local not in homes:
            homes[local] = (floats if pool is s.float_free else general).pop()
        if copies.get(local) != homes[local]:
            s.code += load[homes[local]][key]
    s.set_homes(homes)
    s.set_copies(homes)


def _if(masm: MacroAssembler) -> Handler:
    inverse, branch, branch_zero = masm.inverse, masm.branch, masm.branch_zero

    def handler(s: State, block: Block, _: int) -> None:
        stack = s.stack
        place = stack.pop()
        if FLAGS <= place < CONST:
            s.spill()
            s.code += branch[inverse[place - FLAGS]]
        else:
            place = s.load(place, len(stack), False)
            s.spill()
            s.code += branch_zero[place & REGISTER]
            s.release(place)
        label = s.labels[block] = Label(s.homes)
        if block.else_ >= 0:
            label.else_end = len(s.code)
            label.else_copies = dict(s.copies)
            label.else_facts = dict(s.facts)
            label.else_constants = dict(s.constants)
        else:
            s.branch_to(label)

    return handler


def _else(s: State, block: Block, _: int) -> None:
    label = s.labels[block]
    if s.live:
        s.spill()
        s.code += s.masm.jump
        s.branch_to(label)
    s.masm.link(s.code, label.else_end, len(s.code))
    s.stack[:] = [SLOT] * (block.height + len(block.params))
    s.set_copies(label.else_copies)
    s.facts, s.constants = label.else_facts, label.else_constants
    s.live = True
    s.mark = -1


def _end(s: State, block: Block, _: int) -> None:
    if block.kind == "func":
        if s.live:
            _leave(s, block.results)
            _dead(s)
        return
    label = s.labels.get(block)
    depth = block.height + len(block.results)
    if label is not None:
        if s.live:
            s.spill()
        if block.kind == "loop":
            copies = fitting(s.copies, label.outer_homes)
            s.set_homes(label.outer_homes)
            s.set_copies(copies)
        elif label.ends:
            s.place_label(label, depth)
    if not s.live:
        _revive(s, depth)


def _revive(s: State, depth: int) -> None:
    """Go on after a block whose end nothing reaches: the ops after it are there, and never run."""
    s.stack[:] = [SLOT] * depth
    s.set_copies({})
    s.facts, s.constants = {}, {}
    s.live = True
    s.mark = -1


def _br(s: State, block: Block, _: int) -> None:
    _go(s, block)
    _dead(s)


def _return(s: State, _: object, __: int) -> None:
    _leave(s, s.body.type.results)
    _dead(s)


def _go(s: State, block: Block) -> None:
    """Branch to a label without a condition, leaving the state as it is."""
    if block.kind == "func":
        _leave(s, block.results)
        return
    label = s.labels[block]
    _carry(s, block)
    if block.kind == "loop":
        _restore_homes(s, label)
        s.code += s.masm.jump_back(len(s.code), label.position)
    else:
        s.code += s.masm.jump
        s.branch_to(label)


def _carry(s: State, block: Block) -> None:
    """Put what a branch carries in the slots of the label's operands; flags are kept."""
    arity = len(block.label_types)
    if not arity:
        return
    keys, masm = s.operand_keys, s.masm
    depth = len(s.stack) - arity
    for at in range(arity):
        place = s.stack[depth + at]
        to = keys[block.height + at]
        if place != SLOT:
            s.store_slot(place, to)
        elif depth != block.height:
            s.code += masm.slot_move[to][keys[depth + at]]


def _restore_homes(s: State, label: Label) -> None:
    """Load the homes of a loop that are not in place; flags are kept."""
    copies = s.copies
    for local, register in label.homes.items():
        if copies.get(local) != register:
            key, load, _move, _pool = s.locals[local]
            s.code += load[register][key]


def _carries_nothing(s: State, block: Block) -> bool:
    """Whether a branch to a label is a branch alone."""
    if block.kind == "func":
        return False
    if block.label_types and (
        len(s.stack) - len(block.label_types) != block.height
        or any(place != SLOT for place in s.stack[block.height :])
    ):
        return False
    if block.kind == "loop":
        copies = s.copies
        return all(copies.get(x) == r for x, r in s.labels[block].homes.items())
    return True


def _br_if(masm: MacroAssembler) -> Handler:
    branch, nonzero, zero, inverse = (
        masm.branch,
        masm.branch_nonzero,
        masm.branch_zero,
        masm.inverse,
    )
    compare = masm.compare["i32.ne"]
    has_flags = masm.has_flags

    def handler(s: State, block: Block, _: int) -> None:
        stack = s.stack
        place = stack.pop()
        register = -1
        if not FLAGS <= place < CONST:
            place = s.load(place, len(stack), False)
            s.release(place)
            register = place & REGISTER
        label = s.labels.get(block)
        if label is not None and label.position < 0 and not block.label_types:
            s.code += branch[place - FLAGS] if register < 0 else nonzero[register]
            s.branch_to(label)
            return
        arity = len(block.label_types)
        if arity and block.kind != "func" and len(stack) - arity == block.height:
            s.spill(block.height)
        if _carries_nothing(s, block):
            if block.kind != "loop":
                s.code += branch[place - FLAGS] if register < 0 else nonzero[register]
                s.branch_to(s.labels[block])
                return
            target = s.labels[block].position
            if register < 0:
                s.code += masm.branch_back(place - FLAGS, len(s.code), target)
                return
            if has_flags:
                s.code += compare.code[register][CONST]
                s.code += masm.branch_back(compare.condition, len(s.code), target)
                return
        s.code += branch[inverse[place - FLAGS]] if register < 0 else zero[register]
        end = len(s.code)
        _go(s, block)
        masm.link(s.code, end, len(s.code))

    return handler


def _br_table(s: State, targets: tuple[Block, ...], _: int) -> None:
    """A jump for each entry: to its label where nothing is carried, else to code that carries it."""
    stack, masm = s.stack, s.masm
    depth = len(stack) - 1
    place = s.load(stack.pop(), depth, False)
    s.release(place)
    s.code += masm.branch_table(place & REGISTER, len(targets) - 1)
    later: dict[Block, list[int]] = {}
    for block in targets:
        s.code += masm.jump
        if block.kind not in ("func", "loop") and _carries_nothing(s, block):
            s.branch_to(s.labels[block])
        else:
            later.setdefault(block, []).append(len(s.code))
    for block, ends in later.items():
        for end in ends:
            masm.link(s.code, end, len(s.code))
        _go(s, block)
    _dead(s)


def _leave(s: State, results: tuple[int, ...]) -> None:
    """Put the results where they travel and return, leaving the state as it is."""
    stack, masm, code = s.stack, s.masm, s.code
    if results:
        first = len(stack) - len(results)
        plan, keys = s.travel.results(results), s.operand_keys
        alone = len(results) == 1
        if not alone:
            for at in range(first, len(stack)):
                place = stack[at]
                if place != SLOT:
                    s.store_slot(place, keys[at])
            for at, offset in plan.overflow:
                code += masm.overflow_store[offset][keys[first + at]]
        for at, register, load, move in plan.registers:
            place = stack[first + at] if alone else SLOT
            if place == SLOT:
                code += load[register][keys[first + at]]
            else:
                source = place - ALIAS if ALIAS <= place < SLOT else place
                if source != register:
                    code += move[register][source]
    code += masm.epilogue
