"""The ELF container, read back by pyelftools."""

import io
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from gdbstub.objfile import ModuleImage, build_object
from gdbstub.objfile.elf import SHF_EXECINSTR, Region, Segment, Symbol, SymbolType, write_elf
from tests.unit.objfile.conftest import image_of, object_of


def read(data: bytes) -> ELFFile:
    """Parse an ELF file."""
    return ELFFile(io.BytesIO(data))


def symbols(data: bytes) -> dict[str, object]:
    """Return the symbols by name."""
    table = read(data).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    return {symbol.name: symbol for symbol in table.iter_symbols()}


@pytest.fixture
def plain() -> bytes:
    """Give a file with one region, one segment and two symbols."""
    return write_elf(
        0x1000,
        [Region(".text", 0x1000, 0x100, SHF_EXECINSTR)],
        [Segment(0x1000, 0x100, 5)],
        [
            Symbol(b"outer", 0x1010, 4, SymbolType.FUNC, True),
            Symbol(b"inner", 0x1020, 4, SymbolType.FUNC, False),
        ],
        [(".debug_info", b"abc")],
    )


def test_header(plain: bytes) -> None:
    header = read(plain).header
    assert (header["e_machine"], header["e_type"]) == ("EM_X86_64", "ET_EXEC")
    assert header["e_ident"]["EI_CLASS"] == "ELFCLASS32"
    assert header["e_entry"] == 0x1000


def test_sections(plain: bytes) -> None:
    elf = read(plain)
    assert elf.get_section_by_name(".text")["sh_type"] == "SHT_NOBITS"
    assert elf.get_section_by_name(".debug_info").data() == b"abc"


def test_local_symbols_come_first(plain: bytes) -> None:
    table = read(plain).get_section_by_name(".symtab")
    names = [symbol.name for symbol in table.iter_symbols()]
    assert names == ["", "inner", "outer"]
    assert table["sh_info"] == 2


def test_program_header_has_no_bytes_in_the_file(plain: bytes) -> None:
    (segment,) = read(plain).iter_segments()
    assert (segment["p_type"], segment["p_filesz"], segment["p_memsz"]) == ("PT_LOAD", 0, 0x100)


def test_a_section_in_the_file_lies_in_its_segment() -> None:
    region = Region(".host", 0x1000, 4, SHF_EXECINSTR, b"host")
    elf = read(write_elf(0x1000, [region], [Segment(0x1000, 0x100, 5)], [], []))
    (segment,) = elf.iter_segments()
    section = elf.get_section_by_name(".host")
    assert (section["sh_type"], section.data()) == ("SHT_PROGBITS", b"host")
    assert (segment["p_filesz"], segment["p_memsz"]) == (4, 0x100)
    assert segment.section_in_segment(section)


def test_a_module_without_dwarf_has_symbols_and_frames(program: Path) -> None:
    image = image_of(program)
    bare = ModuleImage(image.name, image.data, image.functions, image.code_section_payload, {}, 0)
    result = build_object(bare)
    fib = next(function for function in image.functions if function.name == "fib")
    assert symbols(result.elf)["fib"]["st_value"] == 0xE0000000 + fib.first_op
    assert read(result.elf).get_section_by_name(".debug_frame") is not None
    assert read(result.elf).get_section_by_name(".debug_info") is None
    assert result.report.issues == ()


def test_symbols(program: Path) -> None:
    result = object_of(program)
    found = symbols(result.elf)
    assert result.main is not None
    assert found["main"]["st_value"] == 0xE0000000 + result.functions[result.main].entry
    assert found["__wasm_host"]["st_value"] == 0xFFFF0000
    assert found["n1"]["st_size"] == 12
    assert found["n1"]["st_info"]["type"] == "STT_OBJECT"
    assert found["add.tab1"]["st_value"] == 1
    assert found["add"]["st_info"]["bind"] == "STB_LOCAL"


def test_every_function_ends_where_its_body_does(program: Path) -> None:
    image, found = image_of(program), symbols(object_of(program).elf)
    walk = next(function for function in image.functions if function.name == "walk")
    symbol = found["walk"]
    assert symbol["st_value"] + symbol["st_size"] == 0xE0000000 + walk.end
