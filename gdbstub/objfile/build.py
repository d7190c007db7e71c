"""Puts the object file together: patched DWARF, what is made beside it, symbols, frame information."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from gdbstub.objfile import listing as listings
from gdbstub.objfile import vmctx
from gdbstub.objfile.addresses import EntryKind
from gdbstub.objfile.dwarf_patch import PatchedDwarf, patch_dwarf
from gdbstub.objfile.dwarf_write import UnitWriter, debug_aranges
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
from gdbstub.objfile.image import MEMORY_ROOM, ModuleImage
from gdbstub.objfile.listing import Listing
from gdbstub.objfile.prototypes import EntryPlace, Prototypes, WasmSignature
from gdbstub.objfile.report import PatchReport
from gdbstub.objfile.symbols import (
    TABLE_REGION_SIZE,
    function_names,
    function_symbols,
    host_symbol,
    main_function,
    table_symbols,
    variable_symbols,
)
from gdbstub.objfile.types import TypeReader

MEMORY_LIMIT = 0xC0000000
"""Where linear memory ends for a debugger: windows begin."""

OWN_NAMES_FIRST = struct.pack("<4I", 16, 0, 0, 0)
"""DT_SYMBOLIC (System V gABI, chapter 5): in the code of such a file, gdb looks names up there first.

So it is in Wasm: no module sees another's names.
"""

_HOST = b"\x90" * 16
"""What of the host's code is in the file: a section at the entry point, with the one PC of its frame."""


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
    """The file's bytes, and what belongs to them. `main` is the function index of C's main.

    `source` is the text of the listing that the file names as its functions' source, empty where
    the module has DWARF of its own.
    """

    elf: bytes
    report: PatchReport
    functions: Mapping[int, FunctionView]
    main: int | None
    prototypes: Prototypes
    source: str = field(default="", repr=False)

    @property
    def frame_bases(self) -> dict[int, bytes]:
        """The original DW_AT_frame_base of each function that has one, by function index."""
        return {f.index: f.frame_base for f in self.functions.values() if f.frame_base}


def build_object(
    image: ModuleImage,
    make_listing: Callable[[], Listing] | None = None,
    source: PurePath | None = None,
) -> ObjectFile:
    """Make the ELF file for a module. DWARF that makes no sense costs itself only: see `report`.

    A module whose DWARF tells of no code is described by the listing that `make_listing` returns,
    if it is given; `source` is the absolute path at which debuggers shall find its text.
    """
    dwarf = patch_dwarf(image)
    types = TypeReader(dwarf.reader)
    names = function_names(image, dwarf)
    symbols = [
        *function_symbols(image, dwarf.code, names),
        *variable_symbols(image, dwarf.reader, types, dwarf.variables, names),
    ]
    if not image.library:
        symbols += [*table_symbols(image), host_symbol(image)]
    sections = _Sections(dwarf, _ranges(image, dwarf))
    made: dict[int, WasmSignature] = {}
    text = ""
    if make_listing is not None and source is not None and not dwarf.describes_code:
        listing = make_listing().remarked(image.remarks)
        text = listing.text()
        sections.add_listing(image, listing, names, source)
        made = listings.signatures(listing, {index: name for index, (name, _) in names.items()})
    if image.vmctx is not None:
        library = PurePath(image.name).stem if image.library else ""
        sections.add_unit(vmctx.describe(image.vmctx, image.depth_address, library), [])
    host = None if image.library else (image.host_base, image.host_size)
    frames = debug_frame(image.code_base, len(image.data), host)
    debug = [*sections.finished(), (".debug_frame", frames)]
    if image.library:
        debug.append((".dynamic", OWN_NAMES_FIRST))
    elf = write_elf(image.host_base, _regions(image), _segments(image), symbols, debug)
    places = {
        entry.function.index: EntryPlace(
            entry.unit.header.section, entry.unit.header.offset, entry.offset
        )
        for entry in dwarf.functions
    }
    return ObjectFile(
        elf,
        dwarf.report,
        _function_views(image, dwarf, names),
        main_function(image, dwarf),
        Prototypes(lambda: dwarf.reader, places, made),
        text,
    )


class _Sections:
    """The file's DWARF while units are added to it."""

    def __init__(self, dwarf: PatchedDwarf, ranges: dict[int, list[tuple[int, int]]]) -> None:
        self._data = dict(dwarf.sections)
        self._units = [unit.header.offset for unit in dwarf.reader.units()]
        self._ranges = ranges

    def _append(self, name: str, data: bytes) -> int:
        before = self._data.get(name, b"")
        self._data[name] = before + data
        return len(before)

    def add_unit(self, unit: UnitWriter, ranges: list[tuple[int, int]]) -> None:
        """Add a unit and the (address, size) pairs of its code."""
        abbreviations = self._append(".debug_abbrev", unit.abbreviations())
        offset = self._append(".debug_info", unit.unit(abbreviations))
        self._units.append(offset)
        self._ranges[offset] = ranges

    def add_listing(
        self,
        image: ModuleImage,
        listing: Listing,
        names: Mapping[int, tuple[bytes, bool]],
        source: PurePath,
    ) -> None:
        """Add the unit of a listing and its line program."""
        symbols = {index: name for index, (name, _) in names.items()}
        lines_at = len(self._data.get(".debug_line", b""))
        described = listings.describe(image, listing, symbols, source, lines_at)
        self._append(".debug_line", described.lines)
        self.add_unit(described.unit, described.ranges)

    def finished(self) -> list[tuple[str, bytes]]:
        """Return the sections by name, .debug_aranges last; none where there is no DWARF."""
        found = [(name, data) for name, data in sorted(self._data.items()) if data]
        if found:
            found.append((".debug_aranges", debug_aranges(self._units, self._ranges)))
        return found


def _regions(image: ModuleImage) -> list[Region]:
    memory = min(image.memory_bytes, MEMORY_LIMIT)
    regions = [Region(".text", image.code_base, len(image.data), SHF_EXECINSTR)]
    if not image.library:
        regions += [
            Region(".wasm_table", 0, TABLE_REGION_SIZE, 0),
            Region(".host", image.host_base, len(_HOST), SHF_EXECINSTR, _HOST),
        ]
    if image.memory_base:
        regions.append(Region(".data", image.memory_base, min(memory, MEMORY_ROOM), SHF_WRITE))
    elif memory > TABLE_REGION_SIZE and not image.library:
        size = memory - TABLE_REGION_SIZE
        regions.append(Region(".data", TABLE_REGION_SIZE, size, SHF_WRITE))
    return regions


def _segments(image: ModuleImage) -> list[Segment]:
    memory = max(min(image.memory_bytes, MEMORY_LIMIT), TABLE_REGION_SIZE)
    segments = [Segment(image.code_base, len(image.data), PF_R | PF_X)]
    if not image.library:
        segments.insert(0, Segment(0, memory, PF_R | PF_W | PF_X))
        segments.append(Segment(image.host_base, image.host_size, PF_R | PF_X))
    if image.memory_base:
        shown = min(memory, MEMORY_ROOM)
        segments.append(Segment(image.memory_base, shown, PF_R | PF_W))
    return segments


def _ranges(image: ModuleImage, dwarf: PatchedDwarf) -> dict[int, list[tuple[int, int]]]:
    """Return an (address, size) pair for each function, by the offset of its unit."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for entry in dwarf.functions:
        if entry.unit.header.section != ".debug_info":
            continue
        start = dwarf.code.entry(entry.function)
        size = entry.function.end - start
        pairs = ranges.setdefault(entry.unit.header.offset, [])
        pairs.append((image.code_base + start, size))
    return ranges


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
