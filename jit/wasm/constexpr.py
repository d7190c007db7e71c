"""Constant expressions: decoded, checked, evaluated (specification: Validation, Instructions).

Beside the single operators of Wasm 2.0 there are integer additions, subtractions and
multiplications; what depends on no global is folded to a single constant at once.
"""

from collections.abc import Callable
from typing import get_args

from jit.wasm import opcodes
from jit.wasm.decode import decode_instruction
from jit.wasm.errors import InvalidModule, MalformedModule, UnsupportedFeature
from jit.wasm.reader import MASK32, MASK64, Reader
from jit.wasm.structure import ConstExpr, ConstKind, ModuleInfo
from jit.wasm.types import F32, F64, FUNCREF, I32, I64, VALTYPE_NAMES

_KINDS: dict[str, ConstKind] = {kind: kind for kind in get_args(ConstKind)}

_NUMBERS = {
    opcodes.I32_CONST: I32,
    opcodes.I64_CONST: I64,
    opcodes.F32_CONST: F32,
    opcodes.F64_CONST: F64,
}

_ARITHMETIC: dict[str, tuple[int, Callable[[int, int], int]]] = {
    "i32.add": (I32, lambda a, b: a + b & MASK32),
    "i32.sub": (I32, lambda a, b: a - b & MASK32),
    "i32.mul": (I32, lambda a, b: a * b & MASK32),
    "i64.add": (I64, lambda a, b: a + b & MASK64),
    "i64.sub": (I64, lambda a, b: a - b & MASK64),
    "i64.mul": (I64, lambda a, b: a * b & MASK64),
}
_CONSTANTS: dict[int, ConstKind] = {I32: "i32.const", I64: "i64.const"}


def read_const_expr(reader: Reader, module: ModuleInfo, expected: int) -> ConstExpr:
    """Read a constant expression of type `expected`, its `end` included.

    A function it names becomes usable by `ref.func` in the bodies.
    """
    start = reader.pos
    stack: list[ConstExpr] = []
    while True:
        pc = reader.pos
        code, imm, reader.pos = decode_instruction(reader.data, pc)
        if reader.pos > reader.end:
            raise MalformedModule("unexpected end", reader.end)
        if code == opcodes.END:
            break
        name = opcodes.mnemonic(code)
        if name in _ARITHMETIC:
            stack[-2:] = [_operation(name, stack[-2:], pc)]
        else:
            stack.append(_value(module, code, imm, pc))
    if len(stack) != 1 or stack[0].type != expected:
        raise InvalidModule(
            f"type mismatch: constant expression must yield one {VALTYPE_NAMES[expected]}", start
        )
    return stack[0]


def evaluate(expr: ConstExpr, global_value: Callable[[int], int]) -> int:
    """The unsigned bit pattern of a number's constant expression.

    `global_value` gives that of a global, by index.
    """
    if expr.kind == "global.get":
        return global_value(expr.value)
    if expr.kind != "extended":
        return expr.value
    stack: list[int] = []
    for name, value in expr.postfix:
        if name in _ARITHMETIC:
            second = stack.pop()
            stack[-1] = _ARITHMETIC[name][1](stack[-1], second)
        else:
            stack.append(global_value(value) if name == "global.get" else value)
    return stack[0]


def _operation(name: str, operands: list[ConstExpr], pc: int) -> ConstExpr:
    type_, operation = _ARITHMETIC[name]
    if [operand.type for operand in operands] != [type_, type_]:
        raise InvalidModule(f"type mismatch: {name} expects two {VALTYPE_NAMES[type_]}", pc)
    first, second = operands
    if first.kind == second.kind == _CONSTANTS[type_]:
        return ConstExpr(first.kind, operation(first.value, second.value), type_)
    return ConstExpr("extended", 0, type_, (*_postfix(first), *_postfix(second), (name, 0)))


def _postfix(expr: ConstExpr) -> tuple[tuple[str, int], ...]:
    return expr.postfix or ((expr.kind, expr.value),)


def _value(module: ModuleInfo, code: int, imm: object, pc: int) -> ConstExpr:
    kind = _KINDS.get(opcodes.mnemonic(code))
    if kind is None or not isinstance(imm, int):
        raise InvalidModule(
            f"constant expression required: {opcodes.mnemonic(code)} is not constant", pc
        )
    if kind == "ref.null":
        return ConstExpr(kind, 0, imm)
    if kind == "ref.func":
        if imm >= len(module.func_types):
            raise InvalidModule(f"unknown function {imm}", pc)
        module.declared_refs.add(imm)
        return ConstExpr(kind, imm, FUNCREF)
    if kind == "global.get":
        return ConstExpr(kind, imm, _constant_global(module, imm, pc))
    return ConstExpr(kind, imm, _NUMBERS[code])


def _constant_global(module: ModuleInfo, index: int, pc: int) -> int:
    if index >= len(module.globals):
        raise InvalidModule(f"unknown global {index}", pc)
    if module.globals[index].mutable:
        raise InvalidModule(f"constant expression required: global {index} is mutable", pc)
    if index >= module.num_imported_globals:
        raise UnsupportedFeature("gc", pc, f"global {index} of the module in a constant expression")
    return module.globals[index].valtype
