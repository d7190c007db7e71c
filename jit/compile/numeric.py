"""Numeric operators (specification: Numeric Instructions): one handler each, made from masm tables.

In a comparison's handler lies the fusion: where the ops that follow take its outcome to a branch or
a select, it stays in the flags, through `i32.eqz` and the `i32.const 1; i32.and` of clang -O0.
"""

from jit.asm.masm import ByPlaces, Checked, Compare, MacroAssembler
from jit.asm.memo import Memo
from jit.asm.places import ALIAS, CONST, FLAGS, FLOAT, REGISTER, SLOT
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
    I64_EXTEND_I32_U,
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
            two, three = masm.binary[name], masm.three[name]
            commutes = name.split(".")[1] in _COMMUTATIVE
            if operand in _FLOATS:
                table[op.code] = _binary_floats(two, three, commutes)
            else:
                table[op.code] = _binary(two, three, wide, commutes)
        elif name in masm.divide:
            table[op.code] = _divide(masm.divide[name], wide)
        elif name in masm.unary:
            table[op.code] = _unary(
                masm.unary[name], operand in _FLOATS, signature.results[0] in _FLOATS, wide
            )
        elif name in masm.truncate:
            table[op.code] = _truncate(masm.truncate[name])
    table[I64_EXTEND_I32_U] = _extend_unsigned
    table[I32_AND] = _and(table[I32_AND])
    return table


def _const(s: State, imm: int, _: int) -> None:
    s.stack.append(imm + CONST)


def _binary(table: ByPlaces, three: Memo[ByPlaces], wide: bool, commutes: bool) -> Handler:
    def handler(s: State, _: object, index: int) -> None:
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
            if b < SLOT:
                if commutes and s.homes and _accumulates(s, index, b):
                    s.code += table[b - ALIAS][a]
                    s.free.append(a)
                    stack[-1] = b - ALIAS
                else:
                    s.code += table[a][b - ALIAS]
                return
        depth = len(stack)
        stack.pop()
        if commutes and (b < FLOAT or (a >= CONST and b < SLOT)):
            if ALIAS <= a < SLOT and s.homes and _accumulates(s, index, a):
                s.code += table[a - ALIAS][b]
                s.free.append(b)
                stack.append(a - ALIAS)
                return
            a, b = b, a
            depth -= 1
        else:
            a = s.load(a, depth - 1, wide, b)
        if b == SLOT:
            b = s.load(b, depth, wide, a)
        right = b if b >= CONST else b & REGISTER
        if a < FLOAT:
            s.code += table[a][right]
        else:
            destination = s.destination(s.free, index, a, b)
            s.code += three[destination][a - ALIAS][right]
            a = destination
        s.release(b)
        stack.append(a)

    return handler


def _accumulates(s: State, index: int, alias: int) -> bool:
    """Whether the op at `index` may change an operand in place, an alias: its local is set to the result."""
    return s.hint(index) == alias - ALIAS


def _and(plain: Handler) -> Handler:
    def handler(s: State, imm: object, index: int) -> None:
        stack = s.stack
        if stack[-1] == ONE and FLAGS <= stack[-2] < CONST:
            stack.pop()
        else:
            plain(s, imm, index)

    return handler


def _binary_floats(table: ByPlaces, three: Memo[ByPlaces], commutes: bool) -> Handler:
    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack.pop()
        if a >= SLOT or b >= SLOT:
            depth = len(stack)
            a = s.load_float(a, depth, b)
            b = s.load_float(b, depth + 1, a)
        if commutes and a < ALIAS <= b:
            a, b = b, a
        if commutes and a >= ALIAS and b < ALIAS:
            if s.homes and _accumulates(s, index, a):
                s.code += table[a - ALIAS][b]
                s.float_free.append(b)
                stack.append(a - ALIAS)
                return
            a, b = b, a
        if a < ALIAS:
            s.code += table[a][b & REGISTER]
        else:
            destination = s.destination(s.float_free, index, a, b)
            s.code += three[destination][a - ALIAS][b & REGISTER]
            a = destination
        if b < ALIAS:
            s.float_free.append(b)
        stack.append(a)

    return handler


def _divide(table: Memo[Memo[Checked]], wide: bool) -> Handler:
    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        b = stack.pop()
        a = stack.pop()
        depth = len(stack)
        a = s.own(s.load(a, depth, wide, b), b)
        right = b
        if b < CONST:
            b = s.load(b, depth + 1, wide)
            right = b & REGISTER
        s.checked(table[a][right], index)
        s.release(b)
        stack.append(a)

    return handler


def _unary(table: ByPlaces, from_float: bool, to_float: bool, wide: bool) -> Handler:
    """The result takes the operand's register if it is of the same kind."""
    same = from_float == to_float

    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        depth = len(stack) - 1
        source = stack.pop()
        source = s.load_float(source, depth) if from_float else s.load(source, depth, wide)
        if same and source < ALIAS:
            s.code += table[source][source]
            stack.append(source)
            return
        pool = s.float_free if to_float else s.free
        destination = s.destination(pool, index, source)
        s.code += table[destination][source & REGISTER]
        s.release(source)
        stack.append(destination)

    return handler


def _extend_unsigned(s: State, _: object, __: int) -> None:
    """Nothing to do for a register: it is zero-extended."""
    depth = len(s.stack) - 1
    if s.stack[depth] >= SLOT:
        s.stack[depth] = s.load(s.stack[depth], depth, False)


def _truncate(table: Memo[Memo[Checked]]) -> Handler:
    def handler(s: State, _: object, index: int) -> None:
        stack = s.stack
        depth = len(stack) - 1
        source = s.load_float(stack.pop(), depth)
        destination = s.free.pop() if s.free else s.evict(s.free)
        s.checked(table[destination][source & REGISTER], index)
        s.release(source)
        stack.append(destination)

    return handler


def _fuses(s: State, index: int) -> bool:
    """Whether the ops after `index` take an outcome in the flags to their end."""
    if s.canonical:
        return False
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
        if a >= SLOT:
            a = s.load(a, len(stack), wide, b)
        if not has_flags:
            a = s.own(a, b)
        right = b
        if b < CONST:
            if b >= SLOT:
                b = s.load(b, len(stack) + 1, wide, a)
            right = b & REGISTER
        s.code += code[a & REGISTER][right]
        s.release(b)
        if has_flags:
            if _fuses(s, index):
                s.release(a)
                stack.append(flag)
                return
            if a >= ALIAS:
                a = s.free.pop() if s.free else s.evict(s.free)
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
        a = s.load_float(a, depth, b)
        b = s.load_float(b, depth + 1, a)
        s.code += code[a & REGISTER][b & REGISTER]
        s.release(a)
        s.release(b)
        if has_flags and _fuses(s, index):
            stack.append(FLAGS + condition)
        else:
            register = s.free.pop() if s.free else s.evict(s.free)
            s.code += set_flag[register][condition]
            stack.append(register)

    return handler
