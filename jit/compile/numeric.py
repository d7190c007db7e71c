"""Numeric operators (specification: Numeric Instructions): one handler each, made from masm tables.

In a comparison's handler lies the fusion: where the ops that follow take its outcome to a branch or
a select, it stays in the flags, through `i32.eqz` and the `i32.const 1; i32.and` of clang -O0.
"""

from jit.asm.masm import ByPlaces, Checked, Compare, MacroAssembler
from jit.asm.memo import Memo
from jit.asm.places import CONST, FLAGS, FLOAT, SLOT
from jit.compile.handler import Handler
from jit.compile.state import State
from jit.wasm.opcodes import (
    BR_IF,
    F32_CONST,
    F64_CONST,
    I32_AND,
    I32_CONST,
    I32_EQZ,
    I64_CONST,
    I64_EQZ,
    IF,
    OPS,
    SELECT,
    SELECT_T,
)
from jit.wasm.types import F32, F64, I64

ONE = CONST + 1
_FLOATS = (F32, F64)
_COMMUTATIVE = ("add", "mul", "and", "or", "xor")


def handlers(masm: MacroAssembler) -> dict[int, Handler]:
    """Return a handler for each numeric operator."""
    table: dict[int, Handler] = {
        I32_CONST: _const,
        I64_CONST: _const,
        F32_CONST: _const,
        F64_CONST: _const,
        I32_EQZ: _eqz(masm, masm.compare["i32.eq"], False),
        I64_EQZ: _eqz(masm, masm.compare["i64.eq"], True),
    }
    for op in OPS.values():
        name, signature = op.mnemonic, op.signature
        if signature is None or not signature.params:
            continue
        operand = signature.params[0]
        wide = operand == I64
        if name in masm.compare:
            compare = masm.compare[name]
            if operand in _FLOATS:
                table[op.code] = _compare_floats(masm, compare)
            else:
                table[op.code] = _compare(masm, compare, wide)
        elif name in masm.binary:
            if operand in _FLOATS:
                table[op.code] = _binary_floats(masm.binary[name])
            else:
                commutes = name.split(".")[1] in _COMMUTATIVE
                table[op.code] = _binary(masm.binary[name], wide, commutes)
        elif name in masm.divide:
            table[op.code] = _divide(masm.divide[name], wide)
        elif name in masm.unary:
            table[op.code] = _unary(
                masm.unary[name], operand in _FLOATS, signature.results[0] in _FLOATS, wide
            )
        elif name in masm.truncate:
            table[op.code] = _truncate(masm.truncate[name])
    table[I32_AND] = _and(table[I32_AND])
    return table


def _const(s: State, imm: int, _: int) -> None:
    s.stack.append(imm + CONST)


def _binary(table: ByPlaces, wide: bool, commutes: bool) -> Handler:
    def handler(s: State, _: object, __: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack[-1]
        if a < FLOAT:
            if b < FLOAT:
                s.code += table[a][b]
                s.free.append(b)
                return
            if b >= CONST:
                s.code += table[a][b]
                return
        depth = len(stack)
        stack.pop()
        if commutes and a >= CONST and b < FLOAT:
            a, b = b, a
        a = s.general(a, depth - 1, wide)
        if b < CONST:
            b = s.general(b, depth, wide)
        s.code += table[a][b]
        if b < CONST:
            s.free.append(b)
        stack.append(a)

    return handler


def _and(plain: Handler) -> Handler:
    def handler(s: State, imm: object, index: int) -> None:
        stack = s.stack
        if stack[-1] == ONE and FLAGS <= stack[-2] < CONST:
            stack.pop()
        else:
            plain(s, imm, index)

    return handler


def _binary_floats(table: ByPlaces) -> Handler:
    def handler(s: State, _: object, __: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack.pop()
        if a >= SLOT or b >= SLOT:
            depth = len(stack)
            a = s.floating(a, depth)
            b = s.floating(b, depth + 1)
        s.code += table[a][b]
        s.float_free.append(b)
        stack.append(a)

    return handler


def _divide(table: Memo[Memo[Checked]], wide: bool) -> Handler:
    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack.pop()
        depth = len(stack)
        a = s.general(a, depth, wide)
        if b < CONST:
            b = s.general(b, depth + 1, wide)
            s.free.append(b)
        s.checked(table[a][b], index)
        stack.append(a)

    return handler


def _unary(table: ByPlaces, from_float: bool, to_float: bool, wide: bool) -> Handler:
    """The result takes the operand's register if it is of the same kind."""

    def handler(s: State, _: object, __: int) -> None:
        stack = s.stack
        depth = len(stack) - 1
        source = stack.pop()
        if from_float:
            source = destination = s.floating(source, depth)
        else:
            source = destination = s.general(source, depth, wide)
        if from_float != to_float:
            pool = s.float_free if to_float else s.free
            destination = pool.pop() if pool else s.evict(pool)
            s.release(source)
        s.code += table[destination][source]
        stack.append(destination)

    return handler


def _truncate(table: Memo[Memo[Checked]]) -> Handler:
    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        depth = len(stack) - 1
        source = s.floating(stack.pop(), depth)
        destination = s.free.pop() if s.free else s.evict(s.free)
        s.float_free.append(source)
        s.checked(table[destination][source], index)
        stack.append(destination)

    return handler


def _fuses(s: State, index: int) -> bool:
    """Whether the ops after `index` take an outcome in the flags to their end."""
    ops = s.ops
    at = index + 1
    while True:
        op = ops[at]
        if op in (BR_IF, IF, SELECT, SELECT_T):
            return True
        if op == I32_EQZ:
            at += 1
        elif op == I32_CONST and s.imms[at] == 1 and ops[at + 1] == I32_AND:
            at += 2
        else:
            return False


def _compare(masm: MacroAssembler, compare: Compare, wide: bool) -> Handler:
    code, condition, set_flag = compare.code, compare.condition, masm.set_flag
    flag = FLAGS + condition
    has_flags = masm.has_flags

    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack.pop()
        if a >= FLOAT:
            a = s.general(a, len(stack), wide)
        if b >= CONST:
            s.code += code[a][b]
        else:
            if b >= FLOAT:
                b = s.general(b, len(stack) + 1, wide)
            s.code += code[a][b]
            s.free.append(b)
        if has_flags:
            if _fuses(s, index):
                s.free.append(a)
                stack.append(flag)
                return
            s.code += set_flag[a][condition]
        stack.append(a)

    return handler


def _eqz(masm: MacroAssembler, equal: Compare, wide: bool) -> Handler:
    """Compare with zero, or turn a condition round."""
    inverse = masm.inverse
    plain = _compare(masm, equal, wide)

    def handler(s: State, imm: object, index: int) -> None:
        stack = s.stack
        place = stack[-1]
        if FLAGS <= place < CONST:
            stack[-1] = FLAGS + inverse[place - FLAGS]
        else:
            stack.append(CONST)
            plain(s, imm, index)

    return handler


def _compare_floats(masm: MacroAssembler, compare: Compare) -> Handler:
    code, condition, set_flag = compare.code, compare.condition, masm.set_flag
    has_flags = masm.has_flags

    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack.pop()
        depth = len(stack)
        a = s.floating(a, depth)
        b = s.floating(b, depth + 1)
        fuses = has_flags and _fuses(s, index)
        if fuses:
            s.code += code[a][b]
            stack.append(FLAGS + condition)
        else:
            register = s.free.pop() if s.free else s.evict(s.free)
            s.code += code[a][b]
            s.code += set_flag[register][condition]
            stack.append(register)
        s.float_free.append(a)
        s.float_free.append(b)

    return handler
