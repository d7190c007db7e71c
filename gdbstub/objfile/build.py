"""Puts the object file together: patched DWARF, symbols, frame information, address ranges."""

from collections.abc import Mapping
from dataclasses import dataclass

from gdbstub.objfile.addresses import EntryKind
from gdbstub.objfile.dwarf_patch import PatchedDwarf, patch_dwarf
from gdbstub.objfile.dwarf_write import debug_aranges
from gdbstub.objfile.elf import (
    PF_R,
    PF_W,
    PF_X,
    SHF_EXECINSTR,
    SHF_WRITE,
    Region,
    Segment,
    write_elf,
)
from gdbstub.objfile.expression import WasmLocation, simple_location
from gdbstub.objfile.frame import debug_frame
from gdbstub.objfile.image import ModuleImage
from gdbstub.objfile.prototypes import Prototypes
from gdbstub.objfile.report import PatchReport
from gdbstub.objfile.symbols import (
    TABLE_REGION_SIZE,
    function_names,
    function_symbols,
    host_symbol,
    table_symbols,
    variable_symbols,
)
from gdbstub.objfile.types import TypeReader

MEMORY_LIMIT = 0xC0000000
"""Where linear memory ends for a debugger: windows begin."""


@dataclass(frozen=True, slots=True)
class FunctionView:
    """What a view must know of a function to render its frames as the file describes them.

    `entry` is the Wasm PC a debugger takes for the function's first instruction: the body start
    (a stop point of its own, before the first operator) or the first operator. `frame_base` is the
    original DW_AT_frame_base, empty without one; `frame_base_location` is what it names where it is
    a plain DW_OP_WASM_location. Slot 0 of a frame is the value of that expression.
    """

    index: int
    symbol: bytes
    entry: int
    entry_kind: EntryKind
    has_dwarf: bool
    frame_base: bytes
    frame_base_location: WasmLocation | None


@dataclass(frozen=True, slots=True)
class ObjectFile:
    """The file's bytes, and what belongs to them. `main` is the function index of C's main."""

    elf: bytes
    report: PatchReport
    functions: Mapping[int, FunctionView]
    main: int | None
    prototypes: Prototypes

    @property
    def frame_bases(self) -> dict[int, bytes]:
        """The original DW_AT_frame_base of each function that has one, by function index."""
        return {f.index: f.frame_base for f in self.functions.values() if f.frame_base}


def build_object(image: ModuleImage) -> ObjectFile:
    """Make the ELF file for a module. DWARF that makes no sense costs itself only: see `report`."""
    dwarf = patch_dwarf(image)
    types = TypeReader(dwarf.reader)
    names = function_names(image, dwarf)
    symbols = [
        *function_symbols(image, dwarf.code, names),
        *table_symbols(image),
        *variable_symbols(dwarf.reader, types, dwarf.variables, names),
        host_symbol(image),
    ]
    debug = [(name, data) for name, data in sorted(dwarf.sections.items()) if data]
    if debug:
        debug.append((".debug_aranges", _aranges(image, dwarf)))
    code_size = len(image.data)
    frames = debug_frame(image.code_base, code_size, image.host_base, image.host_size)
    debug.append((".debug_frame", frames))
    regions = _regions(image)
    elf = write_elf(image.host_base, regions, _segments(image), symbols, debug)
    return ObjectFile(
        elf,
        dwarf.report,
        _function_views(image, dwarf, names),
        None if dwarf.main is None else dwarf.main.index,
        Prototypes(dwarf.reader, types, dwarf.functions),
    )


def _regions(image: ModuleImage) -> list[Region]:
    memory = min(image.memory_bytes, MEMORY_LIMIT)
    regions = [
        Region(".text", image.code_base, len(image.data), SHF_EXECINSTR),
        Region(".wasm_table", 0, TABLE_REGION_SIZE, SHF_EXECINSTR),
        Region(".host", image.host_base, image.host_size, SHF_EXECINSTR),
    ]
    if memory > TABLE_REGION_SIZE:
        size = memory - TABLE_REGION_SIZE
        regions.append(Region(".data", TABLE_REGION_SIZE, size, SHF_WRITE))
    return regions


def _segments(image: ModuleImage) -> list[Segment]:
    memory = max(min(image.memory_bytes, MEMORY_LIMIT), TABLE_REGION_SIZE)
    return [
        Segment(0, memory, PF_R | PF_W | PF_X),
        Segment(image.code_base, len(image.data), PF_R | PF_X),
        Segment(image.host_base, image.host_size, PF_R | PF_X),
    ]


def _aranges(image: ModuleImage, dwarf: PatchedDwarf) -> bytes:
    """Return an address range for each function, under its unit."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for entry in dwarf.functions:
        if entry.unit.header.section != ".debug_info":
            continue
        start = dwarf.code.entry(entry.function)
        size = entry.function.end - start
        pairs = ranges.setdefault(entry.unit.header.offset, [])
        pairs.append((image.code_base + start, size))
    units = [unit.header.offset for unit in dwarf.reader.units()]
    return debug_aranges(units, ranges)


def _function_views(
    image: ModuleImage, dwarf: PatchedDwarf, names: Mapping[int, tuple[bytes, bool]]
) -> dict[int, FunctionView]:
    entries = {entry.function.index: entry for entry in dwarf.functions}
    views = {}
    for function in image.functions:
        entry = entries.get(function.index)
        frame_base = entry.frame_base if entry is not None else b""
        views[function.index] = FunctionView(
            function.index,
            names[function.index][0],
            dwarf.code.entry(function),
            dwarf.code.kind(function),
            entry is not None,
            frame_base,
            simple_location(frame_base) if frame_base else None,
        )
    return views
