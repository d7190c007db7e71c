"""Constant expressions: decoded and checked in one go (specification: Validation, Instructions)."""

from typing import get_args

from jit.wasm import opcodes
from jit.wasm.decode import decode_instruction
from jit.wasm.errors import InvalidModule, MalformedModule, UnsupportedFeature
from jit.wasm.reader import Reader
from jit.wasm.structure import ConstExpr, ConstKind, ModuleInfo
from jit.wasm.types import F32, F64, FUNCREF, I32, I64, VALTYPE_NAMES

_KINDS: dict[str, ConstKind] = {kind: kind for kind in get_args(ConstKind)}

_NUMBERS = {
    opcodes.I32_CONST: I32,
    opcodes.I64_CONST: I64,
    opcodes.F32_CONST: F32,
    opcodes.F64_CONST: F64,
}

_EXTENDED = frozenset(
    {
        opcodes.I32_ADD,
        opcodes.I32_SUB,
        opcodes.I32_MUL,
        opcodes.I64_ADD,
        opcodes.I64_SUB,
        opcodes.I64_MUL,
    }
)


def read_const_expr(reader: Reader, module: ModuleInfo, expected: int) -> ConstExpr:
    """Read a constant expression of type `expected`, its `end` included.

    A function it names becomes usable by `ref.func` in the bodies.
    """
    start = reader.pos
    values: list[ConstExpr] = []
    while True:
        pc = reader.pos
        code, imm, reader.pos = decode_instruction(reader.data, pc)
        if reader.pos > reader.end:
            raise MalformedModule("unexpected end", reader.end)
        if code == opcodes.END:
            break
        if code in _EXTENDED:
            raise UnsupportedFeature("extended const", pc, opcodes.mnemonic(code))
        values.append(_value(module, code, imm, pc))
    if len(values) != 1 or values[0].type != expected:
        raise InvalidModule(
            f"type mismatch: constant expression must yield one {VALTYPE_NAMES[expected]}", start
        )
    return values[0]


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
