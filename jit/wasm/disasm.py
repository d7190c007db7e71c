"""Listings of function bodies in the manner of the text format, and where each op lies.

Decodes only: works for any body whose ops decode, valid or not, statically dead code included.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from jit.wasm import opcodes
from jit.wasm.decode import EMPTY_BLOCK, decode_instruction
from jit.wasm.errors import MalformedModule
from jit.wasm.locals import read_locals
from jit.wasm.opcodes import ACCESS_LOG2, OPS, Imm
from jit.wasm.structure import ModuleInfo
from jit.wasm.types import FUNCREF, VALTYPE_NAMES, FuncType, WasmPc, type_names


@dataclass(frozen=True, slots=True)
class Line:
    """One line: where its op is, how deep it is nested, and its text."""

    pc: WasmPc
    indent: int
    text: str


def disassemble_function(module: ModuleInfo, defined_index: int) -> list[Line]:
    """List a function: a header and its locals at the body's start, then a line an op.

    Raise a WasmError at an op that does not decode.
    """
    return _Listing(module, defined_index).lines()


# How an opcode of one byte ends: after so many LEB128 numbers, or (None) as `decode` finds.
_NUMBERS: list[int | None] = [None] * 256
_ONE_NUMBER = (Imm.BLOCK, Imm.LABEL, Imm.FUNC, Imm.LOCAL, Imm.GLOBAL, Imm.TABLE, Imm.I32, Imm.I64)
for _op in OPS.values():
    if _op.code < 0x100:
        if _op.immediates is Imm.NONE:
            _NUMBERS[_op.code] = 0
        elif _op.immediates in _ONE_NUMBER:
            _NUMBERS[_op.code] = 1
        elif _op.immediates in ACCESS_LOG2 or _op.immediates is Imm.CALL_INDIRECT:
            _NUMBERS[_op.code] = 2


def instruction_boundaries(module: ModuleInfo, defined_index: int) -> list[tuple[WasmPc, int]]:
    """Return the position and length in bytes of every op of a function, dead ones included."""
    data = module.data
    end = module.bodies[defined_index].end
    _, first = read_locals(module, defined_index)
    pos: int = first
    bounds: list[tuple[WasmPc, int]] = []
    numbers_of = _NUMBERS
    while pos < end:
        start = pos
        numbers = numbers_of[data[pos]]
        if numbers is None:
            pos = decode_instruction(data, start)[2]
        else:
            pos += 1
            while numbers and pos < end:
                if data[pos] < 0x80:
                    numbers -= 1
                pos += 1
            if numbers:
                raise MalformedModule("unexpected end", end)
        bounds.append((WasmPc(start), pos - start))
    if pos != end:
        raise MalformedModule("unexpected end", end)
    return bounds


class _Listing:
    def __init__(self, module: ModuleInfo, defined_index: int) -> None:
        self.module = module
        self.index = module.num_imported_funcs + defined_index
        self.span = module.bodies[defined_index]
        self.local_types, self.first_op = read_locals(module, defined_index)
        self.local_names = module.names.locals.get(self.index, {})
        self.label_names = module.names.labels.get(self.index, {})
        self.labels: list[str | None] = []
        self.label_count = 0

    def lines(self) -> list[Line]:
        start = WasmPc(self.span.start)
        lines = [Line(start, 0, self._header())]
        num_params = len(self.module.func_type(self.index).params)
        if len(self.local_types) > num_params:
            lines.append(Line(start, 1, self._declare("local", num_params, len(self.local_types))))
        pos: int = self.first_op
        while pos < self.span.end:
            pc = WasmPc(pos)
            code, imm, pos = decode_instruction(self.module.data, pos)
            lines.append(Line(pc, *self._op(code, imm)))
        return lines

    def _header(self) -> str:
        type_ = self.module.func_type(self.index)
        name = self.module.names.functions.get(self.index)
        parts = ["(func", f"(;{self.index};)" if name is None else f"{_id(name)} (;{self.index};)"]
        parts += [
            f'(export "{export.name}")'
            for export in self.module.exports
            if export.kind == "func" and export.index == self.index
        ]
        if type_.params:
            parts.append(self._declare("param", 0, len(type_.params)))
        if type_.results:
            parts.append(f"(result {type_names(type_.results)})")
        return " ".join(parts)

    def _declare(self, keyword: str, start: int, end: int) -> str:
        """Named ones one by one, runs of nameless ones together."""
        parts: list[str] = []
        run: list[int] = []
        for index in range(start, end):
            name = self.local_names.get(index)
            if name is None:
                run.append(self.local_types[index])
                continue
            if run:
                parts.append(f"({keyword} {type_names(run)})")
                run = []
            parts.append(f"({keyword} {_id(name)} {VALTYPE_NAMES[self.local_types[index]]})")
        if run:
            parts.append(f"({keyword} {type_names(run)})")
        return " ".join(parts)

    def _op(self, code: int, imm: object) -> tuple[int, str]:
        op = OPS[code]
        if code in (opcodes.END, opcodes.ELSE):
            indent = len(self.labels)
            if code == opcodes.END and self.labels:
                self.labels.pop()
            return indent, op.mnemonic if indent else "end)"
        indent = len(self.labels) + 1
        operand = _OPERANDS[op.immediates](self, code, imm)
        return indent, f"{op.mnemonic} {operand}" if operand else op.mnemonic

    # One method an immediate: what is written after the mnemonic.

    def nothing(self, _code: int, _imm: object) -> str:
        return ""

    def number(self, _code: int, imm: int) -> str:
        return str(imm)

    def i32(self, _code: int, imm: int) -> str:
        return str(imm - (1 << 32) if imm >> 31 else imm)

    def i64(self, _code: int, imm: int) -> str:
        return str(imm - (1 << 64) if imm >> 63 else imm)

    def f32(self, _code: int, imm: int) -> str:
        return _float_text(imm, 32, 23)

    def f64(self, _code: int, imm: int) -> str:
        return _float_text(imm, 64, 52)

    def block(self, _code: int, imm: int) -> str:
        name = self.label_names.get(self.label_count)
        self.label_count += 1
        self.labels.append(name)
        parts = [] if name is None else [_id(name)]
        if imm >= 0:
            parts.append(self._type_use(imm))
        elif imm != EMPTY_BLOCK:
            parts.append(f"(result {VALTYPE_NAMES[imm + 0x80]})")
        if name is None:
            parts.append(f";; label = @{len(self.labels)}")
        return " ".join(part for part in parts if part)

    def label(self, _code: int, imm: int) -> str:
        if imm >= len(self.labels):
            return f"{imm} (;@0;)" if imm == len(self.labels) else str(imm)
        name = self.labels[-1 - imm]
        return f"{imm} (;@{len(self.labels) - imm};)" if name is None else _id(name)

    def label_list(self, code: int, imm: tuple[int, ...]) -> str:
        return " ".join(self.label(code, label) for label in imm)

    def func(self, _code: int, imm: int) -> str:
        name = self.module.names.functions.get(imm)
        if name is not None:
            return _id(name)
        if imm >= len(self.module.func_types):
            return str(imm)
        shown = self.module.func_name(imm)
        return str(imm) if shown == f"func[{imm}]" else f"{imm} (;{shown};)"

    def call_indirect(self, _code: int, imm: tuple[int, int]) -> str:
        type_index, table = imm
        parts = [self.table(_code, table) if table else "", self._type_use(type_index)]
        return " ".join(part for part in parts if part)

    def _type_use(self, index: int) -> str:
        if index >= len(self.module.types):
            return f"(type {index})"
        return _signature(self.module.types[index])

    def local(self, _code: int, imm: int) -> str:
        return _named(self.local_names, imm)

    def global_(self, _code: int, imm: int) -> str:
        return _named(self.module.names.globals, imm)

    def table(self, _code: int, imm: int) -> str:
        return _named(self.module.names.tables, imm)

    def two_tables(self, code: int, imm: tuple[int, int]) -> str:
        return f"{self.table(code, imm[0])} {self.table(code, imm[1])}"

    def types(self, _code: int, imm: tuple[int, ...]) -> str:
        return f"(result {type_names(imm)})"

    def heap_type(self, _code: int, imm: int) -> str:
        return "func" if imm == FUNCREF else "extern"

    def access(self, code: int, imm: tuple[int, int]) -> str:
        align, offset = imm
        parts = [f"offset={offset}"] if offset else []
        if align != ACCESS_LOG2[OPS[code].immediates]:
            parts.append(f"align={1 << align}")
        return " ".join(parts)

    def data(self, _code: int, imm: int) -> str:
        return _named(self.module.names.data, imm)

    def data_memory(self, code: int, imm: tuple[int, int]) -> str:
        return self.data(code, imm[0])

    def elem(self, _code: int, imm: int) -> str:
        return _named(self.module.names.elements, imm)

    def elem_table(self, code: int, imm: tuple[int, int]) -> str:
        segment, table = imm
        return f"{self.table(code, table)} {self.elem(code, segment)}"


_OPERANDS: dict[Imm, Callable[..., str]] = {
    Imm.NONE: _Listing.nothing,
    Imm.BLOCK: _Listing.block,
    Imm.LABEL: _Listing.label,
    Imm.LABELS: _Listing.label_list,
    Imm.FUNC: _Listing.func,
    Imm.CALL_INDIRECT: _Listing.call_indirect,
    Imm.LOCAL: _Listing.local,
    Imm.GLOBAL: _Listing.global_,
    Imm.TABLE: _Listing.table,
    Imm.TYPES: _Listing.types,
    Imm.HEAP_TYPE: _Listing.heap_type,
    Imm.I32: _Listing.i32,
    Imm.I64: _Listing.i64,
    Imm.F32: _Listing.f32,
    Imm.F64: _Listing.f64,
    Imm.MEM8: _Listing.access,
    Imm.MEM16: _Listing.access,
    Imm.MEM32: _Listing.access,
    Imm.MEM64: _Listing.access,
    Imm.MEMORY: _Listing.nothing,
    Imm.MEMORY_MEMORY: _Listing.nothing,
    Imm.DATA: _Listing.data,
    Imm.DATA_MEMORY: _Listing.data_memory,
    Imm.ELEM: _Listing.elem,
    Imm.ELEM_TABLE: _Listing.elem_table,
    Imm.TABLE_TABLE: _Listing.two_tables,
}

_IDENTIFIER = re.compile(r"[0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]+")


def _id(name: str) -> str:
    if _IDENTIFIER.fullmatch(name):
        return f"${name}"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'$"{quoted}"'


def _named(names: dict[int, str], index: int) -> str:
    name = names.get(index)
    return str(index) if name is None else _id(name)


def _signature(type_: FuncType) -> str:
    parts = [f"(param {type_names(type_.params)})"] if type_.params else []
    if type_.results:
        parts.append(f"(result {type_names(type_.results)})")
    return " ".join(parts)


_F32_MAX = float.fromhex("0x1.fffffep+127")


def _float_text(bits: int, width: int, mantissa_bits: int) -> str:
    """The shortest decimal that reads back as the same bits."""
    mantissa = bits & ((1 << mantissa_bits) - 1)
    sign = "-" if bits >> (width - 1) else ""
    exponent_ones = (1 << (width - 1 - mantissa_bits)) - 1
    if (bits >> mantissa_bits) & exponent_ones == exponent_ones:
        if not mantissa:
            return f"{sign}inf"
        canonical = mantissa == 1 << (mantissa_bits - 1)
        return f"{sign}nan" if canonical else f"{sign}nan:{mantissa:#x}"
    if width == 64:
        return repr(struct.unpack("<d", bits.to_bytes(8, "little"))[0])
    packed = bits.to_bytes(4, "little")
    value: float = struct.unpack("<f", packed)[0]
    for digits in range(1, 9):
        text = f"{value:.{digits}g}"
        if abs(float(text)) <= _F32_MAX and struct.pack("<f", float(text)) == packed:
            return text
    return f"{value:.9g}"
