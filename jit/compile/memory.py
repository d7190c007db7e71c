"""Memory operators (specification: Memory Instructions): loads, stores, size, grow and the bulk ones.

Watching code takes the address before an access and looks at it after, at the next op's boundary.
"""

from jit.abi.code import Watch
from jit.abi.libcalls import Libcall
from jit.abi.traps import TrapCode
from jit.abi.vmctx import Stub
from jit.asm.masm import Load, MacroAssembler, Store
from jit.asm.places import ALIAS, CONST, FLOAT, REGISTER, SLOT
from jit.compile.calls import call_libcall, move_arguments
from jit.compile.handler import Handler
from jit.compile.state import State
from jit.wasm.opcodes import (
    DATA_DROP,
    MEMORY_COPY,
    MEMORY_FILL,
    MEMORY_GROW,
    MEMORY_INIT,
    MEMORY_SIZE,
    OPS,
)
from jit.wasm.types import F32, F64, I32

_OUT_OF_BOUNDS = int(TrapCode.MEMORY_OUT_OF_BOUNDS)
_MOST_FACTS = 12
"""Bounds facts known at a time: there are functions with thousands of pointers, each used once."""
_BULK = (I32, I32, I32)
_SIZES = {"8": 1, "16": 2, "32": 4}


def _access_size(mnemonic: str) -> int:
    """Bytes a load or store touches, from its name."""
    type_, name = mnemonic.split(".")
    digits = "".join(c for c in name if c.isdigit())
    return _SIZES[digits or type_[1:]] if digits or type_[1:] == "32" else 8


def handlers(masm: MacroAssembler) -> dict[int, Handler]:
    """Return a handler for each memory operator."""
    table: dict[int, Handler] = {
        MEMORY_SIZE: _memory_size(masm),
        MEMORY_GROW: _memory_grow,
        MEMORY_INIT: _memory_init,
        DATA_DROP: _data_drop,
        MEMORY_COPY: _bulk(masm, Stub.MEMORY_COPY),
        MEMORY_FILL: _bulk(masm, Stub.MEMORY_FILL),
    }
    for op in OPS.values():
        name = op.mnemonic
        if name in masm.load and op.signature is not None:
            floats = op.signature.results[0] in (F32, F64)
            make = _load_float if floats else _load
            table[op.code] = make(masm.load[name], _access_size(name))
        elif name in masm.store and op.signature is not None:
            floats = op.signature.params[1] in (F32, F64)
            wide = op.signature.params[1] != I32
            table[op.code] = _store(masm.store[name], _access_size(name), floats, wide)
    return table


def _known(s: State, place: int, offset: int, size: int, limit: int) -> int:
    """Return the address if it is a constant inside the memory for sure, else -1."""
    if place >= CONST:
        address = place - CONST + offset
        if address + size <= s.known_memory and address < limit:
            return address
    return -1


def _is_inside(s: State, place: int, end: int, limit: int) -> bool:
    """Whether an access that ends at `end` bytes from a local's copy needs no check; if not, from now on."""
    local, facts = s.owners[place - ALIAS], s.facts
    if facts.get(local, 0) >= end:
        s.reused.add(local)
        return end < limit
    facts[local] = end
    if len(facts) > _MOST_FACTS:
        s.facts = {known: facts[known] for known in facts if known in s.reused}
    return False


def _look(s: State, address: int, offset: int, size: int, index: int, writes: bool) -> None:
    """Look at an access just made, whose address is still where it was."""
    s.code += s.masm.watch_address[address][offset + size - 1]
    _check(s, size, index, writes)


def _check(s: State, size: int, index: int, writes: bool) -> None:
    s.code += s.masm.watch_check[size]
    s.watches.append((len(s.code), size, index + 1, writes))


def _look_at_range(s: State, first: int, index: int, writes: bool) -> None:
    """Look at bytes just accessed; the slot at `first` holds their address.

    Their number is the last operand that the op took.
    """
    masm, code = s.masm, s.code
    address, length = masm.pool[0], masm.pool[1]
    code += masm.slot_load32[address][s.operand_keys[first]]
    code += masm.slot_load32[length][s.operand_keys[len(s.stack) + 2]]
    code += masm.watch_range[address][length]
    if s.recorder is not None:
        s.recorder.watch(len(code), index + 1, writes)


