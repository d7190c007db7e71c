"""Frame information: the bytes that stock gdb was proven to unwind with, and how readelf reads them."""

from pathlib import Path

from gdbstub.objfile.frame import debug_frame
from tests.unit.objfile.tools import run

RECIPE = """
    6c000000 ffffffff 01 00 01 78 10
    0c 06 00  90 01  86 02
    10 07 02 34 1c
    07 00  07 01  07 02  07 04  07 05  07 08  07 09
    16 03 07 40 1c 94 04 23 80 01  16 0a 07 40 1c 94 04 23 80 02  16 0b 07 40 1c 94 04 23 80 03
    16 0c 07 40 1c 94 04 23 80 04  16 0d 07 40 1c 94 04 23 80 05  16 0e 07 40 1c 94 04 23 80 06
    16 0f 07 40 1c 94 04 23 80 07  00 00
"""


def test_bytes() -> None:
    frames = debug_frame(0xE0000000, 0x1234, (0xFFFF0000, 0x1000))
    cie = bytes.fromhex("".join(RECIPE.split()))
    assert frames[: len(cie)] == cie
    rest = frames[4 + 0x6C :]
    assert rest[:16].hex() == "0c00000000000000000000e034120000"
    assert rest[16:].hex() == "1000000000000000" + "0000ffff00100000" + "07100000"


def test_readelf_reads_the_rules(elf: Path) -> None:
    dump = run(["readelf", "--debug-dump=frames", str(elf)])
    assert "DW_CFA_def_cfa: r6 (rbp) ofs 0" in dump
    assert "DW_CFA_offset: r16 (rip) at cfa-8" in dump
    assert "DW_CFA_offset: r6 (rbp) at cfa-16" in dump
    assert "DW_CFA_expression: r7 (rsp) (DW_OP_lit4; DW_OP_minus)" in dump
    assert (
        "DW_CFA_val_expression: r15 (r15) (DW_OP_lit16; DW_OP_minus; DW_OP_deref_size: 4;"
        " DW_OP_plus_uconst: 896)" in dump
    )
    assert "DW_CFA_undefined: r16 (rip)" in dump
    assert "pc=e0000000.." in dump
