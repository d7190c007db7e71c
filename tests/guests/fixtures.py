"""The fixtures `guest` and `native_twin`: compiled programs, or a counted skip where no compiler is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guests.build import SOURCES, Guest, NoCompiler, build_guest, build_native_twin

Builder = Callable[..., Guest]


def _or_skip(build: Builder) -> Builder:
    def built(
        name: str, opt: str = "O0", flags: tuple[str, ...] = (), folder: Path = SOURCES
    ) -> Guest:
        try:
            return build(name, opt, flags, folder)
        except NoCompiler as missing:
            pytest.skip(str(missing))

    return built


@pytest.fixture(scope="session")
def guest() -> Builder:
    """Give `guest(name, opt="O0", flags=(), folder=...)`: a program, of this folder, compiled for WASI."""
    return _or_skip(build_guest)


@pytest.fixture(scope="session")
def native_twin() -> Builder:
    """Give `native_twin(name, opt="O0", flags=(), folder=...)`: the same program for this machine."""
    return _or_skip(build_native_twin)
