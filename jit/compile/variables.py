"""Locals, globals, drop and select (specification: Parametric and Variable Instructions)."""

from jit.asm.masm import MacroAssembler
from jit.asm.places import ALIAS, CONST, FLAGS, REGISTER, SLOT
from jit.compile.handler import Handler
from jit.compile.state import State
from jit.wasm.opcodes import (
    DROP,
    GLOBAL_GET,
    GLOBAL_SET,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    SELECT,
    SELECT_T,
)
from jit.wasm.types import F32, F64, I32, REFERENCE_TYPES

MOST_CONSTANTS = 32
"""Known at a time: there are functions with thousands, each used at once."""

_WIDTH = {I32: 32, F32: 0, F64: 0}


def handlers(masm: MacroAssembler) -> dict[int, Handler]:
    """Return a handler for each of these operators."""
    return {
        LOCAL_GET: _local_get,
        LOCAL_SET: _local_set,
        LOCAL_TEE: _local_tee,
        GLOBAL_GET: _global_get(masm),
        GLOBAL_SET: _global_set(masm),
        DROP: _drop,
        SELECT: _select(masm),
        SELECT_T: _select(masm),
    }


def _local_get(s: State, local: int, _: int) -> None:
    stack = s.stack
    copy = s.copies.get(local)
    if copy is not None:
        stack.append(copy + ALIAS)
        return
    constant = s.constants.get(local)
    if constant is not None:
        stack.append(constant)
        return
    key, load, _move, pool = s.locals[local]
    if pool is None:
        s.code += s.masm.slot_move[s.operand_keys[len(stack)]][key]
        stack.append(SLOT)
        return
    copy = s.homes.get(local)
    if copy is None:
        copy = pool.pop() if pool else s.evict(pool)
    s.copies[local] = copy
    s.owners[copy] = local
    s.code += load[copy][key]
    stack.append(copy + ALIAS)


def _drop_copy(s: State, local: int, *keep: int) -> None:
    """A local changes: forget its copy, and let operands that are its aliases keep the value.

    One of them takes the register over unless it is a home; each other gets one of its own.
    """
    register = s.copies.pop(local, None)
    if register is None:
        return
    stack = s.stack
    alias = register + ALIAS
    is_home = local in s.homes
    taken = is_home
    while alias in stack:
        depth = stack.index(alias)
        if taken:
            stack[depth] = s.own(alias, *keep)
        else:
            stack[depth] = register
            taken = True
    if not taken:
        s.release(register)


def _local_set(s: State, local: int, _: int) -> None:
    stack = s.stack
    place = stack.pop()
    key, _load, move, pool = s.locals[local]
    if pool is None:
        if place == SLOT:
            s.code += s.masm.slot_move[key][s.operand_keys[len(stack)]]
        else:
            s.store_slot(place, key)
        return
    if place >= ALIAS:
        if place < SLOT:
            _set_alias(s, local, place)
            return
        if place == SLOT:
            place = _load_operand(s, local, len(stack))
        else:
            _set_constant(s, local, place)
            return
    s.code += s.masm.slot_store[place][key]
    if local in s.facts:
        del s.facts[local]
    if local in s.constants:
        del s.constants[local]
    if local in s.copies:
        _drop_copy(s, local)
    home = s.homes.get(local)
    if home is not None and home != place:
        s.code += move[home][place]
        pool.append(place)
        place = home
    s.copies[local] = place
    s.owners[place] = local


def _load_operand(s: State, local: int, depth: int) -> int:
    """Load a spilled operand of a local's type."""
    if s.locals[local][3] is s.free:
        return s.load(SLOT, depth, s.body.local_types[local] != I32)
    return s.load_float(SLOT, depth)


def _set_constant(s: State, local: int, place: int) -> None:
    """Store a constant; only a home gets it in a register, of other integers it is known what they are."""
    key, _load, move, pool = s.locals[local]
    s.add_long(s.masm.slot_constant(place, key))
    s.facts.pop(local, None)
    _drop_copy(s, local)
    home = s.homes.get(local)
    if home is not None:
        s.code += move[home][place]
        s.copies[local] = home
        s.owners[home] = local
        s.constants.pop(local, None)
    elif pool is s.free and not s.canonical:
        constants = s.constants
        constants[local] = place
        if len(constants) > MOST_CONSTANTS:
            del constants[next(iter(constants))]


