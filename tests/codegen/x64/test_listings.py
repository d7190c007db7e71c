"""Machine code of whole functions, to be read in review: each `.wat` in `listings` has its text beside it.

`python -m tests.codegen.x64.test_listings` writes the texts anew.
"""

from pathlib import Path

import capstone
import pytest
from wasmtime import wat2wasm

from jit.abi.frame_table import FrameTable, Operand, OperandKind, Point, Row, RowKind
from jit.asm.x64.isa import ISA
from jit.compile.compiler import Compiler, Tunables
from jit.wasm.disasm import disassemble_function
from jit.wasm.module import ModuleInfo
from jit.wasm.validate import validate_module

FOLDER = Path(__file__).resolve().parent / "listings"
NAMES = sorted(path.stem for path in FOLDER.glob("*.wat"))
_GENERAL = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()


def listing(info: ModuleInfo, tunables: Tunables) -> str:
    """Return every function's code: its sites with the ops that share them, its exits with their kinds."""
    compiler = Compiler(info, ISA, tunables)
    parts = []
    for index in range(len(info.bodies)):
        code = compiler.compile(index).code
        name = info.func_name(info.num_imported_funcs + index)
        parts.append(f"{name}:\n" + "\n".join(_lines(info, compiler.frame_table(index), code)))
    return "\n\n".join(parts) + "\n"


def _lines(info: ModuleInfo, table: FrameTable, code: bytes) -> list[str]:
    texts: dict[int, str] = {
        line.pc: line.text.strip() for line in disassemble_function(info, table.defined_index)
    }
    sites = {row.patch: row for row in table.rows if row.kind is RowKind.SITE}
    lines: list[str] = []
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    end = 0
    while end < len(code):
        at = end
        if at in sites:
            for point in sites[at].points:
                lines.append(f"{at:5x}  -- {texts[point.pc]:40s}{_state(point)}".rstrip())
            end = sites[at].offset
            continue
        instruction = next(engine.disasm(code[at:], at, 1))
        end = at + instruction.size
        text = f"{instruction.mnemonic} {instruction.op_str}".strip()
        row = table.row(end)
        lines.append(f"{at:5x}      {text:45s}{_exit(row)}".rstrip())
    return lines


def _exit(row: Row | None) -> str:
    if row is None or row.kind is RowKind.SITE:
        return ""
    return f"{row.kind.name} {row.points[0].pc:#x}{_state(row.points[0])}"


def _state(point: Point) -> str:
    stack = " ".join(_operand(operand) for operand in point.stack)
    copies = " ".join(
        f"{c.local}:{f'xmm{c.register}' if c.float else _GENERAL[c.register]}" for c in point.copies
    )
    return f"  [{stack}] {{{copies}}}"


def _operand(operand: Operand) -> str:
    if operand.kind is OperandKind.GENERAL:
        return _GENERAL[operand.value]
    if operand.kind is OperandKind.FLOAT:
        return f"xmm{operand.value}"
    if operand.kind is OperandKind.CONSTANT:
        return f"{operand.value:#x}"
    return "slot" if operand.kind is OperandKind.SLOT else f"flags.{operand.value}"


def _made(name: str) -> str:
    info = validate_module(bytes(wat2wasm((FOLDER / f"{name}.wat").read_text())))
    return listing(info, Tunables(debug="plain" not in name))


@pytest.mark.parametrize("name", NAMES)
def test_code_is_as_listed(name: str) -> None:
    assert _made(name) == (FOLDER / f"{name}.txt").read_text()


if __name__ == "__main__":
    for each in NAMES:
        (FOLDER / f"{each}.txt").write_text(_made(each))
