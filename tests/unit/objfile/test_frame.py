"""Frame information: the bytes that stock gdb was proven to unwind with, and how readelf reads them."""

from pathlib import Path

from gdbstub.objfile.frame import debug_frame
from tests.unit.objfile.tools import run

RECIPE = """
    80000000 ffffffff 01 00 01 04 10
    0c 36 00  b6 00  90 01  87 02  86 80808002
    07 00  07 01  07 02  07 04  07 05  07 08  07 09
    16 03 0a 23 80808008 94 04 23 80 01  16 0a 0a 23 80808008 94 04 23 80 02
    16 0b 0a 23 80808008 94 04 23 80 03  16 0c 0a 23 80808008 94 04 23 80 04
    16 0d 0a 23 80808008 94 04 23 80 05  16 0e 0a 23 80808008 94 04 23 80 06
    16 0f 0a 23 80808008 94 04 23 80 07
"""


def test_bytes() -> None:
    frames = debug_frame(0xE0000000, 0x1234, (0xFFFF0000, 0x1000))
    cie = bytes.fromhex("".join(RECIPE.split()))
    assert frames[: len(cie)] == cie
    rest = frames[4 + 0x80 :]
    assert rest[:16].hex() == "0c00000000000000000000e034120000"
    assert rest[16:].hex() == "1000000000000000" + "0000ffff00100000" + "07100000"


def test_readelf_reads_the_rules(elf: Path) -> None:
    dump = run(["readelf", "--debug-dump=frames", str(elf)])
    assert "DW_CFA_def_cfa: r54 (fs) ofs 0" in dump
    assert "DW_CFA_offset: r54 (fs) at cfa+0" in dump
    assert "DW_CFA_offset: r16 (rip) at cfa+4" in dump
    assert "DW_CFA_offset: r7 (rsp) at cfa+8" in dump
    assert "DW_CFA_offset: r6 (rbp) at cfa+16777216" in dump
    assert (
        "DW_CFA_val_expression: r15 (r15) (DW_OP_plus_uconst: 16777216; DW_OP_deref_size: 4;"
        " DW_OP_plus_uconst: 896)" in dump
    )
    assert "DW_CFA_undefined: r16 (rip)" in dump
    assert "pc=e0000000.." in dump