def _set_alias(s: State, local: int, place: int) -> None:
    """Set a local to another's value, or to its own of before."""
    key, _load, move, pool = s.locals[local]
    source = place - ALIAS
    s.code += s.masm.slot_store[source][key]
    if s.copies.get(local) == source:
        return
    s.constants.pop(local, None)
    extent = s.facts.get(s.owners[source], 0)
    if extent:
        s.facts[local] = extent
    else:
        s.facts.pop(local, None)
    _drop_copy(s, local, place)
    register = s.homes.get(local)
    if register is None:
        if not pool:
            return
        register = pool.pop()
    s.code += move[register][source]
    s.copies[local] = register
    s.owners[register] = local


def _local_tee(s: State, local: int, _: int) -> None:
    """As `local.set`; what was the operand's register is the copy's now, and the operand its alias."""
    stack = s.stack
    place = stack[-1]
    key, _load, move, pool = s.locals[local]
    if pool is None:
        if place == SLOT:
            s.code += s.masm.slot_move[key][s.operand_keys[len(stack) - 1]]
        else:
            s.store_slot(place, key)
        return
    if place >= ALIAS:
        if place < SLOT:
            if s.copies.get(local) == place - ALIAS:
                s.code += s.masm.slot_store[place - ALIAS][key]
            else:
                _set_alias(s, local, place)
            return
        if place == SLOT:
            place = stack[-1] = _load_operand(s, local, len(stack) - 1)
        else:
            _set_constant(s, local, place)
            return
    s.code += s.masm.slot_store[place][key]
    if local in s.facts:
        del s.facts[local]
    if local in s.constants:
        del s.constants[local]
    if local in s.copies:
        _drop_copy(s, local)
    home = s.homes.get(local)
    if home is not None and home != place:
        s.code += move[home][place]
        pool.append(place)
        place = home
    s.copies[local] = place
    s.owners[place] = local
    stack[-1] = place + ALIAS


def _global_get(masm: MacroAssembler) -> Handler:
    tables = masm.global_get

    def handler(s: State, index: int, _: int) -> None:
        module = s.body.module
        type_ = module.globals[index].valtype
        width = _WIDTH.get(type_, 64)
        imported = index < module.num_imported_globals
        offset = s.vmctx.global_(index)
        pool = s.free if width else s.float_free
        register = pool.pop() if pool else s.evict(pool)
        s.code += tables[imported][width][offset][register]
        if type_ in REFERENCE_TYPES:
            s.code += masm.slot_store[register][s.operand_keys[len(s.stack)]]
            pool.append(register)
            register = SLOT
        s.stack.append(register)

    return handler


def _global_set(masm: MacroAssembler) -> Handler:
    tables = masm.global_set

    def handler(s: State, index: int, _: int) -> None:
        module = s.body.module
        width = _WIDTH.get(module.globals[index].valtype, 64)
        imported = index < module.num_imported_globals
        place = s.stack.pop()
        key = place
        if place < CONST:
            depth = len(s.stack)
            place = s.load(place, depth, True) if width else s.load_float(place, depth)
            key = place & REGISTER
        s.code += tables[imported][width][s.vmctx.global_(index)][key]
        s.release(place)

    return handler


def _drop(s: State, _: object, __: int) -> None:
    s.release(s.stack.pop())


def _select(masm: MacroAssembler) -> Handler:
    nonzero = masm.compare["i32.ne"]
    has_flags = masm.has_flags

    def handler(s: State, type_: int, _: int) -> None:
        stack = s.stack
        condition = stack.pop()
        b = stack.pop()
        a = stack.pop()
        depth = len(stack)
        floats = type_ in (F32, F64)
        if floats:
            a = s.own(s.load_float(a, depth, b), b)
            b = s.load_float(b, depth + 1)
        else:
            wide = type_ != I32
            a = s.own(s.load(a, depth, wide, b, condition), b, condition)
            b = s.load(b, depth + 1, wide, condition)
        if FLAGS <= condition < CONST:
            holds = condition - FLAGS
        else:
            condition = s.load(condition, depth + 2, False, b)
            holds = condition & REGISTER
            if has_flags:
                s.code += nonzero.code[holds][CONST]
                holds = nonzero.condition
        select = masm.select_float if floats else masm.select
        s.code += select[holds][a][b & REGISTER]
        s.release(b)
        s.release(condition)
        if type_ in REFERENCE_TYPES:
            s.code += masm.slot_store[a][s.operand_keys[depth]]
            s.free.append(a)
            a = SLOT
        stack.append(a)

    return handler
