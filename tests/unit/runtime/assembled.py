"""Modules whose functions are written in GNU assembly, for the runtime without the compiler.

Each function is the x86-64 text of one body, in the order of the module's code section; what it may
use is `jit.abi`'s contract.  Offsets in the vmctx are available as symbols.
"""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from wasmtime import wat2wasm

from jit.abi import vmctx
from jit.abi.code import USUAL, CompiledFunction, Variant
from jit.abi.frame import FrameLayout
from jit.abi.frame_table import FrameTable, Point, Row, RowKind
from jit.asm.x64.isa import ISA
from jit.machine.select import emulated_machine, native_machine
from jit.runtime.engine import EngineState
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.wasm.validate import validate_module

MACHINES = {"native": native_machine, "emulated": emulated_machine}

_SYMBOLS = "\n".join(
    f".set {name}, {value}"
    for name, value in {
        "MEMORY_LENGTH": vmctx.MEMORY_LENGTH,
        "STACK_LIMIT": vmctx.STACK_LIMIT,
        "INTERRUPT": vmctx.INTERRUPT,
        "EPOCH_DEADLINE": vmctx.EPOCH_DEADLINE,
        "EPOCH_COUNTER": vmctx.EPOCH_COUNTER,
        "OVERFLOW": vmctx.OVERFLOW,
        "GLOBALS": vmctx.GLOBALS,
        **{f"STUB_{stub.name}": vmctx.STUBS + 8 * stub for stub in vmctx.Stub},
    }.items()
)

PROLOGUE = """
    push rbp
    mov rbp, rsp
    sub rsp, 16
    mov [rsp], r14
"""
EPILOGUE = """
    mov rsp, rbp
    pop rbp
    ret
"""


def call_record(offset: int | str) -> str:
    """Return a call through a record's address in the vmctx, both pinned registers reloaded."""
    return f"""
    mov rax, [r14 + {offset}]
    mov r14, [rax + 8]
    mov r15, [r14]
    call [rax]
    mov r14, [rsp]
    mov r15, [r14]
    """


@cache
def assemble(text: str) -> bytes:
    """Return the machine code of a text."""
    with TemporaryDirectory() as folder:
        source, image = Path(folder) / "a.o", Path(folder) / "a.bin"
        program = f".intel_syntax noprefix\n{_SYMBOLS}\n{text}\n"
        subprocess.run(["as", "-o", source, "-"], input=program.encode(), check=True)
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", source, image], check=True)
        return image.read_bytes()


class Assembled:
    """A `CodeSource` of assembled functions; `rows` are the offsets of their calls and traps."""

    def __init__(self, texts: Sequence[str], tables: Sequence[FrameTable] = ()) -> None:
        self._texts = texts
        self._tables = tables
        self.compiled: list[int] = []

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        self.compiled.append(defined_index)
        return CompiledFunction(defined_index, assemble(self._texts[defined_index]))

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        return self._tables[defined_index]


def table(defined_index: int, *rows: tuple[int, RowKind, int]) -> FrameTable:
    """Return a frame table of rows (code offset, kind, Wasm PC)."""
    return FrameTable(
        defined_index,
        FrameLayout(0, 0),
        (),
        16,
        tuple(Row(offset, kind, (Point(pc, ()),)) for offset, kind, pc in rows),
    )


def make_store(machine: str) -> Store:
    """Return an empty store on a machine."""
    return Store(EngineState(), MACHINES[machine]("x86-64"), ISA)


def make_module(wat: str, *texts: str, tables: Sequence[FrameTable] = ()) -> Module:
    """Return a module whose bodies are replaced by assembled ones."""
    return Module(validate_module(bytes(wat2wasm(wat))), Assembled(texts, tables))
