"""The opcode table: one row an opcode (specification: Binary Format, Instructions).

Prefixed opcodes are `prefix << 8 | sub`. A row's value is its code, so every opcode has a constant
named after its mnemonic. Dispatch, disassembly, and the check of features are computed from here.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from jit.wasm.types import EXTERNREF, F32, F64, FUNCREF, I32, I64, FuncType


class Imm(Enum):
    """What follows an opcode in the bytes."""

    NONE = "nothing"
    BLOCK = "a block type"
    LABEL = "a label index"
    LABELS = "a vector of label indices, and a default"
    FUNC = "a function index"
    CALL_INDIRECT = "a type index and a table index"
    LOCAL = "a local index"
    GLOBAL = "a global index"
    TABLE = "a table index"
    TYPES = "a vector of value types"
    HEAP_TYPE = "a reference type"
    I32 = "a signed 32-bit integer"
    I64 = "a signed 64-bit integer"
    F32 = "four bytes"
    F64 = "eight bytes"
    MEM8 = "alignment and offset of an access of 8 bits"
    MEM16 = "alignment and offset of an access of 16 bits"
    MEM32 = "alignment and offset of an access of 32 bits"
    MEM64 = "alignment and offset of an access of 64 bits"
    MEMORY = "a memory index"
    MEMORY_MEMORY = "two memory indices"
    DATA = "a data segment index"
    DATA_MEMORY = "a data segment index and a memory index"
    ELEM = "an element segment index"
    ELEM_TABLE = "an element segment index and a table index"
    TABLE_TABLE = "two table indices"


@dataclass(frozen=True, slots=True)
class Op:
    """One opcode; `signature` is None where the types depend on more than the opcode."""

    code: int
    mnemonic: str
    immediates: Imm
    signature: FuncType | None
    feature: str


OPS: Final[dict[int, Op]] = {}
"""Every opcode this engine implements, by code."""

MVP: Final = "mvp"
SIGN_EXTENSION: Final = "sign extension"
SATURATING: Final = "saturating float to int"
BULK_MEMORY: Final = "bulk memory"
REFERENCE_TYPES: Final = "reference types"


def _op(
    code: int, mnemonic: str, immediates: Imm, signature: FuncType | None, feature: str = MVP
) -> int:
    OPS[code] = Op(code, mnemonic, immediates, signature, feature)
    return code


_LETTERS = {"I": I32, "L": I64, "F": F32, "D": F64, "A": FUNCREF, "X": EXTERNREF}


def _signature(text: str) -> FuncType:
    params, results = text.split("_")
    return FuncType(tuple(_LETTERS[c] for c in params), tuple(_LETTERS[c] for c in results))


NONE, MEM8, MEM16, MEM32, MEM64 = Imm.NONE, Imm.MEM8, Imm.MEM16, Imm.MEM32, Imm.MEM64

# fmt: off
__, I_, _I, _L, _F, _D = map(_signature, ("_", "I_", "_I", "_L", "_F", "_D"))
I_I, I_L, I_F, I_D = map(_signature, ("I_I", "I_L", "I_F", "I_D"))
L_I, L_L, L_F, L_D = map(_signature, ("L_I", "L_L", "L_F", "L_D"))
F_I, F_L, F_F, F_D = map(_signature, ("F_I", "F_L", "F_F", "F_D"))
D_I, D_L, D_F, D_D = map(_signature, ("D_I", "D_L", "D_F", "D_D"))
II_, IL_, IF_, ID_ = map(_signature, ("II_", "IL_", "IF_", "ID_"))
II_I, LL_I, FF_I, DD_I = map(_signature, ("II_I", "LL_I", "FF_I", "DD_I"))
LL_L, FF_F, DD_D, III_ = map(_signature, ("LL_L", "FF_F", "DD_D", "III_"))

UNREACHABLE = _op(0x00, "unreachable", NONE, None)
NOP = _op(0x01, "nop", NONE, __)
BLOCK = _op(0x02, "block", Imm.BLOCK, None)
LOOP = _op(0x03, "loop", Imm.BLOCK, None)
IF = _op(0x04, "if", Imm.BLOCK, None)
ELSE = _op(0x05, "else", NONE, None)
END = _op(0x0B, "end", NONE, None)
BR = _op(0x0C, "br", Imm.LABEL, None)
BR_IF = _op(0x0D, "br_if", Imm.LABEL, None)
BR_TABLE = _op(0x0E, "br_table", Imm.LABELS, None)
RETURN = _op(0x0F, "return", NONE, None)
CALL = _op(0x10, "call", Imm.FUNC, None)
CALL_INDIRECT = _op(0x11, "call_indirect", Imm.CALL_INDIRECT, None)
DROP = _op(0x1A, "drop", NONE, None)
SELECT = _op(0x1B, "select", NONE, None)
SELECT_T = _op(0x1C, "select", Imm.TYPES, None, REFERENCE_TYPES)
LOCAL_GET = _op(0x20, "local.get", Imm.LOCAL, None)
LOCAL_SET = _op(0x21, "local.set", Imm.LOCAL, None)
LOCAL_TEE = _op(0x22, "local.tee", Imm.LOCAL, None)
GLOBAL_GET = _op(0x23, "global.get", Imm.GLOBAL, None)
GLOBAL_SET = _op(0x24, "global.set", Imm.GLOBAL, None)
TABLE_GET = _op(0x25, "table.get", Imm.TABLE, None, REFERENCE_TYPES)
TABLE_SET = _op(0x26, "table.set", Imm.TABLE, None, REFERENCE_TYPES)
I32_LOAD = _op(0x28, "i32.load", MEM32, I_I)
I64_LOAD = _op(0x29, "i64.load", MEM64, I_L)
F32_LOAD = _op(0x2A, "f32.load", MEM32, I_F)
F64_LOAD = _op(0x2B, "f64.load", MEM64, I_D)
I32_LOAD8_S = _op(0x2C, "i32.load8_s", MEM8, I_I)
I32_LOAD8_U = _op(0x2D, "i32.load8_u", MEM8, I_I)
I32_LOAD16_S = _op(0x2E, "i32.load16_s", MEM16, I_I)
I32_LOAD16_U = _op(0x2F, "i32.load16_u", MEM16, I_I)
I64_LOAD8_S = _op(0x30, "i64.load8_s", MEM8, I_L)
I64_LOAD8_U = _op(0x31, "i64.load8_u", MEM8, I_L)
I64_LOAD16_S = _op(0x32, "i64.load16_s", MEM16, I_L)
I64_LOAD16_U = _op(0x33, "i64.load16_u", MEM16, I_L)
I64_LOAD32_S = _op(0x34, "i64.load32_s", MEM32, I_L)
I64_LOAD32_U = _op(0x35, "i64.load32_u", MEM32, I_L)
I32_STORE = _op(0x36, "i32.store", MEM32, II_)
I64_STORE = _op(0x37, "i64.store", MEM64, IL_)
F32_STORE = _op(0x38, "f32.store", MEM32, IF_)
F64_STORE = _op(0x39, "f64.store", MEM64, ID_)
I32_STORE8 = _op(0x3A, "i32.store8", MEM8, II_)
I32_STORE16 = _op(0x3B, "i32.store16", MEM16, II_)
I64_STORE8 = _op(0x3C, "i64.store8", MEM8, IL_)
I64_STORE16 = _op(0x3D, "i64.store16", MEM16, IL_)
I64_STORE32 = _op(0x3E, "i64.store32", MEM32, IL_)
MEMORY_SIZE = _op(0x3F, "memory.size", Imm.MEMORY, _I)
MEMORY_GROW = _op(0x40, "memory.grow", Imm.MEMORY, I_I)
I32_CONST = _op(0x41, "i32.const", Imm.I32, _I)
I64_CONST = _op(0x42, "i64.const", Imm.I64, _L)
F32_CONST = _op(0x43, "f32.const", Imm.F32, _F)
F64_CONST = _op(0x44, "f64.const", Imm.F64, _D)
I32_EQZ = _op(0x45, "i32.eqz", NONE, I_I)
I32_EQ = _op(0x46, "i32.eq", NONE, II_I)
I32_NE = _op(0x47, "i32.ne", NONE, II_I)
I32_LT_S = _op(0x48, "i32.lt_s", NONE, II_I)
I32_LT_U = _op(0x49, "i32.lt_u", NONE, II_I)
I32_GT_S = _op(0x4A, "i32.gt_s", NONE, II_I)
I32_GT_U = _op(0x4B, "i32.gt_u", NONE, II_I)
I32_LE_S = _op(0x4C, "i32.le_s", NONE, II_I)
I32_LE_U = _op(0x4D, "i32.le_u", NONE, II_I)
I32_GE_S = _op(0x4E, "i32.ge_s", NONE, II_I)
I32_GE_U = _op(0x4F, "i32.ge_u", NONE, II_I)
I64_EQZ = _op(0x50, "i64.eqz", NONE, L_I)
I64_EQ = _op(0x51, "i64.eq", NONE, LL_I)
I64_NE = _op(0x52, "i64.ne", NONE, LL_I)
I64_LT_S = _op(0x53, "i64.lt_s", NONE, LL_I)
I64_LT_U = _op(0x54, "i64.lt_u", NONE, LL_I)
I64_GT_S = _op(0x55, "i64.gt_s", NONE, LL_I)
I64_GT_U = _op(0x56, "i64.gt_u", NONE, LL_I)
I64_LE_S = _op(0x57, "i64.le_s", NONE, LL_I)
I64_LE_U = _op(0x58, "i64.le_u", NONE, LL_I)
I64_GE_S = _op(0x59, "i64.ge_s", NONE, LL_I)
I64_GE_U = _op(0x5A, "i64.ge_u", NONE, LL_I)
F32_EQ = _op(0x5B, "f32.eq", NONE, FF_I)
F32_NE = _op(0x5C, "f32.ne", NONE, FF_I)
F32_LT = _op(0x5D, "f32.lt", NONE, FF_I)
F32_GT = _op(0x5E, "f32.gt", NONE, FF_I)
F32_LE = _op(0x5F, "f32.le", NONE, FF_I)
F32_GE = _op(0x60, "f32.ge", NONE, FF_I)
F64_EQ = _op(0x61, "f64.eq", NONE, DD_I)
F64_NE = _op(0x62, "f64.ne", NONE, DD_I)
F64_LT = _op(0x63, "f64.lt", NONE, DD_I)
F64_GT = _op(0x64, "f64.gt", NONE, DD_I)
F64_LE = _op(0x65, "f64.le", NONE, DD_I)
F64_GE = _op(0x66, "f64.ge", NONE, DD_I)
I32_CLZ = _op(0x67, "i32.clz", NONE, I_I)
I32_CTZ = _op(0x68, "i32.ctz", NONE, I_I)
I32_POPCNT = _op(0x69, "i32.popcnt", NONE, I_I)
I32_ADD = _op(0x6A, "i32.add", NONE, II_I)
I32_SUB = _op(0x6B, "i32.sub", NONE, II_I)
I32_MUL = _op(0x6C, "i32.mul", NONE, II_I)
I32_DIV_S = _op(0x6D, "i32.div_s", NONE, II_I)
I32_DIV_U = _op(0x6E, "i32.div_u", NONE, II_I)
I32_REM_S = _op(0x6F, "i32.rem_s", NONE, II_I)
I32_REM_U = _op(0x70, "i32.rem_u", NONE, II_I)
I32_AND = _op(0x71, "i32.and", NONE, II_I)
I32_OR = _op(0x72, "i32.or", NONE, II_I)
I32_XOR = _op(0x73, "i32.xor", NONE, II_I)
I32_SHL = _op(0x74, "i32.shl", NONE, II_I)
I32_SHR_S = _op(0x75, "i32.shr_s", NONE, II_I)
I32_SHR_U = _op(0x76, "i32.shr_u", NONE, II_I)
I32_ROTL = _op(0x77, "i32.rotl", NONE, II_I)
I32_ROTR = _op(0x78, "i32.rotr", NONE, II_I)
I64_CLZ = _op(0x79, "i64.clz", NONE, L_L)
I64_CTZ = _op(0x7A, "i64.ctz", NONE, L_L)
I64_POPCNT = _op(0x7B, "i64.popcnt", NONE, L_L)
I64_ADD = _op(0x7C, "i64.add", NONE, LL_L)
I64_SUB = _op(0x7D, "i64.sub", NONE, LL_L)
I64_MUL = _op(0x7E, "i64.mul", NONE, LL_L)
I64_DIV_S = _op(0x7F, "i64.div_s", NONE, LL_L)
I64_DIV_U = _op(0x80, "i64.div_u", NONE, LL_L)
I64_REM_S = _op(0x81, "i64.rem_s", NONE, LL_L)
I64_REM_U = _op(0x82, "i64.rem_u", NONE, LL_L)
I64_AND = _op(0x83, "i64.and", NONE, LL_L)
I64_OR = _op(0x84, "i64.or", NONE, LL_L)
I64_XOR = _op(0x85, "i64.xor", NONE, LL_L)
I64_SHL = _op(0x86, "i64.shl", NONE, LL_L)
I64_SHR_S = _op(0x87, "i64.shr_s", NONE, LL_L)
I64_SHR_U = _op(0x88, "i64.shr_u", NONE, LL_L)
I64_ROTL = _op(0x89, "i64.rotl", NONE, LL_L)
I64_ROTR = _op(0x8A, "i64.rotr", NONE, LL_L)
F32_ABS = _op(0x8B, "f32.abs", NONE, F_F)
F32_NEG = _op(0x8C, "f32.neg", NONE, F_F)
F32_CEIL = _op(0x8D, "f32.ceil", NONE, F_F)
F32_FLOOR = _op(0x8E, "f32.floor", NONE, F_F)
F32_TRUNC = _op(0x8F, "f32.trunc", NONE, F_F)
F32_NEAREST = _op(0x90, "f32.nearest", NONE, F_F)
F32_SQRT = _op(0x91, "f32.sqrt", NONE, F_F)
F32_ADD = _op(0x92, "f32.add", NONE, FF_F)
F32_SUB = _op(0x93, "f32.sub", NONE, FF_F)
F32_MUL = _op(0x94, "f32.mul", NONE, FF_F)
F32_DIV = _op(0x95, "f32.div", NONE, FF_F)
F32_MIN = _op(0x96, "f32.min", NONE, FF_F)
F32_MAX = _op(0x97, "f32.max", NONE, FF_F)
F32_COPYSIGN = _op(0x98, "f32.copysign", NONE, FF_F)
F64_ABS = _op(0x99, "f64.abs", NONE, D_D)
F64_NEG = _op(0x9A, "f64.neg", NONE, D_D)
F64_CEIL = _op(0x9B, "f64.ceil", NONE, D_D)
F64_FLOOR = _op(0x9C, "f64.floor", NONE, D_D)
F64_TRUNC = _op(0x9D, "f64.trunc", NONE, D_D)
F64_NEAREST = _op(0x9E, "f64.nearest", NONE, D_D)
F64_SQRT = _op(0x9F, "f64.sqrt", NONE, D_D)
F64_ADD = _op(0xA0, "f64.add", NONE, DD_D)
F64_SUB = _op(0xA1, "f64.sub", NONE, DD_D)
F64_MUL = _op(0xA2, "f64.mul", NONE, DD_D)
F64_DIV = _op(0xA3, "f64.div", NONE, DD_D)
F64_MIN = _op(0xA4, "f64.min", NONE, DD_D)
F64_MAX = _op(0xA5, "f64.max", NONE, DD_D)
F64_COPYSIGN = _op(0xA6, "f64.copysign", NONE, DD_D)
I32_WRAP_I64 = _op(0xA7, "i32.wrap_i64", NONE, L_I)
I32_TRUNC_F32_S = _op(0xA8, "i32.trunc_f32_s", NONE, F_I)
I32_TRUNC_F32_U = _op(0xA9, "i32.trunc_f32_u", NONE, F_I)
I32_TRUNC_F64_S = _op(0xAA, "i32.trunc_f64_s", NONE, D_I)
I32_TRUNC_F64_U = _op(0xAB, "i32.trunc_f64_u", NONE, D_I)
I64_EXTEND_I32_S = _op(0xAC, "i64.extend_i32_s", NONE, I_L)
I64_EXTEND_I32_U = _op(0xAD, "i64.extend_i32_u", NONE, I_L)
I64_TRUNC_F32_S = _op(0xAE, "i64.trunc_f32_s", NONE, F_L)
I64_TRUNC_F32_U = _op(0xAF, "i64.trunc_f32_u", NONE, F_L)
I64_TRUNC_F64_S = _op(0xB0, "i64.trunc_f64_s", NONE, D_L)
I64_TRUNC_F64_U = _op(0xB1, "i64.trunc_f64_u", NONE, D_L)
F32_CONVERT_I32_S = _op(0xB2, "f32.convert_i32_s", NONE, I_F)
F32_CONVERT_I32_U = _op(0xB3, "f32.convert_i32_u", NONE, I_F)
F32_CONVERT_I64_S = _op(0xB4, "f32.convert_i64_s", NONE, L_F)
F32_CONVERT_I64_U = _op(0xB5, "f32.convert_i64_u", NONE, L_F)
F32_DEMOTE_F64 = _op(0xB6, "f32.demote_f64", NONE, D_F)
F64_CONVERT_I32_S = _op(0xB7, "f64.convert_i32_s", NONE, I_D)
F64_CONVERT_I32_U = _op(0xB8, "f64.convert_i32_u", NONE, I_D)
F64_CONVERT_I64_S = _op(0xB9, "f64.convert_i64_s", NONE, L_D)
F64_CONVERT_I64_U = _op(0xBA, "f64.convert_i64_u", NONE, L_D)
F64_PROMOTE_F32 = _op(0xBB, "f64.promote_f32", NONE, F_D)
I32_REINTERPRET_F32 = _op(0xBC, "i32.reinterpret_f32", NONE, F_I)
I64_REINTERPRET_F64 = _op(0xBD, "i64.reinterpret_f64", NONE, D_L)
F32_REINTERPRET_I32 = _op(0xBE, "f32.reinterpret_i32", NONE, I_F)
F64_REINTERPRET_I64 = _op(0xBF, "f64.reinterpret_i64", NONE, L_D)
I32_EXTEND8_S = _op(0xC0, "i32.extend8_s", NONE, I_I, SIGN_EXTENSION)
I32_EXTEND16_S = _op(0xC1, "i32.extend16_s", NONE, I_I, SIGN_EXTENSION)
I64_EXTEND8_S = _op(0xC2, "i64.extend8_s", NONE, L_L, SIGN_EXTENSION)
I64_EXTEND16_S = _op(0xC3, "i64.extend16_s", NONE, L_L, SIGN_EXTENSION)
I64_EXTEND32_S = _op(0xC4, "i64.extend32_s", NONE, L_L, SIGN_EXTENSION)
REF_NULL = _op(0xD0, "ref.null", Imm.HEAP_TYPE, None, REFERENCE_TYPES)
REF_IS_NULL = _op(0xD1, "ref.is_null", NONE, None, REFERENCE_TYPES)
REF_FUNC = _op(0xD2, "ref.func", Imm.FUNC, _signature("_A"), REFERENCE_TYPES)
I32_TRUNC_SAT_F32_S = _op(0xFC00, "i32.trunc_sat_f32_s", NONE, F_I, SATURATING)
I32_TRUNC_SAT_F32_U = _op(0xFC01, "i32.trunc_sat_f32_u", NONE, F_I, SATURATING)
I32_TRUNC_SAT_F64_S = _op(0xFC02, "i32.trunc_sat_f64_s", NONE, D_I, SATURATING)
I32_TRUNC_SAT_F64_U = _op(0xFC03, "i32.trunc_sat_f64_u", NONE, D_I, SATURATING)
I64_TRUNC_SAT_F32_S = _op(0xFC04, "i64.trunc_sat_f32_s", NONE, F_L, SATURATING)
I64_TRUNC_SAT_F32_U = _op(0xFC05, "i64.trunc_sat_f32_u", NONE, F_L, SATURATING)
I64_TRUNC_SAT_F64_S = _op(0xFC06, "i64.trunc_sat_f64_s", NONE, D_L, SATURATING)
I64_TRUNC_SAT_F64_U = _op(0xFC07, "i64.trunc_sat_f64_u", NONE, D_L, SATURATING)
MEMORY_INIT = _op(0xFC08, "memory.init", Imm.DATA_MEMORY, III_, BULK_MEMORY)
DATA_DROP = _op(0xFC09, "data.drop", Imm.DATA, __, BULK_MEMORY)
MEMORY_COPY = _op(0xFC0A, "memory.copy", Imm.MEMORY_MEMORY, III_, BULK_MEMORY)
MEMORY_FILL = _op(0xFC0B, "memory.fill", Imm.MEMORY, III_, BULK_MEMORY)
TABLE_INIT = _op(0xFC0C, "table.init", Imm.ELEM_TABLE, III_, BULK_MEMORY)
ELEM_DROP = _op(0xFC0D, "elem.drop", Imm.ELEM, __, BULK_MEMORY)
TABLE_COPY = _op(0xFC0E, "table.copy", Imm.TABLE_TABLE, III_, BULK_MEMORY)
TABLE_GROW = _op(0xFC0F, "table.grow", Imm.TABLE, None, REFERENCE_TYPES)
TABLE_SIZE = _op(0xFC10, "table.size", Imm.TABLE, _I, REFERENCE_TYPES)
TABLE_FILL = _op(0xFC11, "table.fill", Imm.TABLE, None, REFERENCE_TYPES)

# Opcodes of proposals that are not implemented: known only to be refused by name.
UNSUPPORTED: Final[dict[int, tuple[str, str]]] = {
    0x06: ("try", "exceptions"),
    0x07: ("catch", "exceptions"),
    0x08: ("throw", "exceptions"),
    0x09: ("rethrow", "exceptions"),
    0x0A: ("throw_ref", "exceptions"),
    0x12: ("return_call", "tail calls"),
    0x13: ("return_call_indirect", "tail calls"),
    0x14: ("call_ref", "function references"),
    0x15: ("return_call_ref", "function references"),
    0x18: ("delegate", "exceptions"),
    0x19: ("catch_all", "exceptions"),
    0x1F: ("try_table", "exceptions"),
    0xD3: ("ref.eq", "gc"),
    0xD4: ("ref.as_non_null", "function references"),
    0xD5: ("br_on_null", "function references"),
    0xD6: ("br_on_non_null", "function references"),
    0xE0: ("cont.new", "stack switching"),
    0xE1: ("cont.bind", "stack switching"),
    0xE2: ("suspend", "stack switching"),
    0xE3: ("resume", "stack switching"),
    0xE4: ("resume_throw", "stack switching"),
    0xE5: ("resume_throw_ref", "stack switching"),
    0xE6: ("switch", "stack switching"),
    0xFC12: ("memory.discard", "memory control"),
    0xFC13: ("i64.add128", "wide arithmetic"),
    0xFC14: ("i64.sub128", "wide arithmetic"),
    0xFC15: ("i64.mul_wide_s", "wide arithmetic"),
    0xFC16: ("i64.mul_wide_u", "wide arithmetic"),
}

# Prefixes of proposals: (prefix, first sub-opcode, last sub-opcode, proposal).
UNSUPPORTED_RANGES: Final[tuple[tuple[int, int, int, str], ...]] = (
    (0xFB, 0x00, 0x1E, "gc"),
    (0xFD, 0x000, 0x0FF, "simd"),
    (0xFD, 0x100, 0x12F, "relaxed simd"),
    (0xFE, 0x00, 0x4E, "threads"),
)
# fmt: on

PREFIXES: Final = frozenset({0xFB, 0xFC, 0xFD, 0xFE})
"""First bytes that a LEB128 sub-opcode follows."""

ACCESS_LOG2: Final[dict[Imm, int]] = {MEM8: 0, MEM16: 1, MEM32: 2, MEM64: 3}
"""Natural alignment of a memory access, as the exponent the binary format uses."""


def prefixed(prefix: int, sub: int) -> int:
    """The code of a prefixed opcode."""
    return prefix << 8 | sub if sub < 0x100 else prefix << 16 | sub


def unsupported_feature(code: int, prefix: int = 0, sub: int = 0) -> tuple[str, str] | None:
    """The (proposal, opcode name) that a code outside `OPS` belongs to, or None if to none."""
    if code in UNSUPPORTED:
        name, feature = UNSUPPORTED[code]
        return feature, name
    for range_prefix, first, last, feature in UNSUPPORTED_RANGES:
        if prefix == range_prefix and first <= sub <= last:
            return feature, f"opcode {prefix:#x} {sub:#x}"
    return None


def mnemonic(code: int) -> str:
    """The text form's name of an implemented opcode."""
    return OPS[code].mnemonic
