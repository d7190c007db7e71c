"""The guests themselves: what they print is the same natively, and the cache is used."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guests.build import BuildError, Guest, build_guest

Builder = Callable[..., Guest]


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_the_session_program_runs_natively(native_twin: Builder, opt: str) -> None:
    twin = native_twin("session", opt)
    done = subprocess.run([twin.program], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "hello, wasm: fib(6) = 8 in 25 calls\nages 121, scaled 3.90, wide 42007\n"
    )


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_the_session_program_compiles(guest: Builder, opt: str) -> None:
    built = guest("session", opt)
    assert built.program.read_bytes()[:4] == b"\0asm"


def test_a_guest_is_built_once(guest: Builder) -> None:
    first = guest("session").program
    before = first.stat().st_mtime_ns
    assert guest("session").program == first
    assert first.stat().st_mtime_ns == before


def test_a_compiler_error_is_told(guest: Builder, tmp_path: Path) -> None:
    guest("session")  # skips without a compiler
    (tmp_path / "bad.c").write_text("int main(void) { return nothing; }\n")
    with pytest.raises(BuildError, match="nothing"):
        build_guest("bad", folder=tmp_path)
