"""Locals, globals, drop and select (specification: Parametric and Variable Instructions)."""

from jit.asm.masm import MacroAssembler
from jit.asm.places import CONST, FLAGS, SLOT
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
    load, _store, move, pool = s.locals[local]
    if pool:
        register = pool.pop()
    elif pool is None:
        _push_reference(s, s.local_keys[local])
        return
    else:
        register = s.evict(pool)
    copy = s.copies.get(local)
    if copy is not None:
        s.code += move[register][copy]
    else:
        home = s.homes.get(local)
        if home is None:
            s.code += load[register]
        else:
            s.code += load[home] + move[register][home]
            s.copies[local] = home
    s.stack.append(register)


def _push_reference(s: State, key: int) -> None:
    s.code += s.masm.slot_move[s.operand_keys[len(s.stack)]][key]
    s.stack.append(SLOT)


def _local_set(s: State, local: int, _: int) -> None:
    place = s.stack.pop()
    _load, store, move, pool = s.locals[local]
    if place >= SLOT:
        if place == SLOT:
            if pool is None:
                key = s.operand_keys[len(s.stack)]
                s.code += s.masm.slot_move[s.local_keys[local]][key]
                return
            if pool is s.free:
                place = s.general(place, len(s.stack), True)
            else:
                place = s.floating(place, len(s.stack))
        else:
            _set_constant(s, local, place)
            return
    s.code += store[place]
    copies = s.copies
    home = s.homes.get(local)
    assert pool is not None
    if home is None:
        copy = copies.get(local)
        if copy is not None:
            pool.append(copy)
        copies[local] = place
    else:
        s.code += move[home][place]
        pool.append(place)
        copies[local] = home


def _set_constant(s: State, local: int, place: int) -> None:
    """Store a constant; only a home gets it in a register."""
    _load, store, move, pool = s.locals[local]
    s.code += store[place]
    home = s.homes.get(local)
    if home is not None:
        s.code += move[home][place]
        s.copies[local] = home
    elif pool is not None:
        copy = s.copies.pop(local, None)
        if copy is not None:
            pool.append(copy)


def _local_tee(s: State, local: int, _: int) -> None:
    stack = s.stack
    place = stack[-1]
    _load, store, move, pool = s.locals[local]
    if place >= SLOT:
        if place == SLOT:
            depth = len(stack) - 1
            if pool is None:
                s.code += s.masm.slot_move[s.local_keys[local]][s.operand_keys[depth]]
                return
            if pool is s.free:
                place = stack[-1] = s.general(place, depth, s.body.local_types[local] != I32)
            else:
                place = stack[-1] = s.floating(place, depth)
        else:
            _set_constant(s, local, place)
            return
    s.code += store[place]
    assert pool is not None
    home = s.homes.get(local)
    if home is None:
        home = s.copies.get(local)
        if home is None:
            if not pool:
                return
            home = pool.pop()
    s.code += move[home][place]
    s.copies[local] = home


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
            s.code += masm.slot_store[s.operand_keys[len(s.stack)]][register]
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
        if place < CONST:
            depth = len(s.stack)
            place = s.general(place, depth, True) if width else s.floating(place, depth)
        s.code += tables[imported][width][s.vmctx.global_(index)][place]
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
            a, b = s.floating(a, depth), s.floating(b, depth + 1)
        else:
            wide = type_ != I32
            a, b = s.general(a, depth, wide), s.general(b, depth + 1, wide)
        if FLAGS <= condition < CONST:
            holds = condition - FLAGS
        else:
            register = s.general(condition, depth + 2, False)
            s.free.append(register)
            if has_flags:
                s.code += nonzero.code[register][CONST]
                holds = nonzero.condition
            else:
                holds = register
        select = masm.select_float if floats else masm.select
        s.code += select[holds][a][b]
        s.release(b)
        if type_ in REFERENCE_TYPES:
            s.code += masm.slot_store[s.operand_keys[depth]][a]
            s.free.append(a)
            a = SLOT
        stack.append(a)

    return handler
