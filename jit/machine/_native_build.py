"""Builds `jit/machine/_native.py`: the C declarations the package needs, for cffi's out-of-line ABI mode.

Run `python -m jit.machine._native_build` after a change; the result is checked in, because loading it
takes 3 ms and needs neither a compiler nor cffi's parser.
"""

import tempfile
from pathlib import Path

from cffi import FFI

DECLARATIONS = """
void *mmap(void *, size_t, int, int, int, intptr_t);
int munmap(void *, size_t);
int mprotect(void *, size_t, int);
typedef uint32_t entry(uintptr_t);
"""

HEADER = "# ruff: noqa\n# fmt: off\n# mypy: ignore-errors\n"


def generate() -> str:
    """Return the text of the generated module."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    ffi.set_source("jit.machine._native", None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "_native.py"
        ffi.emit_python_code(str(path))
        return HEADER + path.read_text()


if __name__ == "__main__":
    Path(__file__).with_name("_native.py").write_text(generate())
