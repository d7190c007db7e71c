"""DWARF that makes no sense: nothing raises, what is left is still an ELF file, and it is reported."""

import dataclasses
import io
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from gdbstub.objfile import ObjectFile, build_object
from tests.unit.objfile.conftest import VARIANTS, image_of
from tests.unit.objfile.tools import gdb

LIVE = (0, 0x7F, 0x80, 0xED, 0xFF)


def rebuild(path: Path, **sections: bytes) -> ObjectFile:
    """Build the object file with sections replaced: debug_info=b"..."."""
    image = image_of(path)
    customs = dict(image.customs)
    customs.update({"." + name: data for name, data in sections.items()})
    return build_object(dataclasses.replace(image, customs=customs))


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Damage a section somewhere."""
    out = bytearray(data)
    place = chance.randrange(len(out))
    match chance.randrange(5):
        case 0:
            out[place] = chance.choice(LIVE)
        case 1:
            out[place] = chance.randrange(256)
        case 2:
            del out[place:]
        case 3:
            del out[place : place + chance.randrange(1, 9)]
        case _:
            out[place : place + 4] = b"\xff" * 4
    return bytes(out)


@pytest.mark.limit(120)
@pytest.mark.parametrize(("opt", "version"), VARIANTS)
def test_random_damage_never_raises(compiled: Callable[..., Path], opt: str, version: int) -> None:
    image = image_of(compiled("program.c", opt, version))
    names = [name for name in image.customs if name.startswith(".debug")]
    for seed in range(120):
        chance = random.Random(seed)
        customs = dict(image.customs)
        for name in chance.choices(names, k=chance.choice((1, 3, 20))):
            if customs.get(name):
                customs[name] = mutate(customs[name], chance)
        result = build_object(dataclasses.replace(image, customs=customs))
        assert ELFFile(io.BytesIO(result.elf)).get_section_by_name(".symtab") is not None
        for function in image.functions:
            result.prototypes.get(function.index)


@pytest.mark.parametrize("missing", ["debug_abbrev", "debug_loc", "debug_ranges", "debug_line"])
def test_a_missing_section_costs_itself_only(program: Path, missing: str) -> None:
    result = rebuild(program, **{missing: b""})
    assert result.functions
    assert result.elf.startswith(b"\x7fELF")


SINCE_4 = ("debug_str", "debug_loc", "debug_ranges", "debug_line", "debug_abbrev")
SINCE_5 = ("debug_str_offsets", "debug_line_str", "debug_addr", "debug_loclists", "debug_rnglists")


@pytest.mark.parametrize(
    ("version", "missing"),
    [*((4, name) for name in SINCE_4), *((5, name) for name in (*SINCE_4, *SINCE_5))],
)
def test_gdb_reads_what_is_left_without_a_section(
    compiled: Callable[..., Path], tmp_path: Path, version: int, missing: str
) -> None:
    image = image_of(compiled("program.c", "O2", version))
    customs = {name: data for name, data in image.customs.items() if name != "." + missing}
    result = build_object(dataclasses.replace(image, customs=customs))
    elf = tmp_path / "program.elf"
    elf.write_bytes(result.elf)
    said = gdb(elf, "maint expand-symtabs", "break walk", "info line program.c:40", "print 1 + 1")
    assert "$1 = 2" in said
    assert "Breakpoint 1 at 0xe" in said
    assert "rror" not in said
    issues = [issue for issue in result.report.issues if issue.section == "." + missing]
    assert [(issue.offset, issue.reason[:13]) for issue in issues] in ([], [(0, "it is missing")])
    if missing in ("debug_str", "debug_line_str", "debug_addr", "debug_abbrev", "debug_line"):
        assert issues


def test_a_bad_unit_is_made_harmless_and_the_others_live(program: Path, tmp_path: Path) -> None:
    info = bytearray(image_of(program).customs[".debug_info"])
    info[4] = 77  # the version of the first unit, which is that of _start
    result = rebuild(program, debug_info=bytes(info))
    (issue,) = result.report.issues
    assert (issue.section, issue.offset) == (".debug_info", 0)
    assert "version 77" in issue.reason
    elf = tmp_path / "program.elf"
    elf.write_bytes(result.elf)
    said = gdb(elf, "info line fib", "info line _start")
    assert "starts at address" in said
    assert "Dwarf Error" not in said


def test_what_follows_a_bad_unit_length_is_cut_off(program: Path) -> None:
    info = bytearray(image_of(program).customs[".debug_info"])
    first = 4 + int.from_bytes(info[:4], "little")
    info[first : first + 4] = b"\xfe\xff\xff\x7f"
    result = rebuild(program, debug_info=bytes(info))
    assert [issue.offset for issue in result.report.issues] == [first]
    section = ELFFile(io.BytesIO(result.elf)).get_section_by_name(".debug_info")
    assert section["sh_size"] == first


def test_a_bad_length_behind_a_unit_that_cost_the_section(program: Path) -> None:
    result = rebuild(program, debug_info=b"\3\0\0\0\0\0\0" + b"\xff\xff\xff\x7f")
    issues = [(issue.section, issue.offset) for issue in result.report.issues]
    assert issues == [(".debug_info", 0), (".debug_info", 7)]
    assert result.elf.startswith(b"\x7fELF")


@pytest.mark.parametrize("end", [b"\0", b""], ids=["overlapping", "endless"])
def test_a_table_in_each_byte_of_another_takes_no_longer(program: Path, end: bytes) -> None:
    """Each unit begins its abbreviations one further on: read in full, 50 million of them."""
    entries = b"\1\x0b\0\0\0" * 10_000
    units = [struct.pack("<IHIBB", 8, 4, 5 * start, 4, 1) for start in range(10_000)]
    result = rebuild(program, debug_abbrev=entries + end, debug_info=b"".join(units))
    assert any("overlap" in issue.reason for issue in result.report.issues)


def test_an_unknown_operator_empties_its_expression(compiled: Callable[..., Path]) -> None:
    path = compiled("program.c", "O0", 4)
    info = image_of(path).customs[".debug_info"]
    place = info.index(b"\x02\x91\x08")  # an exprloc of two bytes: fbreg 8
    result = rebuild(path, debug_info=info[: place + 1] + b"\xff" + info[place + 2 :])
    (issue,) = result.report.issues
    assert "unknown operator 0xff" in issue.reason
    assert result.report.expressions_unfit == 1
    section = ELFFile(io.BytesIO(result.elf)).get_section_by_name(".debug_info")
    assert section.data()[place : place + 3] == b"\x80\x80\x00"
