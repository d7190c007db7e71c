"""The programs the benches run: four small ones, and two large ones around fetched sources."""

from pathlib import Path

from bench.fetch import LUA, SQLITE, fetch
from tests.guests.build import COMPILER, WASI, build_cached, build_guest, check_wasi_compiler

PROGRAMS = Path(__file__).resolve().parent / "programs"
SMALL = ("fib", "sieve", "matmul", "list")
SQLITE_FLAGS = (
    "-DSQLITE_OS_OTHER=1",
    "-DSQLITE_THREADSAFE=0",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_OMIT_DEPRECATED",
    "-DSQLITE_TEMP_STORE=3",
    "-w",
)
LUA_PARTS = (
    "lapi lauxlib lbaselib lcode lctype ldebug ldo ldump lfunc lgc llex lmathlib lmem lobject lopcodes"
    " lparser lstate lstring lstrlib ltable ltablib ltm lundump lvm lzio"
).split()
LUA_FLAGS = (
    # No setjmp without exception handling: an error in the script, of which there is none, ends the program.
    "-DLUAI_THROW(state,jump)=__builtin_trap()",
    "-DLUAI_TRY(state,jump,action)={action}",
    "-Dluai_jmpbuf=int",
    f"-I{PROGRAMS / 'include'}",
    "-D_WASI_EMULATED_SIGNAL",
    "-D_WASI_EMULATED_PROCESS_CLOCKS",
    "-lwasi-emulated-signal",
    "-lwasi-emulated-process-clocks",
    "-w",
)


def small_program(name: str, opt: str) -> Path:
    """Build one of the four small programs."""
    return build_guest(name, opt, folder=PROGRAMS).program


def large_program(
    main: str, opt: str, folder: Path, parts: tuple[str, ...], flags: tuple[str, ...], debug: bool
) -> Path:
    """Build a program around sources that were fetched."""
    check_wasi_compiler()
    sources = (PROGRAMS / f"{main}.c", *(folder / f"{part}.c" for part in parts))
    kept = ("-g",) if debug else ("-g0", "-Wl,--strip-debug")
    options = (*WASI, f"-{opt}", *kept, f"-I{folder}", *flags)
    return build_cached(COMPILER, options, sources, f"{main}.wasm")


def sqlite(opt: str, *, debug: bool = True) -> Path:
    """Build SQLite with a program that works on a database in memory."""
    return large_program("sqlite_speed", opt, fetch(SQLITE), ("sqlite3",), SQLITE_FLAGS, debug)


def sqlite_twin(opt: str) -> Path:
    """Build the same program for this machine."""
    folder = fetch(SQLITE)
    sources = (PROGRAMS / "sqlite_speed.c", folder / "sqlite3.c")
    # As wasm-ld does, leave out what nobody calls.
    linked = ("-fno-pie", "-no-pie", "-ffunction-sections", "-Wl,--gc-sections")
    options = (f"-{opt}", "-g", *linked, f"-I{folder}", *SQLITE_FLAGS)
    return build_cached(COMPILER, options, sources, "sqlite_speed")


def lua(opt: str, *, debug: bool = True) -> Path:
    """Build Lua with a program that runs a script."""
    return large_program("lua_speed", opt, fetch(LUA), tuple(LUA_PARTS), LUA_FLAGS, debug)
