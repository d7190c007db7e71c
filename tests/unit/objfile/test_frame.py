"""Frame information: the bytes that stock gdb was proven to unwind with, and how readelf reads them."""

from pathlib import Path

from gdbstub.objfile.frame import debug_frame
from tests.unit.objfile.tools import run

RECIPE = """
    40000000 ffffffff 01 00 01 78 10
    0c 06 00  90 01  86 02
    16 07 06 40 1c 94 04 40 1c
    07 00  07 01  07 02  07 04  07 05  07 08  07 09
    15 03 70  15 0a 60  15 0b 50  15 0c 40  15 0d b0 7f  15 0e a0 7f  15 0f 90 7f
"""


def test_bytes() -> None:
    frames = debug_frame(0xE0000000, 0x1234, 0xFFFF0000, 0x1000)
    cie = bytes.fromhex("".join(RECIPE.split()))
    assert frames[: len(cie)] == cie
    rest = frames[4 + 0x40 :]
    assert rest[:16].hex() == "0c00000000000000000000e034120000"
    assert rest[16:].hex() == "1000000000000000" + "0000ffff00100000" + "07100000"


def test_readelf_reads_the_rules(elf: Path) -> None:
    dump = run(["readelf", "--debug-dump=frames", str(elf)])
    assert "DW_CFA_def_cfa: r6 (rbp) ofs 0" in dump
    assert "DW_CFA_offset: r16 (rip) at cfa-8" in dump
    assert "DW_CFA_offset: r6 (rbp) at cfa-16" in dump
    assert "DW_CFA_val_offset_sf: r15 (r15) is cfa+896" in dump
    assert "DW_CFA_undefined: r16 (rip)" in dump
    assert "pc=e0000000.." in dump
