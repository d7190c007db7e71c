"""The same C programs under our engine and under the `wasmtime` package: same output, same effects."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import wasmtime

import jit
from tests.guests.build import NoCompiler, build_guest

FOLDER = Path(__file__).parent / "guests"


class Outcome(NamedTuple):
    """What a program did."""

    status: int
    out: str
    err: str
    tree: list[str]


def program(name: str) -> bytes:
    try:
        return build_guest(name, "O1", folder=FOLDER).program.read_bytes()
    except NoCompiler as missing:
        pytest.skip(str(missing))


def make_tree(top: Path) -> Path:
    """Make a folder with things in it, and something outside that is to stay out of reach."""
    root = top / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "file").write_text("contents")
    (root / "sub" / "inner").write_text("inner text")
    (root / "link").symlink_to("sub/inner")
    (root / "folder_link").symlink_to("sub")
    (root / "dangling").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "out").symlink_to("../outside")
    (root / "sub" / "out").symlink_to("../../outside/secret")
    (root / "sub" / "up").symlink_to("..")
    (top / "outside").mkdir()
    (top / "outside" / "secret").write_text("secret")
    return root


def tree_of(top: Path) -> list[str]:
    """Return every path below a folder with what it is or holds."""

    def walk(folder: Path) -> Iterator[str]:
        for path in sorted(folder.iterdir()):
            name = str(path.relative_to(top))
            if path.is_symlink():
                yield f"{name} -> {os.readlink(path)}"
            elif path.is_dir():
                yield f"{name}/"
                yield from walk(path)
            else:
                yield f"{name}: {path.read_bytes()!r}"

    return list(walk(top))


LOADED: dict[tuple[Any, bytes], tuple[Any, Any]] = {}
"""Engines and modules by package and program, given up when this file's tests are over."""


@pytest.fixture(scope="module", autouse=True)
def _give_up_modules() -> Iterator[None]:
    yield
    LOADED.clear()


def loaded(package: Any, wasm: bytes) -> tuple[Any, Any]:
    """Return an engine and a module of it."""
    if (package, wasm) not in LOADED:
        engine = package.Engine()
        LOADED[package, wasm] = engine, package.Module(engine, wasm)
    return LOADED[package, wasm]


def run(
    package: Any,
    wasm: bytes,
    top: Path,
    argv: list[str],
    *,
    roots: int = 1,
    mutable: bool = True,
    env: Sequence[tuple[str, str]] = (),
    stdin: str = "",
) -> Outcome:
    """Run a program with folders `/0`, `/1`...; `package` is either package, the names are the same."""
    config = package.WasiConfig()
    config.argv = argv
    config.env = env
    top.mkdir()
    for index in range(roots):
        (top / str(index)).mkdir()
        config.preopen_dir(str(make_tree(top / str(index))), f"/{index}", mutable)
    streams = top.with_suffix(".streams")
    streams.mkdir()
    (streams / "in").write_text(stdin)
    config.stdin_file = str(streams / "in")
    config.stdout_file = str(streams / "out")
    config.stderr_file = str(streams / "err")
    engine, module = loaded(package, wasm)
    store = package.Store(engine)
    store.set_wasi(config)
    linker = package.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, module)
    status = 0
    try:
        instance.exports(store)["_start"](store)
    except package.ExitTrap as end:
        status = end.code
    out, err = (streams / "out").read_text(), (streams / "err").read_text()
    return Outcome(status, out, err, tree_of(top))


PATHS = [
    *("/file", "file", "/sub/inner", "/link", "/folder_link/inner", "/dangling", "/loop"),
    *("/absolute", "/out/secret", "/out", "/sub/out", "/sub/up/file", "/..", "/../outside/secret"),
    *("/sub/../../outside/secret", "/sub", "/sub/", "/file/", "/file/x", "/missing", "/missing/x"),
    *("/link/", "/folder_link/", "/.", "/", "/sub/.", "/sub/deep/..", "/dangling/", "/out/"),
]
SOURCES = [
    *("/file", "/link", "/sub", "/sub/deep", "/missing", "/dangling", "/out/secret", "/../file"),
    *("/file/", "/sub/"),
]
ONE_PATH = (
    *("read", "readw", "nofollow", "dir", "stat", "lstat", "list", "access", "readlink"),
    *("mkdir", "rmdir", "unlink", "times"),
)
TEXT = ("create", "fresh", "trunc", "append", "writer")
TARGETS = [
    "/file",
    "/new",
    "/sub",
    "/sub/deep",
    "/link",
    "/out/new",
    "/../new",
    "/new/",
    "/missing/new",
    "/dangling",
]

