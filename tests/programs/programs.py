"""Programs of some size: how each is built, what it reads, and running it with the peer and with our engine.

SQLite comes from PyPI, Lua from Debian's source package; both are pinned, and fetched once.
"""

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import jit
from bench import peer
from bench.build import LUA_FLAGS, LUA_PARTS, SQLITE_FLAGS
from bench.fetch import SQLITE, FetchError, SourcePackage, fetch
from jit.debug.events import Breakpoint, DebugEvent
from jit.runtime.func import Func
from jit.runtime.store import Store as AnyStore
from tests.gdb.languages import CXX, CXX_HEADERS, RUST, RUST_LIBRARIES, RUST_TARGET
from tests.guests.build import COMPILER, WASI, NoCompiler, build_cached, check_wasi_compiler

FOLDER = Path(__file__).resolve().parent
LUA = SourcePackage(
    "lua-debian-5.4.4",
    "http://deb.debian.org/debian/pool/main/l/lua5.4/lua5.4_5.4.4.orig.tar.gz",
    "164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61",
    "lua-5.4.4/src",
)
STATEMENTS = 1000


def sqlite() -> Path:
    """Build SQLite with a program that runs the statements it reads."""
    folder = fetch(SQLITE)
    sources = (FOLDER / "sqlite_statements.c", folder / "sqlite3.c")
    flags = (*WASI, "-O1", "-g", f"-I{folder}", *SQLITE_FLAGS)
    return build_cached(COMPILER, flags, sources, "sqlite_statements.wasm")


def lua() -> Path:
    """Build Lua with a program that runs the script it reads."""
    folder = fetch(LUA)
    parts = (*LUA_PARTS, "lutf8lib")
    sources = (FOLDER / "lua_script.c", *(folder / f"{part}.c" for part in parts))
    return build_cached(
        COMPILER, (*WASI, "-O1", "-g", f"-I{folder}", *LUA_FLAGS), sources, "lua_script.wasm"
    )


def cplusplus() -> Path:
    """Build the C++ program."""
    if not CXX_HEADERS.is_dir():
        pytest.skip("libc++ for wasm32-wasi is not installed")
    flags = (*WASI, "-fno-exceptions", "-std=c++20", "-O1", "-g")
    return build_cached(CXX, flags, (FOLDER / "program.cpp",), "program.wasm")


def rust() -> Path:
    """Build the Rust program."""
    if not RUST_LIBRARIES.is_dir():
        pytest.skip(f"Rust's library for {RUST_TARGET} is not installed")
    flags = (f"--target={RUST_TARGET}", "-Clinker=rust-lld", "-g", "-Copt-level=1")
    return build_cached(RUST, flags, (FOLDER / "program.rs",), "program.wasm")


def statements() -> bytes:
    """Return a thousand statements, some of them wrong."""
    rng = random.Random(11)
    lines = [
        "create table part(id integer primary key, name text, weight real, kind int)",
        "create table kind(id integer primary key, label text unique)",
        "create index part_by_kind on part(kind, weight)",
        "create view heavy as select * from part where weight > 50",
        "create trigger shouting after insert on part when new.id % 50 = 0"
        " begin update part set name = upper(name) where id = new.id; end",
    ]
    lines += [f"insert into kind values({n}, 'kind {n}')" for n in range(10)]
    makers: list[Callable[[], str]] = [
        lambda: (
            f"insert into part(name, weight, kind) values('part {rng.randrange(999)}', "
            f"{rng.randrange(10000) / 100}, {rng.randrange(10)})"
        ),
        lambda: (
            f"update part set weight = weight * 1.25 where kind = {rng.randrange(10)} and id % 7 = 3"
        ),
        lambda: f"delete from part where id = {rng.randrange(400)}",
        lambda: (
            f"select count(*), round(avg(weight), 3), max(name) from part where kind < {rng.randrange(10)}"
        ),
        lambda: (
            "select k.label, count(p.id), total(p.weight) from kind k left join part p on p.kind = k.id"
            f" where k.id > {rng.randrange(5)} group by k.id order by 2 desc, 1 limit 3"
        ),
        lambda: (
            f"select name from heavy order by weight desc, id limit 2 offset {rng.randrange(9)}"
        ),
        lambda: (
            f"with recursive n(x) as (values({rng.randrange(9)}) union all select x * 3 % 101 from n limit 9)"
            " select group_concat(x, ',') from n"
        ),
        lambda: (
            f"select substr(name, 1, 6) like '%t {rng.randrange(9)}%', typeof(weight), hex(name), "
            f"abs(-{rng.randrange(99)}) from part limit 1"
        ),
        lambda: (
            f"select sum(weight) over (order by id rows 2 preceding) from part limit {rng.randrange(1, 4)}"
        ),
        lambda: f"insert into kind values({rng.randrange(10)}, 'again')",
        lambda: (
            f"select printf('%08.3f', {rng.random():.6f}), strftime('%Y', 'now'), random() is null"
        ),
        lambda: "select no_such_column from part",
        lambda: rng.choice(["begin", "commit", "rollback"]),
    ]
    weights = [14] + [2] * (len(makers) - 1)
    lines += [maker() for maker in rng.choices(makers, weights, k=STATEMENTS - len(lines))]
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class Program:
    """A program and its standard input."""

    build: Callable[[], Path]
    stdin: Callable[[], bytes]


PROGRAMS = {
    "sqlite": Program(sqlite, statements),
    "lua": Program(lua, (FOLDER / "script.lua").read_bytes),
    "c++": Program(cplusplus, bytes),
    "rust": Program(rust, bytes),
}


@cache
def built(name: str) -> Path:
    """Build a program, or skip where a compiler or the sources are missing."""
    try:
        check_wasi_compiler()
        return PROGRAMS[name].build()
    except (NoCompiler, FetchError) as missing:
        pytest.skip(str(missing))


@cache
def expected(name: str) -> bytes:
    """Return what Wasmtime has a program print."""
    command = [str(peer.wasmtime()), "run", str(built(name))]
    done = subprocess.run(command, input=PROGRAMS[name].stdin(), capture_output=True, check=True)
    return done.stdout


class Run:
    """A program in a store of ours, its streams in files of a folder."""

    def __init__(self, name: str, folder: Path, *, guest_debug: bool) -> None:
        config = jit.Config()
        config.guest_debug = guest_debug
        engine = jit.Engine(config)
        linker = jit.Linker(engine)
        linker.define_wasi()
        self._stdout = folder / "stdout"
        stdin = folder / "stdin"
        stdin.write_bytes(PROGRAMS[name].stdin())
        wasi = jit.WasiConfig()
        wasi.argv = [name]
        wasi.stdin_file = stdin
        wasi.stdout_file = self._stdout
        self.store = jit.Store(engine)
        self.store.set_wasi(wasi)
        self.module = jit.Module.from_file(engine, built(name))
        instance = linker.instantiate(self.store, self.module)
        start = instance.exports(self.store)["_start"]
        assert isinstance(start, Func)
        self._start = start

    def output(self) -> bytes:
        """Run it to its end and return what it printed."""
        status = 0
        try:
            self._start(self.store)
        except jit.ExitTrap as end:
            status = end.code
        assert status == 0
        return self._stdout.read_bytes()

    def on_breakpoints(self, handle: Callable[[Breakpoint], None]) -> None:
        """Have each breakpoint and step handled; there must be no other event."""

        def handler(_: AnyStore, event: DebugEvent) -> None:
            assert isinstance(event, Breakpoint)
            handle(event)

        self.store.set_debug_handler(handler)
