"""The programs of this folder, compiled, as module images and as object files."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gdbstub.objfile import ModuleImage, ObjectFile, build_object
from tests.guests.build import COMPILER, WASI, NoCompiler, build_cached, check_wasi_compiler
from tests.unit.objfile.wasm_file import module_image

FOLDER = Path(__file__).parent
VARIANTS = [(opt, version) for opt in ("O0", "O2") for version in (4, 5)]


@cache
def wasm_path(source: str, opt: str, version: int, *flags: str) -> Path:
    """Compile a source of this folder and return where the .wasm lies."""
    check_wasi_compiler()
    options = (*WASI, f"-{opt}", f"-gdwarf-{version}", *flags)
    return build_cached(COMPILER, options, (FOLDER / source,), "program.wasm")


@cache
def image_of(path: Path) -> ModuleImage:
    """Return the image of a compiled program."""
    return module_image(path.stem, path.read_bytes())


@cache
def object_of(path: Path) -> ObjectFile:
    """Return the object file of a compiled program."""
    return build_object(image_of(path))


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Path]:
    """Give `compiled(source, opt, version, *flags)`: the path of the .wasm, or a skip."""

    def build(source: str, opt: str, version: int, *flags: str) -> Path:
        try:
            return wasm_path(source, opt, version, *flags)
        except NoCompiler as missing:
            pytest.skip(str(missing))

    return build


@pytest.fixture(scope="session", params=VARIANTS, ids=lambda v: f"{v[0]}-v{v[1]}")
def program(request: pytest.FixtureRequest, compiled: Callable[..., Path]) -> Path:
    """Give the C program at each optimisation and DWARF version."""
    return compiled("program.c", *request.param)


@pytest.fixture
def elf(program: Path, tmp_path: Path) -> Path:
    """Give the C program's object file, written to disk."""
    path = tmp_path / "program.elf"
    path.write_bytes(object_of(program).elf)
    return path