OPERATIONS = {
    **{operation: [(path,) for path in PATHS] for operation in ONE_PATH},
    **{operation: [(path, "text") for path in PATHS] for operation in TEXT},
    **{
        operation: [(path, target) for path in SOURCES for target in TARGETS]
        for operation in ("rename", "link", "symlink")
    },
    "truncate": [(path, "3") for path in ("/file", "/link", "/sub", "/missing")],
}

SESSION = [
    *("mkdir /0/work", "create /0/work/a one", "append /0/work/a two", "read /0/work/a"),
    *("stat /0/work/a", "link /0/work/a /0/work/b", "stat /0/work/b", "rename /0/work/b /0/work/c"),
    *("list /0/work", "symlink c /0/work/d", "read /0/work/d", "truncate /0/work/d 2"),
    *("read /0/work/a", "rmdir /0/work", "unlink /0/work/a", "unlink /0/work/c", "read /0/work/d"),
    *("unlink /0/work/d", "rmdir /0/work", "list /0"),
]

KNOWN = {
    # the path's slash is dropped, as Linux does; wasmtime removes the folder's "."
    "rmdir /sub/": "Directory not empty",
    "rmdir /folder_link/": "Not a directory",
    "rmdir /dangling/": "Not a directory",
    "rmdir /out/": "Not a directory",
}


@pytest.fixture(scope="module")
def tool() -> bytes:
    return program("tool")


def command(number: int, operation: str, words: tuple[str, ...]) -> str:
    """Write an operation with its paths in folder `number`."""
    return " ".join(
        [operation, *(f"/{number}{word}" if word.startswith("/") else word for word in words)]
    )


@pytest.mark.parametrize("mutable", [True, False], ids=["mutable", "read-only"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations(tool: bytes, tmp_path: Path, operation: str, mutable: bool) -> None:
    """Each case has a folder of its own."""
    cases = OPERATIONS[operation]
    argv = ["tool", *(command(number, operation, words) for number, words in enumerate(cases))]
    theirs = run(wasmtime, tool, tmp_path / "theirs", argv, roots=len(cases), mutable=mutable)
    ours = run(jit, tool, tmp_path / "ours", argv, roots=len(cases), mutable=mutable)
    lines = zip(ours.out.splitlines(), theirs.out.splitlines(), cases, strict=True)
    for our_line, their_line, words in lines:
        known = KNOWN.get(" ".join([operation, *words])) if mutable else None
        if known:
            assert our_line.endswith(known) and our_line != their_line
        else:
            assert our_line == their_line
    assert ours.tree == theirs.tree
    assert (ours.status, ours.err) == (theirs.status, theirs.err)


def both(tmp_path: Path, wasm: bytes, argv: list[str], **options: Any) -> list[Outcome]:
    return [
        run(package, wasm, tmp_path / package.__name__, argv, **options)
        for package in (jit, wasmtime)
    ]


def test_a_session_of_operations(tool: bytes, tmp_path: Path) -> None:
    ours, theirs = both(tmp_path, tool, ["tool", *SESSION])
    assert ours == theirs
    assert len(ours.out.splitlines()) == len(SESSION)


@pytest.mark.parametrize("code", [0, 1, 3, 125])
def test_exit_statuses(tool: bytes, tmp_path: Path, code: int) -> None:
    ours, theirs = both(tmp_path, tool, ["tool", f"exit {code}"])
    assert ours == theirs and ours.status == code


@pytest.mark.parametrize("code", [126, 134, 255])
def test_exit_statuses_that_wasmtime_refuses(tool: bytes, tmp_path: Path, code: int) -> None:
    assert run(jit, tool, tmp_path / "ours", ["tool", f"exit {code}"]).status == code


STREAMS = [
    (["streams"], [], ""),
    (["streams", "7", "two words", "", "ünï"], [("A", "1"), ("B", "")], "one\ntwo\n\nlast"),
]


@pytest.mark.parametrize(("argv", "env", "stdin"), STREAMS)
def test_streams_and_clocks(
    tmp_path: Path, argv: list[str], env: list[tuple[str, str]], stdin: str
) -> None:
    ours, theirs = both(tmp_path, program("streams"), argv, env=env, stdin=stdin)
    assert ours == theirs
