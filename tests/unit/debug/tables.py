"""Guests whose frame tables are replaced by others: what no compiler of ours makes, frames can still be."""

from collections.abc import Callable
from dataclasses import replace

from jit.abi.code import USUAL, CodeSource, CompiledFunction, Variant
from jit.abi.frame_table import FrameTable, Point
from jit.abi.frame_table_format import read_frame_table, write_frame_table
from jit.compile.compiler import Compiler
from jit.runtime.module import Module
from jit.wasm.validate import validate_module
from tests.unit.debug.guest import Guest, binary

Change = Callable[[FrameTable], FrameTable]


class Retold:
    """A source of code whose frame tables of some functions say something else, written to bytes and read back."""

    def __init__(self, source: CodeSource, changes: dict[int, Change]) -> None:
        self._source = source
        self._changes = changes

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        return self._source.compile(defined_index, variant)

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        table = self._source.frame_table(defined_index, variant)
        change = self._changes.get(defined_index)
        return table if change is None else read_frame_table(write_frame_table(change(table)))


def module_of(guest: Guest, wat: str, changes: dict[int, Change]) -> Module:
    """Return a module whose frame tables are changed, by defined index."""
    info = validate_module(binary(wat))
    return Module(info, Retold(Compiler(info, guest.isa, guest.tunables), changes))


def with_points(table: FrameTable, change: Callable[[Point], Point]) -> FrameTable:
    """Return a table all of whose points are changed."""
    rows = (replace(row, points=tuple(map(change, row.points))) for row in table.rows)
    return replace(table, rows=tuple(rows))
