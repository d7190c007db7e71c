"""GNU as and capstone for x86-64: the outside opinions on what bytes mean."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import capstone


def assemble(lines: Sequence[str]) -> list[str]:
    """Return the instructions of lines in Intel syntax as capstone spells what GNU as made of them."""
    with TemporaryDirectory() as folder:
        made, image = Path(folder) / "a.o", Path(folder) / "a.bin"
        source = ".intel_syntax noprefix\n" + "\n".join(lines) + "\n"
        subprocess.run(["as", "-o", made, "-"], input=source.encode(), check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", made, image], check=True)
        return disassemble(image.read_bytes())


def disassemble(code: bytes, address: int = 0) -> list[str]:
    """Return the instructions of machine code; bytes that are none fail the test."""
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    found = list(engine.disasm(code, address))
    assert sum(instruction.size for instruction in found) == len(code), code.hex()
    return [f"{i.mnemonic} {i.op_str}".strip() for i in found]
