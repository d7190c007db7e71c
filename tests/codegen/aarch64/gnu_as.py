"""GNU as and capstone for aarch64: the outside opinions on what bytes mean."""

import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import capstone
import pytest

PREFIX = "aarch64-linux-gnu-"


def assemble(lines: Sequence[str]) -> list[bytes]:
    """Return the machine code of each line, an instruction; a line that is refused fails the test."""
    if shutil.which(PREFIX + "as") is None:
        pytest.skip(f"no {PREFIX}as (Debian: binutils-aarch64-linux-gnu)")
    with TemporaryDirectory() as folder:
        made, image = Path(folder) / "a.o", Path(folder) / "a.bin"
        source = "\n".join(lines) + "\n"
        subprocess.run(
            [PREFIX + "as", "-march=armv8-a", "-o", made, "-"], input=source.encode(), check=True
        )
        subprocess.run([PREFIX + "objcopy", "-O", "binary", "-j", ".text", made, image], check=True)
        code = image.read_bytes()
    assert len(code) == 4 * len(lines)
    return [code[at : at + 4] for at in range(0, len(code), 4)]


def disassemble(code: bytes) -> Iterator[str]:
    """Yield each instruction as text that GNU as takes; distances are relative to the instruction.

    A word that is no instruction fails the test.
    """
    assert len(code) % 4 == 0
    engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    for at in range(0, len(code), 4):
        instructions = list(engine.disasm(code[at : at + 4], 0))
        assert instructions, f"no instruction: {struct.unpack('<I', code[at : at + 4])[0]:#x}"
        text = f"{instructions[0].mnemonic} {instructions[0].op_str}".strip()
        yield _relative(text)


def _relative(text: str) -> str:
    """Spell the target of a branch as a distance: capstone gives an address, the code being at 0."""
    mnemonic, _, operands = text.partition(" ")
    if mnemonic in ("b", "bl", "cbz", "cbnz", "adr") or mnemonic.startswith("b."):
        head, hash_, address = operands.rpartition("#")
        distance = int(address, 0)
        distance -= 1 << 64 if distance >> 63 else 0
        return f"{mnemonic} {head}. + {distance}" if hash_ else text
    return text
