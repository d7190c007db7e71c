"""A listing of a compiled module, made from what LLVM's disassembler says of it."""

import re
from functools import cache
from pathlib import Path

from gdbstub.objfile import ListedFunction, Listing, ObjectFile, build_object
from tests.unit.objfile.conftest import image_of
from tests.unit.objfile.tools import run

STRIPPED = ("-Wl,--strip-debug",)
_OPERATOR = re.compile(r"^ +([0-9a-f]+): (?:[0-9a-f]{2} ?)+ *\t(.*)$")


@cache
def operators(path: Path) -> dict[int, tuple[tuple[int, str], ...]]:
    """Return the offset and the text of each operator, by the index of its function."""
    lines = run(["llvm-objdump-22", "-d", str(path)]).splitlines()
    found = [(int(m[1], 16), m[2]) for m in map(_OPERATOR.match, lines) if m]
    return {
        function.index: tuple(op for op in found if function.first_op <= op[0] < function.end)
        for function in image_of(path).functions
    }


@cache
def listing_of(path: Path) -> Listing:
    """Return the listing of a program without DWARF; every value is given out as an i32."""
    ops = operators(path)
    functions = []
    for function in image_of(path).functions:
        head = (f"(func ${function.name}", ";; its locals")
        functions.append(
            ListedFunction(
                function.index,
                head,
                ops[function.index],
                function.num_params,
                ("i32",) * function.num_locals,
                ("i32",),
                {0: "first", 1: "first", 2: "third one"},
            )
        )
    return Listing(("(module",), tuple(functions), (")",))


def listed_object(path: Path, source: Path) -> ObjectFile:
    """Return the object file of a program without DWARF, its listing written to `source`."""
    result = build_object(image_of(path), lambda: listing_of(path), source)
    source.write_text(result.source)
    return result
