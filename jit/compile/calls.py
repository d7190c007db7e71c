"""Calls (specification: Control Instructions, call), and calls of library routines.

At a call every operand is in its slot, arguments too; what still is in a register on the way is
moved from there.  Nothing survives a call in a register.
"""

from jit.abi.libcalls import BY_LIBCALL, Libcall
from jit.asm.masm import ByPlaces, MacroAssembler
from jit.asm.places import ALIAS, CONST, FLOAT, REGISTER, SLOT
from jit.compile.handler import Handler
from jit.compile.state import State
from jit.wasm.opcodes import CALL, CALL_INDIRECT
from jit.wasm.types import I32, REFERENCE_TYPES, FuncType


def handlers(masm: MacroAssembler) -> dict[int, Handler]:
    """Return the handlers of call and call_indirect."""
    return {CALL: _call(masm), CALL_INDIRECT: _call_indirect(masm)}


def _call(masm: MacroAssembler) -> Handler:
    def handler(s: State, function: int, index: int) -> None:
        module = s.body.module
        type_ = module.types[module.func_types[function]]
        first = len(s.stack) - len(type_.params)
        arguments = s.stack[first:]
        s.spill()
        move_arguments(s, type_.params, arguments, first)
        defined = function - module.num_imported_funcs
        if defined >= 0:
            s.code += masm.call_defined[s.vmctx.record(defined)]
            if s.recorder is not None:
                s.recorder.call(len(s.code), index)
        else:
            s.code += masm.call_import[s.vmctx.import_(function)]
            if s.recorder is not None:
                s.recorder.call(len(s.code), index)
            s.code += masm.leave_callee
        _finish(s, type_)

    return handler


def _call_indirect(masm: MacroAssembler) -> Handler:
    """The checks come between the spills and the moves: either may use what the other needs."""

    def handler(s: State, imm: tuple[int, int], index: int) -> None:
        type_index, table = imm
        type_ = s.body.module.types[type_index]
        stack = s.stack
        depth = len(stack) - 1
        first = depth - len(type_.params)
        element = s.load(stack[-1], depth, False)
        arguments = stack[first:depth]
        s.spill()
        _store_overflow(s, type_.params, first)
        s.checked(
            masm.indirect_record(
                s.vmctx.table(table), s.vmctx.type_(type_index), element & REGISTER
            ),
            index,
        )
        _fill_registers(s, type_.params, arguments, first)
        s.code += masm.call_record
        if s.recorder is not None:
            s.recorder.call(len(s.code), index, taken=1)
        s.code += masm.leave_callee
        stack.pop()
        _finish(s, type_)

    return handler


def move_arguments(s: State, params: tuple[int, ...], arguments: list[int], first: int) -> None:
    """Put arguments, all spilled from depth `first` up, where they travel.

    `arguments` says where they were before; their registers have not been used since.
    """
    _store_overflow(s, params, first)
    _fill_registers(s, params, arguments, first)


def _store_overflow(s: State, params: tuple[int, ...], first: int) -> None:
    for at, offset in s.travel.arguments(params).overflow:
        s.code += s.masm.overflow_store[offset][s.operand_keys[first + at]]


def _fill_registers(s: State, params: tuple[int, ...], arguments: list[int], first: int) -> None:
    """Fill the argument registers; an argument whose register was filled before comes from its slot."""
    code, keys = s.code, s.operand_keys
    filled: list[int] = []
    for at, register, load, move in s.travel.arguments(params).registers:
        operand = arguments[at]
        if ALIAS <= operand < SLOT:
            operand -= ALIAS
        if operand == SLOT or operand in filled or (operand >= CONST and register >= FLOAT):
            code += load[register][keys[first + at]]
        elif operand != register:
            code += move[register][operand]
        filled.append(register)


def _finish(s: State, type_: FuncType) -> None:
    """Take the arguments off the stack and put the results on it."""
    if type_.params:
        del s.stack[-len(type_.params) :]
    s.forget_registers()
    push_results(s, type_.results)


def push_results(s: State, results: tuple[int, ...]) -> None:
    """Push what a call left in result registers, and then what it left in the overflow buffer."""
    if not results:
        return
    plan, stack = s.travel.results(results), s.stack
    base = len(stack)
    stack += [SLOT] * len(results)
    for at, register, _, move in plan.registers:
        stack[base + at] = _take_result(s, results[at], register, move, s.operand_keys[base + at])
    for at, offset in plan.overflow:
        s.code += s.masm.overflow_load[s.operand_keys[base + at]][offset]


def _take_result(s: State, type_: int, register: int, move: ByPlaces, key: int) -> int:
    """Return where a result in a register shall be: there if that is free, else elsewhere."""
    masm = s.masm
    pool = s.float_free if register >= FLOAT else s.free
    if type_ in REFERENCE_TYPES:
        s.code += masm.slot_store[register][key]
        return SLOT
    if register in pool:
        pool.remove(register)
        if type_ == I32:
            s.code += move[register][register]
        return register
    if register < FLOAT and register not in masm.pool:
        fresh = s.free.pop()
        s.code += move[fresh][register]
        return fresh
    s.code += masm.slot_store[register][key]
    return SLOT


def call_libcall(s: State, index: int, libcall: Libcall, immediates: tuple[int, ...]) -> None:
    """Call a library routine with immediates, then operands; a trap is the op's own."""
    row = BY_LIBCALL[libcall]
    masm, stack = s.masm, s.stack
    s.spill()
    first = len(stack) - (len(row.params) - len(immediates))
    for at, register, load, move in s.travel.arguments(row.params).registers:
        if at < len(immediates):
            s.code += move[register][CONST + immediates[at]]
        else:
            s.code += load[register][s.operand_keys[first + at - len(immediates)]]
    s.code += masm.call_libcall[libcall]
    if s.recorder is not None:
        s.recorder.libcall(len(s.code), index)
    del stack[first:]
    s.forget_registers()
    push_results(s, row.results)
