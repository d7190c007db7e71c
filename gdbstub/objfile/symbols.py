"""The file's symbols: functions at their entries, table slots, variables, the host.

A function's name is its linkage name, for linespecs and completion find C++ and Rust functions by
the mangled one and wasm-ld writes demangled ones into the name section. `main` is C's main and
nobody else.
"""

import re
from collections.abc import Iterable

from gdbstub.objfile import dw
from gdbstub.objfile.addresses import CodeMap
from gdbstub.objfile.dies import DieReader
from gdbstub.objfile.dwarf_patch import PatchedDwarf
from gdbstub.objfile.elf import Symbol, SymbolType
from gdbstub.objfile.image import FunctionImage, ModuleImage
from gdbstub.objfile.info import VariableEntry
from gdbstub.objfile.leb import skip_leb
from gdbstub.objfile.report import DwarfError
from gdbstub.objfile.types import TypeReader
from gdbstub.objfile.vtables import PREFIX, Vtables

LOCAL_GET, LOCAL_SET, LOCAL_TEE, CALL, RETURN, END = 0x20, 0x21, 0x22, 0x10, 0x0F, 0x0B

HOST_SYMBOL = b"__wasm_host"
MAIN = b"main"

MAIN_BY_NAME = (b"__main_argc_argv", MAIN, b"__original_main", b"__main_void")
"""What C's main may be called in a name section; all but the author's own wrap another."""

_WRAPPER_OPERATORS = {LOCAL_GET: 1, LOCAL_SET: 1, LOCAL_TEE: 1, CALL: 1, RETURN: 0, END: 0}
"""The operators a wrapper is made of: how many LEB128 numbers follow each."""

MANGLED = ("_Z", "_R")
_PATH = re.compile(r"_ZN?[VKrRO]*")
_LENGTH = re.compile(r"[1-9][0-9]*")
_RUST_HASH = re.compile(r"h[0-9a-f]{16}")

TABLE_REGION_SIZE = 0x400
"""Addresses below are table slots: data of a linked module starts above."""


def function_names(image: ModuleImage, dwarf: PatchedDwarf) -> dict[int, tuple[bytes, bool]]:
    """Return each function's symbol and whether it is global, by function index."""
    names: dict[int, tuple[bytes, bool]] = {}
    for function in image.functions:
        text = function.symbol or function.name
        names[function.index] = (text.encode(errors="surrogateescape") if text else b"", True)
    for entry in dwarf.functions:
        try:
            die = dwarf.reader.die(entry.unit, entry.offset)
            name = dwarf.reader.linkage_name(die) or dwarf.reader.text(die, dw.DW_AT_name)
            external = dwarf.reader.inherited(die, dw.DW_AT_external) is not None
        except DwarfError:
            continue
        if name:
            names[entry.function.index] = (name, external)
    for index, (name, external) in names.items():
        if not name:
            names[index] = (b"f%d" % index, external)
    main = main_function(image, dwarf)
    if main is not None:
        for index, (name, external) in names.items():
            if index == main:
                names[index] = (MAIN, external)
            elif name == MAIN:
                names[index] = (b"main.f%d" % index, external)
    return names


def main_function(image: ModuleImage, dwarf: PatchedDwarf) -> int | None:
    """Return the index of C's main: what the DWARF says, else the function called like it."""
    if dwarf.main is not None:
        return dwarf.main.index
    by_name = {function.name.encode(errors="replace"): function for function in image.functions}
    found = [by_name[name] for name in MAIN_BY_NAME if name in by_name]
    own = [function for function in found if not _only_calls(image.data, function)]
    return next((function.index for function in own or found), None)


def _only_calls(data: bytes, function: FunctionImage) -> bool:
    """Tell whether a function does nothing but call one other with what it got."""
    code = data[function.first_op : function.end] + bytes(1)
    position, calls = 0, 0
    while position < len(code) - 1:
        opcode = code[position]
        numbers = _WRAPPER_OPERATORS.get(opcode)
        if numbers is None:
            return False
        calls += opcode == CALL
        position += 1
        if numbers:
            position = skip_leb(code, position)
    return calls == 1


def function_symbols(
    image: ModuleImage, code: CodeMap, names: dict[int, tuple[bytes, bool]]
) -> list[Symbol]:
    """Return a symbol for each function, from where it is entered to its end."""
    symbols = []
    for function in image.functions:
        name, external = names[function.index]
        entry = code.entry(function)
        address = image.code_base + entry
        symbols.append(Symbol(name, address, function.end - entry, SymbolType.FUNC, external))
    return symbols


def table_symbols(image: ModuleImage) -> list[Symbol]:
    """Return a symbol `NAME.tabN` for each slot of table 0 that its region has room for.

    A function pointer is a table slot, so this is what makes it print as a function's. No name is a
    mangled one: gdb takes `_Z3addii.tab1` for a clone of `add`, and breaks at slot 1 too.
    """
    symbols = []
    for slot, name in sorted(image.table_functions.items()):
        if 0 <= slot < TABLE_REGION_SIZE:
            text = readable(name).encode(errors="surrogateescape")
            symbols.append(Symbol(b"%s.tab%d" % (text, slot), slot, 1, SymbolType.OBJECT, False))
    return symbols


def readable(name: str) -> str:
    """Return a mangled name without its mangling as far as it is a path, any other name as it is.

    Rust's hash at the end of the path is left out; what else is in the name is not said.
    """
    if not name.startswith(MANGLED):
        return name
    match = _PATH.match(name)
    parts = []
    rest = name[match.end() :] if match else ""
    while length := _LENGTH.match(rest):
        start = length.end()
        end = start + int(length[0])
        parts.append(rest[start:end])
        rest = rest[end:]
    if parts and _RUST_HASH.fullmatch(parts[-1]):
        del parts[-1]
    return "::".join(parts) or f"mangled.{name}"


def variable_symbols(
    image: ModuleImage,
    reader: DieReader,
    types: TypeReader,
    variables: Iterable[VariableEntry],
    names: dict[int, tuple[bytes, bool]],
) -> list[Symbol]:
    """Return a symbol for each variable at a fixed address that has a name.

    A static local is called FUNCTION.NAME, as clang calls it in native code.
    """
    found: dict[tuple[bytes, int], Symbol] = {}
    vtables = Vtables(image)
    for variable in variables:
        try:
            die = reader.die(variable.unit, variable.offset)
            linkage = reader.linkage_name(die)
            name = linkage or reader.text(die, dw.DW_AT_name)
            external = reader.inherited(die, dw.DW_AT_external) is not None
        except DwarfError:
            continue
        if not name:
            continue
        if variable.function is not None and not linkage:
            name = names[variable.function.index][0] + b"." + name
        if linkage.startswith(PREFIX):
            size = vtables.size(linkage, variable.address)
        else:
            size = types.of(die).size
        address = image.shown_address(variable.address)
        size = min(max(size, 0), 0xFFFFFFFF - address)
        symbol = Symbol(name, address, size, SymbolType.OBJECT, external)
        found.setdefault((name, address), symbol)
    return list(found.values())


def host_symbol(image: ModuleImage) -> Symbol:
    """Return the symbol of the frame that called the guest."""
    return Symbol(HOST_SYMBOL, image.host_base, image.host_size, SymbolType.FUNC, True)
