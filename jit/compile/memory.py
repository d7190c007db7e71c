"""Memory operators (specification: Memory Instructions): loads, stores, size, grow and the bulk ones."""

from jit.abi.libcalls import Libcall
from jit.abi.traps import TrapCode
from jit.abi.vmctx import Stub
from jit.asm.masm import Access, Load, MacroAssembler, Store
from jit.asm.memo import Memo
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


def _load(load: Load, size: int) -> Handler:
    checked = load.checked

    def handler(s: State, offset: int, index: int) -> None:
        stack = s.stack
        place = stack.pop()
        if place >= SLOT:
            address = _known(s, place, offset, size, load.known_limit)
            if address >= 0:
                register = s.free.pop() if s.free else s.evict(s.free)
                s.code += load.known[register][address]
                stack.append(register)
                return
            place = s.load(place, len(stack), False)
        register = s.hint(index) if s.homes else -1
        if register >= 0:
            if place < FLOAT:
                s.free.append(place)
        elif place < FLOAT:
            register = place
        else:
            register = s.free.pop() if s.free else s.evict(s.free, place)
        piece, back = checked[register][place & REGISTER][offset]
        code = s.code
        code += piece
        s.traps += (len(code) - back, _OUT_OF_BOUNDS, index)
        stack.append(register)

    return handler


def _load_float(load: Load, size: int) -> Handler:
    checked = load.checked

    def handler(s: State, offset: int, index: int) -> None:
        stack = s.stack
        place = stack.pop()
        register = s.destination(s.float_free, index)
        if place >= SLOT:
            address = _known(s, place, offset, size, load.known_limit)
            if address >= 0:
                s.code += load.known[register][address]
                stack.append(register)
                return
            place = s.load(place, len(stack), False)
        code, back = checked[register][place & REGISTER][offset]
        s.code += code
        s.traps += (len(s.code) - back, _OUT_OF_BOUNDS, index)
        s.release(place)
        stack.append(register)

    return handler


def _store(store: Store, size: int, floats: bool, wide: bool) -> Handler:
    checked: Memo[Memo[Memo[Access]]] = store.checked

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
                s.code += store.known[address][key]
                s.release(value)
                return
            place = s.load(place, len(stack), False, value)
        piece, back = checked[place & REGISTER][key][offset]
        code = s.code
        code += piece
        s.traps += (len(code) - back, _OUT_OF_BOUNDS, index)
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

    return handler
