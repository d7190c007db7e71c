"""Writes the ELF file: ELFCLASS32, EM_X86_64, ET_EXEC (System V gABI chapters 4 and 5).

Code and memory are in the target, not in the file: their sections are NOBITS and their segments
have no bytes here. What the file has is symbols and debugging information, and the section that
begins at the entry point: gdb's `info files` warns of one that is not loaded.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

EM_X86_64 = 62
EHDR_SIZE, PHDR_SIZE, SHDR_SIZE, SYM_SIZE = 52, 32, 40, 16

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS = 1, 2, 3, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
PT_LOAD = 1
PF_X, PF_W, PF_R = 1, 2, 4
SHN_ABS = 0xFFF1
STB_LOCAL, STB_GLOBAL = 0, 1


class SymbolType(IntEnum):
    """STT_ values."""

    OBJECT = 1
    FUNC = 2


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol; its section is the region that holds its address."""

    name: bytes
    address: int
    size: int
    type: SymbolType
    external: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A range of the target's address space: a section with `data`, or a NOBITS one."""

    name: str
    address: int
    size: int
    flags: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Segment:
    """A program header; of its bytes the file has those of a section at its address, or none."""

    address: int
    size: int
    flags: int


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    type: int
    flags: int
    address: int
    data: bytes
    size: int
    link: int = 0
    info: int = 0
    align: int = 1
    entry_size: int = 0


def write_elf(
    entry: int,
    regions: Sequence[Region],
    segments: Sequence[Segment],
    symbols: Sequence[Symbol],
    debug: Sequence[tuple[str, bytes]],
) -> bytes:
    """Return the file's bytes. `debug` are the sections without an address, by name."""
    sections = [_Section("", 0, 0, 0, b"", 0, align=0)]
    sections += [
        _Section(
            region.name,
            SHT_PROGBITS if region.data else SHT_NOBITS,
            region.flags | SHF_ALLOC,
            region.address,
            region.data,
            region.size,
        )
        for region in regions
    ]
    ordered = sorted(debug, key=lambda section: len(section[1]))
    sections += [_Section(name, SHT_PROGBITS, 0, 0, data, len(data)) for name, data in ordered]
    symtab, strtab, locals_count = _symbol_table(symbols, regions)
    link = len(sections) + 1
    sections.append(
        _Section(".symtab", SHT_SYMTAB, 0, 0, symtab, len(symtab), link, locals_count, 4, SYM_SIZE)
    )
    sections.append(_Section(".strtab", SHT_STRTAB, 0, 0, strtab, len(strtab)))
    names = bytearray(b"\0")
    name_offsets = []
    for name in [section.name for section in sections] + [".shstrtab"]:
        name_offsets.append(len(names) if name else 0)
        names += name.encode() + b"\0" if name else b""
    sections.append(_Section(".shstrtab", SHT_STRTAB, 0, 0, bytes(names), len(names)))
    return _assemble(entry, segments, sections, name_offsets)


def _assemble(
    entry: int, segments: Sequence[Segment], sections: Sequence[_Section], names: Sequence[int]
) -> bytes:
    """Lay the file out: headers, then sections from the smallest to the largest.

    A client fetches the file in large pieces and reads the headers and the start of every section
    several times over, in the order of their headers: what lies together comes in one piece.
    """
    table = EHDR_SIZE + PHDR_SIZE * len(segments)
    out = bytearray(table + SHDR_SIZE * len(sections))
    places: dict[int, int] = {}
    for index in sorted(range(len(sections)), key=lambda index: len(sections[index].data)):
        out += bytes(-len(out) % 4)
        places[index] = len(out)
        out += sections[index].data
    for index, (section, name) in enumerate(zip(sections, names, strict=True)):
        struct.pack_into(
            "<10I",
            out,
            table + SHDR_SIZE * index,
            name,
            section.type,
            section.flags,
            section.address,
            places[index] if section.type else 0,
            section.size,
            section.link,
            section.info,
            section.align,
            section.entry_size,
        )
    ident = b"\x7fELF" + bytes((1, 1, 1)) + bytes(9)
    struct.pack_into(
        "<16sHHIIIIIHHHHHH",
        out,
        0,
        ident,
        2,
        EM_X86_64,
        1,
        entry,
        EHDR_SIZE,
        table,
        0,
        EHDR_SIZE,
        PHDR_SIZE,
        len(segments),
        SHDR_SIZE,
        len(sections),
        len(sections) - 1,
    )
    in_file = {
        section.address: (places[index], section.size)
        for index, section in enumerate(sections)
        if section.data and section.flags & SHF_ALLOC
    }
    for index, segment in enumerate(segments):
        place, size = in_file.get(segment.address, (EHDR_SIZE, 0))
        struct.pack_into(
            "<8I",
            out,
            EHDR_SIZE + PHDR_SIZE * index,
            PT_LOAD,
            place,
            segment.address,
            segment.address,
            size,
            segment.size,
            segment.flags,
            1,
        )
    return bytes(out)


def _symbol_table(symbols: Sequence[Symbol], regions: Sequence[Region]) -> tuple[bytes, bytes, int]:
    """Return .symtab, .strtab and the number of entries before the first global one."""
    strings = bytearray(b"\0")
    offsets: dict[bytes, int] = {b"": 0}
    table = bytearray(SYM_SIZE)
    ordered = sorted(symbols, key=lambda symbol: symbol.external)
    for symbol in ordered:
        offset = offsets.get(symbol.name)
        if offset is None:
            offset = offsets[symbol.name] = len(strings)
            strings += symbol.name + b"\0"
        binding = STB_GLOBAL if symbol.external else STB_LOCAL
        table += struct.pack(
            "<IIIBBH",
            offset,
            symbol.address,
            symbol.size,
            binding << 4 | symbol.type,
            0,
            _section_index(symbol.address, regions),
        )
    locals_count = 1 + sum(not symbol.external for symbol in ordered)
    return bytes(table), bytes(strings), locals_count


def _section_index(address: int, regions: Sequence[Region]) -> int:
    for index, region in enumerate(regions, start=1):
        if region.address <= address < region.address + region.size:
            return index
    return SHN_ABS
