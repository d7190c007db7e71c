"""A module without DWARF, described by its listing: LLVM's dumper and verifier, and stock gdb, on it."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gdbstub.objfile import Listing, ObjectFile, TypeKind, build_object
from gdbstub.objfile.listing import local_names
from gdbstub.objfile.wasm_types import c_name, unique_names
from tests.guests.build import WASI
from tests.unit.objfile.conftest import image_of
from tests.unit.objfile.listed import STRIPPED, listed_object, listing_of, operators
from tests.unit.objfile.tools import dwarfdump, gdb, run
from tests.unit.objfile.wasm_file import module_image

BASE = 0xE0000000


@pytest.fixture
def program(compiled: Callable[..., Path]) -> Path:
    """Give the C program of this folder without its DWARF."""
    return compiled("program.c", "O1", 5, *STRIPPED)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give the place of the listing's text."""
    return tmp_path / "program.wat"


@pytest.fixture
def made(program: Path, source: Path) -> ObjectFile:
    """Give the object file."""
    return listed_object(program, source)


@pytest.fixture
def elf(made: ObjectFile, tmp_path: Path) -> Path:
    """Give the object file on disk."""
    path = tmp_path / "program.elf"
    path.write_bytes(made.elf)
    return path


def test_every_operator_stands_on_its_line(program: Path, source: Path, elf: Path) -> None:
    text = source.read_text().splitlines()
    rows = re.findall(
        r"^(0x[0-9a-f]+) +(\d+) .*is_stmt$", dwarfdump(elf, "--debug-line"), re.MULTILINE
    )
    shown = {int(address, 16) - BASE: text[int(line) - 1] for address, line in rows}
    expected = {pc: line for ops in operators(program).values() for pc, line in ops}
    starts = {f.body_start for f in image_of(program).functions if f.name != "main"}
    assert {shown.pop(start) for start in starts} == {";; its locals"}
    assert shown == expected


def test_the_dwarf_is_valid(elf: Path) -> None:
    assert "No errors." in dwarfdump(elf, "--verify")


def test_gdb_finds_functions_lines_and_locals(program: Path, elf: Path, source: Path) -> None:
    fib = next(f for f in image_of(program).functions if f.name == "fib")
    line = 1 + source.read_text().splitlines().index("(func $fib")
    said = gdb(
        elf,
        "break fib",
        f"break program.wat:{line + 3}",
        "info scope fib",
        "ptype 'fib.wat'",
        "ptype fib",
        f"list {line},{line + 2}",
        "maint expand-symtabs",
    )
    assert f"Breakpoint 1 at {BASE + fib.first_op:#x}: file {source}, line {line + 2}." in said
    assert f"Breakpoint 2 at {BASE + operators(program)[fib.index][1][0]:#x}" in said
    assert "Symbol first is" in said
    assert "type = i32 (i32)\n" in said
    assert "type = <unknown return type> ()\n" in said
    assert f"{line}\t(func $fib\n{line + 1}\t;; its locals\n" in said
    assert "During symbol reading" not in said
    assert "warning" not in said.lower()


def test_main_is_found_by_its_name(program: Path, made: ObjectFile) -> None:
    assert made.main is not None
    names = {f.index: f.name for f in image_of(program).functions}
    assert names[made.main] == "main"
    assert made.functions[made.main].symbol == b"main"


@pytest.mark.parametrize("arguments", ["void", "int argc, char **argv"])
@pytest.mark.parametrize("opt", ["-O0", "-O2"])
@pytest.mark.parametrize("collected", [(), ("-Wl,--no-gc-sections",)], ids=["gc", "no-gc"])
def test_main_is_the_one_that_was_written(
    tmp_path: Path, arguments: str, opt: str, collected: tuple[str, ...]
) -> None:
    source = tmp_path / "m.c"
    source.write_text(f"volatile int x; int main({arguments}) {{ x = 12345; return 0; }}")
    output = tmp_path / "m.wasm"
    said = run(["clang-22", *WASI, opt, *STRIPPED, *collected, str(source), "-o", str(output)])
    assert output.is_file(), said
    image = module_image("m", output.read_bytes())
    made = build_object(image)
    function = next(f for f in image.functions if f.index == made.main)
    assert b"\x41\xb9\xe0\x00" in image.data[function.first_op : function.end]  # i32.const 12345


def test_functions_have_prototypes(program: Path, made: ObjectFile) -> None:
    fib = next(f for f in image_of(program).functions if f.name == "fib")
    prototype = made.prototypes.get(fib.index)
    assert prototype is not None
    assert (prototype.name, prototype.returns.kind) == ("fib", TypeKind.INTEGER)
    assert [(p.name, p.type.size, p.type.signed) for p in prototype.parameters] == [
        ("first", 4, True)
    ]


