"""The layers of the two packages: which folder may import which, and the form a file must have.

The table below is the one place where the layers are written down as data; it is DESIGN's.  A folder
imports only from the folders named with it (and from itself), always absolutely and at the top.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 800
ALL = "*"

# fmt: off
LAYERS: dict[str, str] = {
    # folder               what it may import
    "jit.wasm":            "",
    "jit.abi":             "",
    "jit.asm":             "jit.abi",
    "jit.asm.<isa>":       "jit.asm jit.abi",
    "jit.compile":         "jit.wasm jit.asm jit.abi",
    "jit.machine":         "jit.abi",
    "jit.runtime":         "jit.wasm jit.abi jit.machine",
    "jit.debug":           "jit.runtime jit.machine jit.abi jit.wasm",
    "jit.wasi":            "jit.runtime",
    "jit.wat":             "jit.wasm jit.abi",
    "jit.api":             "jit.*",
    "jit":                 "jit.api",
    "gdbstub.rsp":         "",
    "gdbstub.agent":       "",
    "gdbstub.objfile":     "",
    "gdbstub.target":      "",
    "gdbstub.extensions":  "gdbstub.target",
    "gdbstub.commands":    "gdbstub.rsp gdbstub.target gdbstub.extensions gdbstub.agent",
    "gdbstub.session":     "gdbstub.commands gdbstub.rsp gdbstub.target",
    "gdbstub.policy":      "gdbstub.target gdbstub.agent",
    "gdbstub.execution":   "gdbstub.target gdbstub.policy",
    "gdbstub.transports":  "",
    "gdbstub.server":      "gdbstub.session gdbstub.execution gdbstub.transports gdbstub.target",
    "gdbstub.monitor":     "jit jit.debug",
    "gdbstub.views":       "gdbstub.target gdbstub.extensions gdbstub.agent gdbstub.objfile gdbstub.monitor jit jit.debug",
    "gdbstub.demo":        "*",
    "gdbstub.cli":         "*",
    "gdbstub.__main__":    "*",
    "gdbstub":             "",
}

PACKAGES: dict[str, str] = {
    # distribution         folders that may import it
    "cffi":                "jit.machine",
    "_cffi_backend":       "jit.machine",
    "unicorn":             "jit.machine",
    "trio":                "gdbstub.execution gdbstub.transports gdbstub.server gdbstub.cli gdbstub.demo",
}

DEFERRED: dict[str, str] = {
    # what may be imported inside a function: loading it is slow, and most runs do without
    "unicorn":             "jit.machine",
    "ctypes":              "jit.runtime",
    "jit.wat":             "jit.api",
    "gdbstub.server":      "gdbstub.cli gdbstub.demo",
    "gdbstub.demo":        "gdbstub.cli",
    "gdbstub.cli":         "gdbstub.__main__",
    "trio":                "gdbstub.cli gdbstub.demo",
}
# fmt: on

WHOLE = {"jit": "jit.api"}
"""Packages whose names are those of another, which has the list: the only ones that may `import *`."""

FILES = sorted(
    path.relative_to(ROOT)
    for package in ("jit", "gdbstub")
    for path in (ROOT / package).rglob("*.py")
)


class Import(NamedTuple):
    """One imported module: its dotted name, where, and whether it stands at the top of the file."""

    module: str
    line: int
    relative: bool
    star: bool
    at_top: bool


def module_name(path: Path) -> str:
    """Give the dotted name of a file; a package's is its folder's."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str | None:
    """Give the row of the table that a module of ours belongs to, None for anything else."""
    parts = module.split(".")
    if len(parts) > 3 and parts[:2] == ["jit", "asm"]:
        return "jit.asm.<isa>"
    if parts[:2] == ["jit", "asm"] and (ROOT / Path(*parts)).is_dir() and len(parts) == 3:
        return "jit.asm.<isa>"
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in LAYERS:
            # A module directly in a package that the table does not name has no layer.
            return name if length == len(parts) or length > 1 else None
    return None


def allowed(importer: str, imported: str) -> bool:
    """Say whether the table lets one layer import another (or itself)."""
    if importer == imported:
        return True
    rights = LAYERS[importer].split()
    return ALL in rights or imported in rights or f"{imported.split('.')[0]}.*" in rights


def imports_of(path: Path) -> Iterator[Import]:
    """List the imports of a file, each imported submodule by its own name."""
    tree = ast.parse((ROOT / path).read_text(), str(path))
    top = {id(node) for node in tree.body}
    for node in tree.body:  # `if TYPE_CHECKING:` counts as the top
        if isinstance(node, ast.If):
            top.update(id(inner) for inner in node.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, False, False, id(node) in top)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for alias in node.names:
                below = ROOT.joinpath(*module.split("."), alias.name)
                is_module = below.is_dir() or below.with_suffix(".py").is_file()
                yield Import(
                    f"{module}.{alias.name}" if is_module else module,
                    node.lineno,
                    node.level > 0,
                    alias.name == "*",
                    id(node) in top,
                )


