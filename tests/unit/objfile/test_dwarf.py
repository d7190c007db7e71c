"""The patched DWARF, compared with the original by LLVM's dumper and verifier."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gdbstub.objfile import EntryKind, layout
from tests.unit.objfile.conftest import image_of, object_of
from tests.unit.objfile.tools import dwarfdump, entries

REGISTERS = {"RBP": 0, "RBX": 1, "R10": 2, "R11": 3, "R12": 4, "R13": 5, "R14": 6, "R15": 7}
WASM = re.compile(r"DW_OP_WASM_location (0x[0-9a-f]+) (0x[0-9a-f]+)(, DW_OP_stack_value)?")
ANCHORED = re.compile(r"DW_OP_breg\d+ (\w+)([+-]\d+)(, DW_OP_deref)?")
RANGE = re.compile(r"\[(0x[0-9a-f]+), (0x[0-9a-f]+)\)(.*)")
DEAD = 0xFFFFFFFE


def location_lines(text: str) -> list[str]:
    """Return the lines of an entry that tell locations."""
    return [line for line in text.splitlines() if "DW_OP_" in line and "frame_base" not in line]


def place_of_original(match: re.Match[str], num_locals: int) -> tuple[int, bool]:
    """Return where a DW_OP_WASM_location lies from the CFA, and whether its value is meant."""
    kind, index = int(match[1], 16), int(match[2], 16)
    assert kind in (0, 2)
    offset = layout.local_offset(index) if kind == 0 else layout.stack_offset(index, num_locals)
    return offset, match[3] is None


def place_of_patched(match: re.Match[str]) -> tuple[int, bool]:
    """Return where an anchored location lies from the CFA, and whether its value is meant."""
    return 128 * REGISTERS[match[1]] + int(match[2]), match[3] is not None


@pytest.fixture
def dumps(program: Path, elf: Path) -> tuple[dict[int, str], dict[int, str]]:
    """Give the entries of the original and of the patched .debug_info."""
    return entries(dwarfdump(program, "--debug-info")), entries(dwarfdump(elf, "--debug-info"))


def test_every_entry_stays_where_it_was(dumps: tuple[dict[int, str], dict[int, str]]) -> None:
    original, patched = dumps
    assert list(original) == list(patched)
    assert [text.split()[0] for text in original.values()] == [
        text.split()[0] for text in patched.values()
    ]


def test_every_location_names_the_same_slot(
    program: Path, dumps: tuple[dict[int, str], dict[int, str]]
) -> None:
    original, patched = dumps
    image = image_of(program)
    locals_at = {function.body_start: function.num_locals for function in image.functions}
    compared, num_locals = 0, 0
    for offset, text in original.items():
        low = re.search(r"DW_AT_low_pc\s+\((0x[0-9a-f]+|dead code)", text)
        if text.startswith("DW_TAG_subprogram") and low:
            num_locals = 0
            if low[1] != "dead code":
                num_locals = locals_at[int(low[1], 16) + image.code_section_payload]
        for before, after in zip(
            location_lines(text), location_lines(patched[offset]), strict=False
        ):
            wanted = [place_of_original(m, num_locals) for m in WASM.finditer(before)]
            got = [place_of_patched(m) for m in ANCHORED.finditer(after)]
            if wanted:
                assert got == wanted, (hex(offset), before, after)
                compared += len(wanted)
    assert compared > 1000
    assert "WASM_location" not in "".join(patched.values())


def test_live_ranges_of_locations_are_shifted(
    program: Path, dumps: tuple[dict[int, str], dict[int, str]]
) -> None:
    original, patched = dumps
    image = image_of(program)
    moves = {
        function.body_start: function.first_op - function.body_start
        for function in image.functions
        if object_of(program).functions[function.index].entry_kind is EntryKind.FIRST_OP
    }
    compared = 0
    for offset, text in original.items():
        for before, after in zip(
            RANGE.finditer(text), RANGE.finditer(patched[offset]), strict=False
        ):
            begin, end = int(before[1], 16), int(before[2], 16)
            if end >= DEAD or end <= begin:
                continue
            move = moves.get(begin + image.code_section_payload, 0)
            shown = int(after[1], 16) - image.code_delta, int(after[2], 16) - image.code_delta
            assert shown in ((begin, end), (begin + move, end)), hex(offset)
            compared += 1
    assert compared > 500


def test_functions_begin_at_their_entries_and_keep_their_ends(
    program: Path, dumps: tuple[dict[int, str], dict[int, str]]
) -> None:
    _, patched = dumps
    image, result = image_of(program), object_of(program)
    shown = {}
    for text in patched.values():
        low = re.search(r"DW_AT_low_pc\s+\((0x[0-9a-f]+)\)", text)
        high = re.search(r"DW_AT_high_pc\s+\((0x[0-9a-f]+)\)", text)
        if text.startswith("DW_TAG_subprogram") and low and high:
            shown[int(low[1], 16)] = int(high[1], 16)
    for function in image.functions:
        view = result.functions[function.index]
        if view.has_dwarf:
            assert shown[image.code_base + view.entry] == image.code_base + function.end


def test_frame_bases_are_rsp_and_kept_for_the_view(
    program: Path, dumps: tuple[dict[int, str], dict[int, str]]
) -> None:
    original, patched = dumps
    bases = [text for text in patched.values() if "DW_AT_frame_base" in text]
    rsp = [text for text in bases if re.search(r"frame_base\s+\(DW_OP_breg7 RSP\+0\)", text)]
    slot = [text for text in bases if "DW_OP_breg6 RBP+4, DW_OP_deref" in text]
    assert len(rsp) > len(slot)
    assert len(rsp) + len(slot) == len(bases)
    assert len(bases) == sum("DW_AT_frame_base" in text for text in original.values())
    result, image = object_of(program), image_of(program)
    for function in image.functions:
        view = result.functions[function.index]
        if function.name in ("fib", "walk", "printf", "main"):
            assert view.frame_base[0] == 0xED
            assert view.frame_base_location is not None
            assert result.frame_bases[function.index] == view.frame_base


def test_line_rows_are_shifted_and_dead_ones_gone(program: Path, elf: Path) -> None:
    def rows(path: Path, delta: int) -> list[tuple[int, str, bool, bool]]:
        found = re.findall(r"^(0x[0-9a-f]{16}) +(\d+) (.*)$", dwarfdump(path, "--debug-line"), re.M)
        return [
            (int(address, 16) + delta, line, "is_stmt" in flags, "prologue_end" in flags)
            for address, line, flags in found
        ]

    image = image_of(program)
    before, after = rows(program, image.code_delta), rows(elf, 0)
    live = [each for each in after if each[0] >= 0xE0000000]
    # A prologue of no operators ends at the first: gdb steps to where two rows stand.
    views = object_of(program).functions.values()
    first_ops = {image.code_base + v.entry for v in views if v.entry_kind is EntryKind.FIRST_OP}
    expected, last = [], 0
    for each in before:
        if each[0] < 0xE0000000 + len(image.data):
            alone = each[0] in first_ops and each[3] and each[0] != last
            expected += [each, (*each[:3], False)] if alone else [each]
            last = each[0]
    assert live == expected
    assert all(address == 0 for address, *_ in after if address < 0xE0000000)


def test_verifier_finds_nothing_that_was_not_there(program: Path, elf: Path) -> None:
    error = re.compile(r"^error: (?!Aggregated)(.*)$", re.M)
    before = error.findall(dwarfdump(program, "--verify"))
    assert error.findall(dwarfdump(elf, "--verify")) == before


def test_nothing_is_unfit(program: Path) -> None:
    report = object_of(program).report
    assert report.issues == ()
    assert (report.expressions_unfit, report.list_entries_unfit) == (0, 0)
    assert report.expressions_patched > 200


def test_aranges_name_every_function(program: Path, elf: Path) -> None:
    dump = dwarfdump(elf, "--debug-aranges")
    result = object_of(program)
    starts = {int(m[1], 16) for m in re.finditer(r"\[(0x[0-9a-f]+), 0x", dump)}
    assert starts == {
        0xE0000000 + view.entry for view in result.functions.values() if view.has_dwarf
    }


def test_both_kinds_of_entry_exist_in_optimised_code(compiled: Callable[..., Path]) -> None:
    result = object_of(compiled("program.c", "O2", 4))
    kinds = {view.entry_kind for view in result.functions.values() if view.has_dwarf}
    assert kinds == {EntryKind.BODY_START, EntryKind.FIRST_OP}
