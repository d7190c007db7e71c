"""A module's listing as gdb's source file: its text, and the unit that describes functions by it.

For modules without DWARF. The listing comes as data, a line an operator; functions, parameters and
locals are named by it, typed by Wasm type, and the line table says which line each operator is on.
An operator's line is a statement, so `step` is one operator; the line before the first is that of the
local declarations, which gdb skips as a prologue.

What a function takes and gives in the source's language is not known, and gdb has its own way to say
so: `fib` is a symbol without debug information, of unknown type until it is cast. So its entry must
not be found by that name, nor by the symbol's address: it lies within another function's, `fib.wat`,
and begins at the local declarations, where the symbol is at the first operator. Frames show it under
its own name, with parameters and locals. `main` alone is found, for gdb ends backtraces there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from gdbstub.objfile import dw, layout
from gdbstub.objfile.dwarf_write import (
    LineRun,
    UnitWriter,
    Value,
    flag,
    line_program,
    located,
    refer,
    text,
)
from gdbstub.objfile.expression import BREG0, FBREG
from gdbstub.objfile.image import ModuleImage
from gdbstub.objfile.leb import sleb
from gdbstub.objfile.prototypes import WasmSignature
from gdbstub.objfile.wasm_types import WasmTypes, c_name, unique_names

PRODUCER = "clang wasm-gdbstub listing"
"""Begins like clang's: so gdb takes the line after the first for the end of a prologue."""

LISTED = b".wat"
"""What the name of a listed function ends in, where gdb finds it."""

_FOUND_BY_NAME = b"main"
_FRAME_BASE = bytes((BREG0 + layout.ANCHOR_REGISTERS[0],)) + sleb(0)
"""The address of the frame's block."""


@dataclass(frozen=True, slots=True)
class ListedFunction:
    """A defined function of the listing.

    `head` are the lines that declare it, `ops` the PC and the text of each operator. `local_types`
    begin with the parameters'; names that are missing are made up.
    """

    index: int
    head: tuple[str, ...]
    ops: tuple[tuple[int, str], ...]
    num_params: int
    local_types: tuple[str, ...]
    results: tuple[str, ...]
    local_names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole module: lines before the functions, the functions by ascending PC, lines after."""

    head: tuple[str, ...]
    functions: tuple[ListedFunction, ...]
    tail: tuple[str, ...]

    def text(self) -> str:
        """Return the source file's text."""
        lines = list(self.head)
        for function in self.functions:
            lines += function.head
            lines += [line for _, line in function.ops]
        return "\n".join((*lines, *self.tail, ""))

    def remarked(self, remarks: tuple[str, ...]) -> "Listing":
        """Return the listing with comments before everything else."""
        return replace(self, head=(*(f";; {remark}" for remark in remarks), *self.head))

    def first_lines(self) -> list[int]:
        """Return the number of each function's first line."""
        lines = []
        line = 1 + len(self.head)
        for function in self.functions:
            lines.append(line)
            line += len(function.head) + len(function.ops)
        return lines


@dataclass(frozen=True, slots=True)
class ListedDwarf:
    """What a listing adds to the file: its unit, its line program, (address, size) of its code."""

    unit: UnitWriter
    lines: bytes
    ranges: list[tuple[int, int]]


def local_names(function: ListedFunction) -> list[str]:
    """Return a name for each local that can be written in an expression; no two are the same."""
    given = (function.local_names.get(index, "") for index in range(len(function.local_types)))
    return unique_names(c_name(name) or f"local{index}" for index, name in enumerate(given))


