"""Stock gdb, without a target, on the object file: names, lines, types, scopes, no complaints."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.objfile.conftest import FOLDER, image_of, object_of
from tests.unit.objfile.tools import gdb

SOURCE = (FOLDER / "program.c").read_text().splitlines()
INLINE_PARENTS = re.compile(r"^During symbol reading: Child DIE .* have different parents\n", re.M)
"""gdb says this of clang's native output too."""


def line_of(text: str) -> int:
    """Return the number of the source line that starts with `text`."""
    return next(n for n, line in enumerate(SOURCE, 1) if line.startswith(text))


def test_no_complaints(elf: Path) -> None:
    said = gdb(
        elf, "break fib", "break walk", "info scope main", "info types node", "maint expand-symtabs"
    )
    said = INLINE_PARENTS.sub("", said)
    assert "During symbol reading" not in said
    assert "warning" not in said.lower()


def test_functions_and_lines(elf: Path) -> None:
    number = line_of("int fib(")
    said = gdb(elf, "info functions ^fib$", "info line fib", "list fib")
    assert f"{number}:\tint fib(int);" in said
    assert re.search(
        rf"Line {number} of \".*program.c\" starts at address 0xe[0-9a-f]+ <fib>", said
    )
    assert "return a + fib(n - 2);" in said


def test_breakpoints_stand_behind_the_prologue_on_operators(program: Path, elf: Path) -> None:
    said = gdb(elf, "break fib", "break main", "info breakpoints")
    where = [int(m[1], 16) for m in re.finditer(r"Breakpoint \d+ at (0x[0-9a-f]+)", said)]
    assert len(where) == 2
    functions = {f.name: f for f in image_of(program).functions}
    fib = functions["fib"]
    assert fib.first_op <= where[0] - 0xE0000000 < fib.end
    assert "<MULTIPLE>" not in said


def test_types(elf: Path) -> None:
    said = gdb(
        elf, "ptype struct node", "print sizeof(big)", "ptype op", "whatis quad", "ptype ops"
    )
    assert "int val;\n    const char *name;\n    struct node *next;\n" in said
    assert "= 24" in said
    assert "type = _Float128" in said
    assert "int (*[2])(int, int)" in said


@pytest.mark.parametrize("name", ["quad", "complex_quad"])
def test_long_double_is_ieee_quad(elf: Path, name: str) -> None:
    assert "floatformat_ieee_quad_little" in gdb(elf, f"maint print type {name}")


def test_pointers_and_longs_are_four_bytes(elf: Path) -> None:
    said = gdb(elf, "print sizeof(long)", "print sizeof(void*)", "print table + 1")
    assert "$1 = 4\n$2 = 4\n" in said
    assert re.search(r"\$3 = \(int \*\) 0x[0-9a-f]+ <table\+4>", said)


def test_variables_and_symbols(elf: Path) -> None:
    said = gdb(elf, "info address counter", "print &n2", "info symbol 1", "info symbol &n1")
    assert re.search(r'Symbol "counter" is static storage at address 0x[0-9a-f]+', said)
    assert "<n2>" in said
    assert "add.tab1 in section .wasm_table" in said
    assert "n1 in section .data" in said


def test_scopes(program: Path, elf: Path, compiled: Callable[..., Path]) -> None:
    said = gdb(elf, "info scope fib", "info scope walk")
    assert "Symbol n is" in said
    assert "Symbol total is" in said
    if program == compiled("program.c", "O0", 5):
        assert "a variable at frame base reg $rsp offset 0+" in said
    assert "WASM" not in said


def test_structs_are_aligned_as_clang_aligns_them(elf: Path) -> None:
    said = gdb(elf, "print _Alignof(big)", "print _Alignof(pair)", "print _Alignof(struct node)")
    assert re.findall(r"^\$\d = (\d+)$", said, re.M) == ["8", "4", "4"]


def test_a_dead_function_is_not_there(elf: Path) -> None:
    assert 'Function "uncalled" not defined.' in gdb(elf, "break uncalled")


def test_a_dead_variable_is_not_at_an_address(elf: Path) -> None:
    said = gdb(elf, "print &uncalled_count", "print uncalled_count")
    assert "0xffff" not in said


def test_main_is_one_place_and_named_main(elf: Path) -> None:
    said = gdb(elf, "info line main", "info symbol main")
    assert "<main>" in said
    assert "__main_argc_argv" not in said


def test_sections(elf: Path, program: Path) -> None:
    said = gdb(elf, "maint info sections")
    size = len(image_of(program).data)
    assert f"0xe0000000->0x{0xE0000000 + size:x} " in said
    for name in (".text", ".wasm_table", ".host", ".data", ".debug_frame", ".debug_aranges"):
        assert f": {name} " in said


@pytest.mark.parametrize("version", [2, 3])
def test_old_dwarf(compiled: Callable[..., Path], tmp_path: Path, version: int) -> None:
    elf = tmp_path / "program.elf"
    elf.write_bytes(object_of(compiled("program.c", "O2", version)).elf)
    said = gdb(elf, "break main", "break walk", "info scope fib")
    assert len(re.findall(r"^Breakpoint \d at 0xe", said, re.M)) == 2
    assert "DW_OP_breg6 32 [$rbp]" in said
    assert "DW_OP_deref" not in said


@pytest.mark.parametrize("version", [4, 5])
def test_cplusplus_names(compiled: Callable[..., Path], tmp_path: Path, version: int) -> None:
    flags = ("-xc++", "-fno-exceptions", "-fno-rtti", "-nostdlib++")
    result = object_of(compiled("program.cpp", "O0", version, *flags))
    elf = tmp_path / "program.elf"
    elf.write_bytes(result.elf)
    said = gdb(
        elf,
        "break ns::twice<int>",
        "break ns::Square::area",
        "break ns::(anonymous namespace)::hidden",
        "complete break ns::tw",
        "info symbol &ns::Square::count",
        "ptype ns::Square",
    )
    assert len(re.findall(r"^Breakpoint \d at 0xe", said, re.M)) == 3
    assert "break ns::twice<double>(double)\nbreak ns::twice<int>(int)\n" in said
    assert "ns::Square::count in section .data" in said
    assert "type = struct ns::Square : public ns::Base {" in said
