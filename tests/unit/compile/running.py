"""Running functions from WAT through the compiler, beside Wasmtime.

`Trashing` is the strictest reader of frame tables there is: at every patch site it checks that copies
are copies, and overwrites every register and flag that the table does not mention.
"""

from collections.abc import Sequence

import wasmtime

from jit.abi.code import USUAL, CompiledFunction, Variant, Watch
from jit.abi.frame_table import FrameTable, OperandKind, Point, RowKind
from jit.asm.x64.isa import ISA
from jit.compile.compiler import Compiler, Tunables
from jit.machine.select import native_machine
from jit.runtime.code import CodeRange, ModuleCode
from jit.runtime.context import FLOAT, GENERAL, PC
from jit.runtime.driver import Activation
from jit.runtime.engine import EngineState
from jit.runtime.func import Func
from jit.runtime.imports import Extern
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import STACK_SIZE, Store
from jit.runtime.trap import Trap
from jit.wasm.types import F32, I32
from jit.wasm.validate import validate_module

DEBUG = Tunables(debug=True)
PLAIN = Tunables(debug=False)
EPOCH = Tunables(debug=True, epoch=True)

SMALL_STACK = 1 << 18

_FLAGS = 2
_RFLAGS_BITS = 0x8D5
_PINNED = (4, 5, 14, 15)


class Canonical(Compiler):
    """Gives the canonical variants as if they were the usual code."""

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        return super().compile(defined_index, Variant(True, variant.watch))

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        return super().frame_table(defined_index, Variant(True, variant.watch))


class Watching(Compiler):
    """Gives the code that looks at every access of memory as if it were the usual code."""

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        return super().compile(defined_index, Variant(variant.canonical, Watch.ALL))

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        return super().frame_table(defined_index, Variant(variant.canonical, Watch.ALL))


class Trashing:
    """A debugger that enables every site, and destroys at each what the code must not depend on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables: dict[CodeRange, FrameTable] = {}
        self.stops = 0
        store.hooks = self

    def on_compiled(self, code: ModuleCode, defined_index: int) -> None:
        range_ = code.function(defined_index)
        assert range_ is not None
        table = self._tables[range_] = code.source.frame_table(defined_index)
        isa, machine = self._store.isa, self._store.machine
        for row in table.rows:
            if row.kind is RowKind.SITE:
                site = range_.start + row.patch
                machine.patch(site, isa.site_enabled(site, self._store.code.breakpoint))

    def on_breakpoint(self, activation: Activation) -> None:
        self.stops += 1
        words = activation.context.words
        range_ = self._store.code.lookup(words[PC])
        assert range_ is not None
        table = self._tables[range_]
        row = table.row(words[PC] - range_.start)
        assert row is not None and row.kind is RowKind.SITE
        used = set().union(*(self._registers(activation, table, point) for point in row.points))
        for register in range(16):
            if (False, register) not in used and register not in _PINNED:
                words[GENERAL + register] = 0xDEAD_BEEF_CAFE_0000 + register
            if (True, register) not in used:
                words[FLOAT + 2 * register] = 0x7FF8_BAD0_BAD0_0000 + register
        operands = [operand for point in row.points for operand in point.stack]
        if all(operand.kind is not OperandKind.FLAGS for operand in operands):
            words[_FLAGS] ^= _RFLAGS_BITS

    def _registers(
        self, activation: Activation, table: FrameTable, point: Point
    ) -> set[tuple[bool, int]]:
        words, convention = activation.context.words, self._store.isa.convention
        base = words[GENERAL + convention.stack_pointer]
        assert words[GENERAL + convention.frame_pointer] == base + table.base_to_frame_pointer
        used = set()
        for copy in point.copies:
            slot = self._store.machine.load_u64(base + table.layout.local(copy.local))
            word = FLOAT + 2 * copy.register if copy.float else GENERAL + copy.register
            half = table.local_types[copy.local] in (I32, F32)
            mask = 0xFFFF_FFFF if half else 0xFFFF_FFFF_FFFF_FFFF
            assert slot & mask == words[word] & mask, copy
            used.add((copy.float, copy.register))
        for operand in point.stack:
            if operand.kind is OperandKind.GENERAL:
                if operand.type == I32:
                    assert words[GENERAL + operand.value] >> 32 == 0, operand
                used.add((False, operand.value))
            elif operand.kind is OperandKind.FLOAT:
                used.add((True, operand.value))
        return used

    def on_interrupt(self, activation: Activation, requested: bool) -> None:
        """Nothing asks for one."""

    def on_watch(self, activation: Activation) -> None:
        """Nothing is watched."""

    def on_trap(self, activation: Activation, trap: Trap) -> None:
        """The trap is raised."""

    def on_epoch(self, activation: Activation) -> None:
        """Go on."""

    def on_hostcall_error(self, activation: Activation, error: Exception) -> None:
        """The error is raised."""

    def on_instance(self, instance: Instance) -> None:
        """Sites are enabled as functions are compiled."""

    def on_left(self) -> None:
        """Nothing was for one run."""

    def extern_roots(self) -> set[int]:
        """No frame holds one while references are collected."""
        return set()


def make_store(stack_size: int = STACK_SIZE) -> Store:
    """Return an empty store on the native machine."""
    return Store(EngineState(), native_machine("x86-64"), ISA, stack_size=stack_size)


def make_module(
    wat: str, tunables: Tunables = DEBUG, compiler: type[Compiler] = Compiler
) -> Module:
    """Return a module of the text, compiled by our compiler."""
    info = validate_module(bytes(wasmtime.wat2wasm(wat)))
    return Module(info, compiler(info, ISA, tunables))


def instantiate(wat: str, tunables: Tunables = DEBUG, imports: Sequence[Extern] = ()) -> Instance:
    """Return an instance in a store of its own, or in that of the imports."""
    store = imports[0].store if imports else make_store()
    return Instance(store, make_module(wat, tunables), imports)


def call(instance: Instance, name: str, *arguments: int) -> list[int]:
    """Call an exported function with bit patterns."""
    function = instance.exports(instance.store)[name]
    assert isinstance(function, Func)
    return function.call_bits(list(arguments))


def outcome(instance: Instance, name: str, arguments: Sequence[int]) -> list[int] | str:
    """Return the results of a call, or the message of its trap."""
    try:
        return call(instance, name, *arguments)
    except Trap as trap:
        return str(trap.trap_code.name if trap.trap_code is not None else trap)


def variants(wat: str) -> list[tuple[str, Instance]]:
    """Return an instance for each way of compiling: without sites, with, canonical..."""
    trashed, yielding, watching = (make_store(SMALL_STACK) for _ in range(3))
    Trashing(watching)
    Trashing(trashed)
    yielding.epoch_callback = lambda: 0
    return [
        ("plain", Instance(make_store(), make_module(wat, PLAIN), [])),
        ("debug", Instance(make_store(), make_module(wat, DEBUG), [])),
        ("canonical", Instance(make_store(), make_module(wat, DEBUG, Canonical), [])),
        ("trashed", Instance(trashed, make_module(wat, DEBUG), [])),
        ("epoch", Instance(yielding, make_module(wat, EPOCH), [])),
        ("watching", Instance(watching, make_module(wat, DEBUG, Watching), [])),
    ]