def _load(load: Load, size: int) -> Handler:
    checked, trusted, limit = load.checked, load.trusted, load.known_limit

    def handler(s: State, offset: int, index: int) -> None:
        stack = s.stack
        place = stack.pop()
        if place >= SLOT:
            address = _known(s, place, offset, size, load.known_limit)
            if address >= 0:
                register = s.free.pop() if s.free else s.evict(s.free)
                s.code += load.known[register][address]
                if s.watch is Watch.ALL:
                    _look(s, CONST + address, 0, size, index, False)
                stack.append(register)
                return
            place = s.load(place, len(stack), False)
        inside = place >= ALIAS and _is_inside(s, place, offset + size, limit)
        register = s.hint(index) if s.homes else -1
        if register >= 0:
            if place < FLOAT:
                s.free.append(place)
        elif place < FLOAT:
            register = place
        else:
            register = s.free.pop() if s.free else s.evict(s.free, place)
        if s.watch is Watch.ALL:
            s.code += s.masm.watch_address[place & REGISTER][offset + size - 1]
        if inside:
            s.code += trusted[register][place - ALIAS][offset]
        else:
            piece, back = checked[register][place & REGISTER][offset]
            code = s.code
            code += piece
            s.traps += (len(code) - back, _OUT_OF_BOUNDS, index)
        if s.watch is Watch.ALL:
            _check(s, size, index, False)
        stack.append(register)

    return handler


def _load_float(load: Load, size: int) -> Handler:
    checked, trusted, limit = load.checked, load.trusted, load.known_limit

    def handler(s: State, offset: int, index: int) -> None:
        stack = s.stack
        place = stack.pop()
        register = s.destination(s.float_free, index)
        if place >= SLOT:
            address = _known(s, place, offset, size, load.known_limit)
            if address >= 0:
                s.code += load.known[register][address]
                if s.watch is Watch.ALL:
                    _look(s, CONST + address, 0, size, index, False)
                stack.append(register)
                return
            place = s.load(place, len(stack), False)
        if s.watch is Watch.ALL:
            s.code += s.masm.watch_address[place & REGISTER][offset + size - 1]
        if place >= ALIAS and _is_inside(s, place, offset + size, limit):
            s.code += trusted[register][place - ALIAS][offset]
        else:
            code, back = checked[register][place & REGISTER][offset]
            s.code += code
            s.traps += (len(s.code) - back, _OUT_OF_BOUNDS, index)
        if s.watch is Watch.ALL:
            _check(s, size, index, False)
        s.release(place)
        stack.append(register)

    return handler


def _store(store: Store, size: int, floats: bool, wide: bool) -> Handler:
    checked, trusted, limit = store.checked, store.trusted, store.known_limit

    def handler(s: State, offset: int, index: int) -> None:
        stack = s.stack
        value = stack.pop()
        place = stack.pop()
        key = value
        if value < CONST:
            if value == SLOT:
                depth = len(stack) + 1
                if floats:
                    value = s.load_float(value, depth)
                else:
                    value = s.load(value, depth, wide, place)
            key = value & REGISTER
        if place >= SLOT:
            address = _known(s, place, offset, size, store.known_limit)
            if address >= 0:
                s.add_long(store.known[address][key])
                if s.watch:
                    _look(s, CONST + address, 0, size, index, True)
                s.release(value)
                return
            place = s.load(place, len(stack), False, value)
        if place >= ALIAS and _is_inside(s, place, offset + size, limit):
            s.add_long(trusted[place - ALIAS][key][offset])
        else:
            piece, back = checked[place & REGISTER][key][offset]
            code = s.code
            code += piece
            s.traps += (len(code) - back, _OUT_OF_BOUNDS, index)
        if s.watch:
            _look(s, place & REGISTER, offset, size, index, True)
        if place < FLOAT:
            s.free.append(place)
        if value < FLOAT:
            s.free.append(value)
        elif value < ALIAS:
            s.float_free.append(value)

    return handler


def _memory_size(masm: MacroAssembler) -> Handler:
    def handler(s: State, _: object, __: int) -> None:
        register = s.free.pop() if s.free else s.evict(s.free)
        s.code += masm.memory_size[register]
        s.stack.append(register)

    return handler


def _memory_grow(s: State, _: object, index: int) -> None:
    call_libcall(s, index, Libcall.MEMORY_GROW, (0,))


def _memory_init(s: State, segment: int, index: int) -> None:
    call_libcall(s, index, Libcall.MEMORY_INIT, (0, segment))
    if s.watch:
        _look_at_range(s, len(s.stack), index, True)


def _data_drop(s: State, segment: int, index: int) -> None:
    call_libcall(s, index, Libcall.DATA_DROP, (segment,))


def _bulk(masm: MacroAssembler, stub: Stub) -> Handler:
    """The routine keeps the stack and the pinned registers only; the operands stay in their slots."""

    def handler(s: State, _: object, index: int) -> None:
        arguments = s.stack[-3:]
        s.spill()
        move_arguments(s, _BULK, arguments, len(s.stack) - 3)
        s.code += masm.call_stub[stub]
        s.code += masm.branch_failed
        s.trap_branch(TrapCode.MEMORY_OUT_OF_BOUNDS, index)
        del s.stack[-3:]
        s.forget_registers()
        if s.watch:
            _look_at_range(s, len(s.stack), index, True)
        if s.watch is Watch.ALL and stub is Stub.MEMORY_COPY:
            _look_at_range(s, len(s.stack) + 1, index, False)

    return handler
