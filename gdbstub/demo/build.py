"""Build `demo.wasm` from `demo.c`: run as `python -m gdbstub.demo.build` when the source changes.

The result is checked in and shipped.  Its debug information names the source by a relative path and holds
no path of the machine it was built on.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCE = FOLDER / "demo.c"
PROGRAM = FOLDER / "demo.wasm"
COMPILE = (
    "clang-22",
    "--target=wasm32-wasi",
    "--sysroot=/usr",
    "-Wno-deprecated",
    "-O0",
    "-g",
    "-Wall",
    "-Wextra",
    "-fdebug-compilation-dir=.",
)


def build(output: Path) -> None:
    """Compile the demo; raise `CalledProcessError` or `FileNotFoundError` where that fails."""
    # Compiled beside the source, so that the name it is given is the name it keeps.
    subprocess.run([*COMPILE, SOURCE.name, "-o", str(output)], cwd=FOLDER, check=True)


def main() -> int:
    """Build in place."""
    build(PROGRAM)
    return 0


if __name__ == "__main__":
    sys.exit(main())
