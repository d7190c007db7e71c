"""Prototypes and the two C ABIs, against the signatures that clang makes for either."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gdbstub.objfile import (
    CType,
    Passing,
    Prototype,
    RegisterClass,
    TypeKind,
    eightbytes,
    wasm_passing,
    wasm_result,
)
from tests.unit.objfile.conftest import FOLDER, image_of, object_of
from tests.unit.objfile.tools import run

PASSED = re.findall(r"PASS\((?!name)(\w+),", (FOLDER / "passing.c").read_text())
QUADS = ("quad", "quad_struct", "cquad")
WIDE = ("int128", "wide")


@cache
def prototypes(path: Path) -> dict[str, Prototype]:
    """Return the prototypes of a program by name."""
    result = object_of(path)
    found = (result.prototypes.get(function.index) for function in image_of(path).functions)
    return {prototype.name: prototype for prototype in found if prototype is not None}


@pytest.fixture
def passing(compiled: Callable[..., Path]) -> dict[str, Prototype]:
    """Give the prototypes of passing.c."""
    flags = ("-Wl,--no-gc-sections", "-Wl,--no-entry", "-Wl,--export-all", "-nostartfiles")
    return prototypes(compiled("passing.c", "O0", 5, *flags))


@cache
def wasm_signatures() -> dict[str, tuple[list[str], list[str]]]:
    """Return what clang makes of passing.c for wasm: parameter and result types."""
    text = run(["clang-22", "--target=wasm32", "-O1", "-S", "-o", "-", str(FOLDER / "passing.c")])
    pattern = re.compile(r"\.functype\s+f_(\w+) \((.*?)\) -> \((.*?)\)")
    return {
        m[1]: ([t for t in m[2].split(", ") if t], [t for t in m[3].split(", ") if t])
        for m in pattern.finditer(text)
    }


@cache
def native_results() -> dict[str, str]:
    """Return the IR result type that clang gives each function of passing.c for x32."""
    text = run(
        [
            *("clang-22", "--target=x86_64-linux-gnux32", "-ffreestanding", "-O1"),
            *("-emit-llvm", "-S", "-o", "-", str(FOLDER / "passing.c")),
        ]
    )
    return {m[2]: m[1] for m in re.finditer(r"^define (?:dso_local )?(.*) @f_(\w+)\(", text, re.M)}


def scalar_name(ctype: CType | None) -> str:
    """Return the Wasm type a scalar travels as."""
    assert ctype is not None
    prefix = "f" if ctype.kind is TypeKind.FLOAT else "i"
    return prefix + ("64" if ctype.size == 8 else "32")


def predicted_signature(ctype: CType) -> tuple[list[str], list[str]]:
    """Return the signature that the classification gives for a function from a type to itself."""
    parameters: list[str] = []
    results: list[str] = []
    passing, scalar = wasm_result(ctype)
    if passing is Passing.DIRECT:
        results.append(scalar_name(scalar))
    elif passing is Passing.INDIRECT:
        parameters.append("i32")
    passing, scalar = wasm_passing(ctype)
    if passing is Passing.DIRECT:
        parameters.append(scalar_name(scalar))
    elif passing is Passing.PAIR:
        parameters += ["i64", "i64"]
    elif passing is Passing.INDIRECT:
        parameters.append("i32")
    return parameters, results


def native_classes(text: str) -> tuple[RegisterClass, ...] | None:
    """Return the classes that an IR result type stands for."""
    text = re.sub(
        r"\b(noundef|zeroext|signext|local_unnamed_addr|range\(.*?\)) ?", "", text
    ).strip()
    if text == "void":
        return None
    parts = text.strip("{} ").split(", ") if text.startswith("{") else [text]
    return tuple(
        RegisterClass.SSE if re.search("float|double", part) else RegisterClass.INTEGER
        for part in parts
    )


@pytest.mark.parametrize("name", PASSED)
def test_wasm_passing(passing: dict[str, Prototype], name: str) -> None:
    assert predicted_signature(passing[f"f_{name}"].returns) == wasm_signatures()[name]


@pytest.mark.parametrize("name", [name for name in PASSED if name not in QUADS + WIDE])
def test_system_v_classes(passing: dict[str, Prototype], name: str) -> None:
    classes = eightbytes(passing[f"f_{name}"].returns)
    assert (classes or None) == native_classes(native_results()[name])


def test_what_gdb_has_no_register_for(passing: dict[str, Prototype]) -> None:
    classes = {name: eightbytes(passing[f"f_{name}"].returns) for name in QUADS + WIDE}
    x87, none = (RegisterClass.X87,) * 2, (RegisterClass.NONE,) * 2
    assert classes == {
        "quad": x87,
        "quad_struct": x87,
        "cquad": None,
        "int128": none,
        "wide": none,
    }


def test_parameters(compiled: Callable[..., Path]) -> None:
    scale = prototypes(compiled("program.c", "O0", 4))["scale"]
    assert [(p.name, p.type.kind, p.type.size) for p in scale.parameters] == [
        ("x", TypeKind.FLOAT, 8),
        ("a", TypeKind.INTEGER, 4),
        ("b", TypeKind.FLOAT, 4),
    ]
    assert (scale.returns.kind, scale.returns.size, scale.prototyped) == (TypeKind.FLOAT, 8, True)


def test_signedness(passing: dict[str, Prototype]) -> None:
    assert passing["f_int"].returns.signed
    assert not passing["f_uchar"].returns.signed


def test_void_and_variadic(passing: dict[str, Prototype]) -> None:
    assert passing["f_void"].returns.kind is TypeKind.VOID
    assert passing["f_variadic"].variadic
    assert not passing["f_int"].variadic


def test_a_method_has_an_artificial_this(compiled: Callable[..., Path]) -> None:
    flags = ("-xc++", "-fno-exceptions", "-fno-rtti", "-nostdlib++")
    area = prototypes(compiled("program.cpp", "O0", 5, *flags))["area"]
    assert [(p.name, p.artificial) for p in area.parameters] == [("this", True)]
