"""Guests of other languages than C, and their native twins: skipped where their compiler is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guests.build import (
    WASI,
    Guest,
    NoCompiler,
    build_cached,
    check_wasi_compiler,
    compiler_version,
)

FOLDER = Path(__file__).resolve().parent
CXX = "clang++-22"
CXX_HEADERS = Path("/usr/include/wasm32-wasi/c++")
RUST = "/usr/bin/rustc"
"""Debian's: another on PATH may have no library for the target."""
RUST_TARGET = "wasm32-wasi"
RUST_LIBRARIES = Path("/usr/lib/rustlib") / RUST_TARGET


def cplusplus(opt: str, *flags: str, native: bool = False, name: str = "languages") -> Guest:
    """Compile a C++ program of this folder."""
    source = FOLDER / f"{name}.cpp"
    try:
        check_wasi_compiler()
        compiler_version(CXX)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    if not CXX_HEADERS.is_dir():
        pytest.skip("libc++ for wasm32-wasi is not installed")
    target = ("-fno-pie", "-no-pie") if native else (*WASI, "-fno-exceptions")
    output = name if native else f"{name}.wasm"
    program = build_cached(CXX, (*target, f"-{opt}", "-g", *flags), (source,), output)
    return Guest(name, opt, program, source)


def rust(opt: str, native: bool = False) -> Guest:
    """Compile languages.rs."""
    source = FOLDER / "languages.rs"
    try:
        compiler_version(RUST)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    if not RUST_LIBRARIES.is_dir():
        pytest.skip(f"Rust's library for {RUST_TARGET} is not installed")
    target = () if native else (f"--target={RUST_TARGET}", "-Clinker=rust-lld")
    output = "languages" if native else "languages.wasm"
    flags = (*target, "-g", f"-Copt-level={opt[1:]}", "-Awarnings")
    program = build_cached(RUST, flags, (source,), output)
    return Guest("languages", opt, program, source)