@pytest.fixture(params=FILES, ids=str)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_every_file_has_a_layer(path: Path) -> None:
    assert layer_of(module_name(path)) is not None, f"{path}: the table has no row for its folder"


def test_imports_go_down_only(path: Path) -> None:
    importer = layer_of(module_name(path))
    assert importer is not None
    wrong = [
        f"{path}:{found.line}: {importer} may not import {found.module}"
        for found in imports_of(path)
        if found.module.split(".")[0] in ("jit", "gdbstub")
        and not allowed(importer, layer_of(found.module) or found.module)
    ]
    assert not wrong, "\n".join(wrong)


def test_an_isa_imports_no_other_isa(path: Path) -> None:
    if layer_of(module_name(path)) != "jit.asm.<isa>":
        return
    own = module_name(path).split(".")[2]
    wrong = [
        f"{path}:{found.line}: {own} may not import {found.module}"
        for found in imports_of(path)
        if layer_of(found.module) == "jit.asm.<isa>" and found.module.split(".")[2] != own
    ]
    assert not wrong, "\n".join(wrong)


def test_imports_from_outside_are_the_allowed_ones(path: Path) -> None:
    importer = layer_of(module_name(path))
    wrong = [
        f"{path}:{found.line}: {importer} may not import {found.module}"
        for found in imports_of(path)
        if (name := found.module.split(".")[0]) not in sys.stdlib_module_names
        and name not in ("jit", "gdbstub")
        and importer not in PACKAGES.get(name, "").split()
    ]
    assert not wrong, "\n".join(wrong)


def test_imports_are_absolute_named_and_at_the_top(path: Path) -> None:
    importer = layer_of(module_name(path))
    wrong = []
    for found in imports_of(path):
        if found.relative:
            wrong.append(f"{path}:{found.line}: relative import")
        if found.star and WHOLE.get(module_name(path)) != found.module:
            wrong.append(f"{path}:{found.line}: import *")
        if not found.at_top:
            excuses = [
                layers.split()
                for name, layers in DEFERRED.items()
                if found.module == name or found.module.startswith(f"{name}.")
            ]
            if not any(importer in layers for layers in excuses):
                wrong.append(f"{path}:{found.line}: {found.module} imported inside a block")
    assert not wrong, "\n".join(wrong)


def is_plain_data(tree: ast.Module) -> bool:
    """Say whether the top level is only a docstring, imports and assignments."""
    return all(
        isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.Expr)
        for node in tree.body
    )


def test_files_are_short_and_say_what_they_own(path: Path) -> None:
    text = (ROOT / path).read_text()
    tree = ast.parse(text, str(path))
    lines = text.count("\n")
    assert lines <= MAX_LINES or is_plain_data(tree), f"{path}: {lines} lines, split it by noun"
    generated = "# auto-generated file" in text.splitlines()[:5]
    assert generated or ast.get_docstring(tree), f"{path}: no docstring at its top"


def test_package_files_only_reexport(path: Path) -> None:
    if path.name != "__init__.py":
        return
    tree = ast.parse((ROOT / path).read_text(), str(path))
    wrong = [
        f"{path}:{node.lineno}: {type(node).__name__} in a package file"
        for node in tree.body[1:]
        if not isinstance(node, ast.Import | ast.ImportFrom)
        and not (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "__all__"
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_the_table_has_no_cycle() -> None:
    def below(layer: str, above: tuple[str, ...]) -> None:
        assert layer not in above, " -> ".join((*above, layer))
        for name in LAYERS[layer].split():
            if name in LAYERS and name != layer:
                below(name, (*above, layer))

    for layer in LAYERS:
        below(layer, ())


def test_layers_are_told_apart() -> None:
    assert layer_of("jit.asm.masm") == "jit.asm"
    assert layer_of("jit.asm.x64.encode") == "jit.asm.<isa>"
    assert layer_of("gdbstub.views.x32.frames") == "gdbstub.views"
    assert layer_of("jit.stray") is None
    assert not allowed("jit.wasm", "jit.abi")
    assert allowed("jit.api", "jit.compile")


@pytest.mark.parametrize("module", ["jit", "gdbstub.cli"])
@pytest.mark.parametrize("slow", ["trio", "unicorn"])
def test_slow_packages_are_loaded_only_where_they_are_used(module: str, slow: str) -> None:
    code = f"import sys, {module}; sys.exit({slow!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