def test_a_function_with_several_results_has_no_prototype(program: Path, source: Path) -> None:
    listing = listing_of(program)
    first = dataclasses.replace(listing.functions[0], results=("i32", "f64"))
    changed = dataclasses.replace(listing, functions=(first, *listing.functions[1:]))
    made = build_object(image_of(program), lambda: changed, source)
    assert made.prototypes.get(first.index) is None


def test_value_types(program: Path, source: Path, tmp_path: Path) -> None:
    types = ("i32", "i64", "f32", "f64", "funcref", "externref", "v128")
    listing = listing_of(program)
    at = next(n for n, f in enumerate(listing.functions) if len(f.local_types) >= 2)
    function = dataclasses.replace(
        listing.functions[at], num_params=len(types), local_types=types, results=("f64",)
    )
    functions = list(listing.functions)
    functions[at] = function
    changed = dataclasses.replace(listing, functions=tuple(functions))
    made = build_object(image_of(program), lambda: changed, source)
    elf = tmp_path / "program.elf"
    elf.write_bytes(made.elf)
    name = made.functions[function.index].symbol.decode()
    said = gdb(elf, f"ptype '{name}.wat'", f"whatis {name}", "ptype funcref", "print sizeof(i64)")
    assert "type = f64 (i32, i64, f32, f64, funcref, externref, v128)" in said
    assert "type = <text variable, no debug info>" in said
    assert "type = void (*)(void)" in said
    assert "$1 = 8" in said


def test_an_operator_may_be_long(program: Path, source: Path, tmp_path: Path) -> None:
    listing = listing_of(program)
    longest = max(image_of(program).functions, key=lambda f: f.end - f.first_op)
    ops = tuple((pc, "op") for pc in (longest.first_op, longest.first_op + 1, longest.end - 1))
    functions = tuple(
        dataclasses.replace(f, ops=ops) if f.index == longest.index else f
        for f in listing.functions
    )
    changed = dataclasses.replace(listing, functions=functions)
    made = build_object(image_of(program), lambda: changed, source)
    elf = tmp_path / "program.elf"
    elf.write_bytes(made.elf)
    rows = dict(
        re.findall(r"^(0x[0-9a-f]+) +(\d+) .*is_stmt$", dwarfdump(elf, "--debug-line"), re.M)
    )
    first, *others = (int(rows[f"0x{BASE + pc:016x}"]) for pc, _ in ops)
    assert others == [first + 1, first + 2]


@pytest.mark.parametrize("version", [4, 5])
def test_a_module_with_dwarf_is_not_listed(
    compiled: Callable[..., Path], source: Path, version: int
) -> None:
    def unexpected() -> Listing:
        raise AssertionError("the listing is asked for")

    made = build_object(image_of(compiled("program.c", "O0", version)), unexpected, source)
    assert made.source == ""


def test_a_module_with_a_line_table_alone_is_not_listed(
    compiled: Callable[..., Path], program: Path, source: Path
) -> None:
    path = compiled("program.c", "O0", 5, "-gline-tables-only")
    made = build_object(image_of(path), lambda: listing_of(program), source)
    assert made.source == ""


def test_a_module_whose_dwarf_cannot_be_read_is_listed(
    compiled: Callable[..., Path], source: Path, tmp_path: Path
) -> None:
    path = compiled("program.c", "O1", 5)
    image = image_of(path)
    customs = {name: data[:9] for name, data in image.customs.items()}
    image = dataclasses.replace(image, customs=customs)
    listing = listing_of(path)
    made = build_object(image, lambda: listing, source)
    assert made.source == listing.text()
    assert made.report.issues
    elf = tmp_path / "program.elf"
    elf.write_bytes(made.elf)
    assert f"file {source}, line" in gdb(elf, "break fib")


def test_remarks_stand_at_the_top(program: Path, source: Path) -> None:
    image = dataclasses.replace(image_of(program), remarks=("no debug information: why",))
    made = build_object(image, lambda: listing_of(program), source)
    assert made.source.startswith(";; no debug information: why\n(module\n")


def test_names_of_locals_can_be_written_and_differ(program: Path) -> None:
    function = next(f for f in listing_of(program).functions if len(f.local_types) >= 4)
    assert local_names(function)[:4] == ["first", "first_1", "third_one", "local3"]


@pytest.mark.parametrize(
    ("name", "written"),
    [("x", "x"), ("a.b::c", "a_b_c"), ("3d", "_3d"), ("$p", "$p"), ("", ""), ("é", "_")],
)
def test_names_become_identifiers(name: str, written: str) -> None:
    assert c_name(name) == written


def test_names_made_different_do_not_meet_others() -> None:
    names = unique_names(["a", "a_1", "a", "a"])
    assert len(set(names)) == 4
    assert names[:2] == ["a", "a_1"]
