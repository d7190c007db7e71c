"""The checked-in cffi module is what its builder generates."""

from pathlib import Path

from jit.machine import _native, _native_build


def test_generated_module_is_current() -> None:
    assert Path(_native.__file__).read_text() == _native_build.generate()