def describe(
    image: ModuleImage,
    listing: Listing,
    names: Mapping[int, bytes],
    source: PurePath,
    line_offset: int,
) -> ListedDwarf:
    """Describe the functions; `names` are their symbols, `source` is where the text is found.

    The line program is to lie at `line_offset`.
    """
    images = {function.index: function for function in image.functions}
    unit = UnitWriter()
    runs: list[LineRun] = []
    ranges: list[tuple[int, int]] = []
    base = image.code_base
    unit.entry(
        dw.DW_TAG_compile_unit,
        text(dw.DW_AT_producer, PRODUCER),
        Value(dw.DW_AT_language, dw.DW_FORM_data2, dw.DW_LANG_C99),
        text(dw.DW_AT_name, str(source)),
        text(dw.DW_AT_comp_dir, str(source.parent)),
        Value(dw.DW_AT_stmt_list, dw.DW_FORM_sec_offset, line_offset),
        Value(dw.DW_AT_low_pc, dw.DW_FORM_addr, base),
        Value(dw.DW_AT_high_pc, dw.DW_FORM_data4, len(image.data)),
        children=True,
    )
    types = WasmTypes(unit)
    for function, line in zip(listing.functions, listing.first_lines(), strict=True):
        code = images[function.index]
        name = names[function.index]
        start = base + (code.first_op if name == _FOUND_BY_NAME else code.body_start)
        end = base + code.end
        places = [start, *(base + pc for pc, _ in function.ops)]
        runs.append(LineRun(line + len(function.head) - 1, places, end))
        ranges.append((start, end - start))
        _describe_function(unit, types, function, name, line, start, end)
    unit.end()
    return ListedDwarf(unit, line_program(str(source.parent), source.name, runs), ranges)


def _describe_function(
    unit: UnitWriter,
    types: WasmTypes,
    function: ListedFunction,
    name: bytes,
    line: int,
    start: int,
    end: int,
) -> None:
    declared = [types.of(type_) for type_ in function.local_types]
    returned = [types.of(type_) for type_ in function.results[:1]]
    common = (
        Value(dw.DW_AT_decl_file, dw.DW_FORM_data1, 1),
        Value(dw.DW_AT_decl_line, dw.DW_FORM_udata, line),
        flag(dw.DW_AT_prototyped),
        *(refer(dw.DW_AT_type, type_) for type_ in returned),
        Value(dw.DW_AT_low_pc, dw.DW_FORM_addr, start),
        Value(dw.DW_AT_high_pc, dw.DW_FORM_data4, end - start),
    )
    hidden = name != _FOUND_BY_NAME
    if hidden:
        outer = Value(dw.DW_AT_name, dw.DW_FORM_string, name + LISTED)
        unit.entry(dw.DW_TAG_subprogram, outer, flag(dw.DW_AT_external), *common, children=True)
        for type_ in declared[: function.num_params]:
            unit.entry(dw.DW_TAG_formal_parameter, refer(dw.DW_AT_type, type_))
    unit.entry(
        dw.DW_TAG_subprogram,
        Value(dw.DW_AT_name, dw.DW_FORM_string, name),
        *common,
        *(() if hidden else (flag(dw.DW_AT_external),)),
        Value(dw.DW_AT_frame_base, dw.DW_FORM_exprloc, _FRAME_BASE),
        children=bool(declared),
    )
    for index, (local, type_) in enumerate(zip(local_names(function), declared, strict=True)):
        is_param = index < function.num_params
        unit.entry(
            dw.DW_TAG_formal_parameter if is_param else dw.DW_TAG_variable,
            text(dw.DW_AT_name, local),
            refer(dw.DW_AT_type, type_),
            located(bytes((FBREG,)) + sleb(layout.local_offset(index))),
        )
    if declared:
        unit.end()
    if hidden:
        unit.end()


def signatures(listing: Listing, names: Mapping[int, bytes]) -> dict[int, WasmSignature]:
    """Return each function's signature; `names` are their symbols."""
    return {
        function.index: WasmSignature(
            names[function.index].decode(errors="replace"),
            tuple(
                zip(
                    local_names(function)[: function.num_params],
                    function.local_types,
                    strict=False,
                )
            ),
            function.results,
        )
        for function in listing.functions
    }
