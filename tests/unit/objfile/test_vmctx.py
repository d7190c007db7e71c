"""The layout of a vmctx, and its type as gdb reads it."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gdbstub.objfile import VmctxLayout, build_object
from gdbstub.objfile.vmctx import SIZE
from tests.unit.objfile.conftest import image_of
from tests.unit.objfile.tools import dwarfdump, gdb

LAYOUT = VmctxLayout(
    (("__stack_pointer", "i32"), ("", "f64"), ("GOT.data.x", "i64"), ("", "funcref")),
    (("__indirect_function_table", "funcref"), ("", "externref"), ("more", "funcref")),
    ("memory", ""),
)


@pytest.fixture(params=[(), ("-Wl,--strip-debug",)], ids=["dwarf", "none"])
def elf(request: pytest.FixtureRequest, compiled: Callable[..., Path], tmp_path: Path) -> Path:
    """Give the object file of a program with that vmctx, with DWARF of its own and without."""
    image = image_of(compiled("program.c", "O2", 5, *request.param))
    image = dataclasses.replace(image, vmctx=LAYOUT, depth_address=0xFFFE0000)
    path = tmp_path / "program.elf"
    path.write_bytes(build_object(image).elf)
    return path


def test_gdb_reads_the_type(elf: Path) -> None:
    said = gdb(elf, "ptype /o struct wasm_vmctx", "ptype struct wasm_memory")
    members = re.findall(r"/\* +(\d+)[^|]*\| +(\d+) \*/ +(.*);", said)
    top = [(int(offset), text) for offset, _, text in members if " " in text]
    for index, text in enumerate(
        ["i32 __stack_pointer", "f64 global1", "i64 GOT_data_x", "funcref global3"]
    ):
        assert (LAYOUT.global_offset(index), text) in top
    assert (LAYOUT.table_offset(1) + 4, "externref *elements") in top
    assert "} __indirect_function_table;" in said
    assert "} memory1;" in said
    assert "void *base;\n    u64 size;" in said
    assert f"total size (bytes): {LAYOUT.end:4}" in said


def test_the_dwarf_is_valid(elf: Path) -> None:
    errors = re.findall(r"^error: (?!Aggregated)(.*)$", dwarfdump(elf, "--verify"), re.MULTILINE)
    # LLVM's verifier says this of what its own linker made, too.
    assert [error for error in errors if "string offset" not in error] == []


def test_the_variables_of_a_frame_have_places(elf: Path) -> None:
    said = gdb(elf, "whatis $vmctx", "info address $wasm_depth", "ptype $wasm_pc")
    assert "type = struct wasm_vmctx *" in said
    assert "static storage at address 0xfffe0000" in said
    assert "type = u32" in said
    assert "During symbol reading" not in said


def test_nothing_overlaps() -> None:
    offsets = [LAYOUT.global_offset(n) for n in range(4)]
    offsets += [LAYOUT.table_offset(n) for n in range(3)]
    offsets += [LAYOUT.memory_offset(n) for n in range(2)]
    assert offsets == list(range(0, LAYOUT.end, 16))
    assert LAYOUT.element_offset(0) >= LAYOUT.end
    last = LAYOUT.element_offset(2, LAYOUT.element_room - 1)
    assert last + 4 <= SIZE


@pytest.mark.parametrize("table", range(3))
@pytest.mark.parametrize("index", [0, 1, 1000, LAYOUT.element_room - 1])
def test_elements_are_found_by_their_offset(table: int, index: int) -> None:
    offset = LAYOUT.element_offset(table, index)
    assert [LAYOUT.element_at(offset + byte) for byte in range(4)] == [(table, index)] * 4


def test_what_is_no_element_is_none() -> None:
    assert LAYOUT.element_at(LAYOUT.element_offset(0) - 1) is None
    assert LAYOUT.element_at(SIZE) is None


def test_tables_without_room_have_no_elements() -> None:
    crowded = VmctxLayout((("", "i32"),) * (SIZE // 16), (("", "funcref"),), ())
    assert crowded.element_room == 0
    assert crowded.element_at(SIZE) is None


def test_a_library_is_its_code_and_its_own_vmctx(
    compiled: Callable[..., Path], elf: Path, tmp_path: Path
) -> None:
    image = dataclasses.replace(
        image_of(compiled("program.c", "O0", 5)),
        name="my-lib.wasm",
        code_base=0xE0500000,
        vmctx=LAYOUT,
        depth_address=0xFFFE0000,
        library=True,
    )
    path = tmp_path / "library.elf"
    path.write_bytes(build_object(image).elf)
    said = gdb(
        elf,
        f"add-symbol-file {path}",
        "maint info sections -all-objects .text .host .wasm_table .data",
        "whatis $vmctx",
        "whatis $vmctx_my_lib",
        "info symbol 0xffff0004",
        "info symbol 0xe0500000",
        "info line fib",
    )
    own = said[said.index(str(path)) :]
    assert said.count(": .text ") == 2
    assert said.count(": .host ") == said.count(": .data ") == 1
    assert "type = struct wasm_vmctx *\ntype = struct wasm_vmctx_my_lib *\n" in own
    assert "__wasm_host + 4 in section .host" in own
    assert "0xe05" in own
