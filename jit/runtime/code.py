"""A store's machine code: trampolines, each module's lazy stubs and compiled functions, and what lies where.

Code is never moved or freed while its store lives, and addresses only rise, so that the map from
addresses to functions is a sorted list.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jit.abi import records
from jit.abi.code import USUAL, CodeSource, Isa, Variant, Watch
from jit.abi.frame_table import FrameTable
from jit.abi.vmctx import Stub
from jit.machine.protocol import Machine
from jit.runtime.errors import InvalidFunction
from jit.runtime.module import Module
from jit.wasm.errors import WasmError
from jit.wasm.module import ModuleInfo


@dataclass(frozen=True, slots=True)
class CodeRange:
    """The machine code of one function: addresses `start` to `end`, end exclusive."""

    code: "ModuleCode"
    defined_index: int
    start: int
    end: int
    variant: Variant = USUAL

    @property
    def table(self) -> FrameTable:
        """Its frame table."""
        return self.code.frame_table(self)


class ModuleCode:
    """One module's code in one store, shared by its instances there."""

    def __init__(self, store_code: "StoreCode", module: Module) -> None:
        self.module = module
        self._store = store_code
        self._stubs, self._stub_size = store_code.add_lazy_stubs(len(module.info.bodies))
        self._made: dict[tuple[int, Variant], CodeRange] = {}
        self._variants: dict[int, list[CodeRange]] = {}
        self._entered: dict[int, CodeRange] = {}
        """What calls go to, by defined index."""
        self._sited: set[int] = set()
        """The functions whose code has patch sites from now on."""
        self._tables: dict[CodeRange, FrameTable] = {}
        self._records: list[int] = []

    @property
    def info(self) -> ModuleInfo:
        return self.module.info

    @property
    def source(self) -> CodeSource:
        return self.module.source

    def function(self, defined_index: int) -> CodeRange | None:
        """Return where the code is that calls of a function go to, None while it is not compiled."""
        return self._entered.get(defined_index)

    def functions(self) -> Sequence[CodeRange]:
        """Return the code that calls go to of each function that is compiled."""
        return list(self._entered.values())

    def entry(self, defined_index: int) -> int:
        """Return the address that calls of a function go to now: its code, or its lazy stub."""
        compiled = self.function(defined_index)
        return compiled.start if compiled else self._stubs + self._stub_size * defined_index

    def add_instance(self, first_record: int) -> None:
        """Keep an instance's records up to date; they must hold what `entry` returns."""
        self._records.append(first_record)

    def compile(self, defined_index: int) -> CodeRange:
        """Compile a function unless that is done, and let every instance's record point to it.

        Raise InvalidFunction if its body is invalid.
        """
        known = self.function(defined_index)
        if known is not None:
            return known
        made = self._make(defined_index, self._usual(defined_index, self._store.watch))
        self._entered[defined_index] = made
        self._set_record(defined_index, made.start)
        return made

    def _usual(self, defined_index: int, watch: Watch) -> Variant:
        sites = defined_index in self._sited or not self._store.sites_on_demand
        return Variant(False, watch, sites)

    def _make(self, defined_index: int, variant: Variant) -> CodeRange:
        made = self._made.get((defined_index, variant))
        if made is None:
            try:
                compiled = self.source.compile(defined_index, variant)
            except WasmError as error:
                name = self.info.func_name(self.info.num_imported_funcs + defined_index)
                raise InvalidFunction(name, error.message, error.offset) from error
            made = self._store.add_function(self, defined_index, variant, compiled.code)
            self._made[defined_index, variant] = made
            self._variants.setdefault(defined_index, []).append(made)
        return made

    def _set_record(self, defined_index: int, address: int) -> None:
        store_u64 = self._store.machine.store_u64
        for first in self._records:
            store_u64(first + records.SIZE * defined_index + records.CODE, address)

    def add_sites(self, defined_index: int) -> CodeRange | None:
        """Let calls of a function go to code with patch sites; frames stay where they are.

        Return that code, None while the function is not compiled.
        """
        known = self._entered.get(defined_index)
        self._sited.add(defined_index)
        if known is not None and not known.variant.sites:
            del self._entered[defined_index]
            known = self.compile(defined_index)
        return known

    def update_watch(self) -> None:
        """Let calls go to code that looks at what the store's shall; frames stay where they are."""
        usual = [(index, self._usual(index, self._store.watch)) for index in self._variants]
        self._entered = {key[0]: self._made[key] for key in usual if key in self._made}
        for defined_index in self._variants:
            self._set_record(defined_index, self.entry(defined_index))

    def variant(self, range_: CodeRange, watch: Watch) -> CodeRange:
        """Return the code of a function that looks at what is wanted, with patch sites if calls go to such."""
        if range_.variant.canonical:
            return self.canonical(range_.defined_index, watch)
        if watch is self._store.watch:
            return self.compile(range_.defined_index)
        return self._make(range_.defined_index, self._usual(range_.defined_index, watch))

    def canonical(self, defined_index: int, watch: Watch = Watch.NOTHING) -> CodeRange:
        """Return a function's canonical variant, which no record points to."""
        return self._make(defined_index, Variant(True, watch))

    def variants(self, defined_index: int) -> Sequence[CodeRange]:
        """Return all code of a function that exists."""
        return self._variants.get(defined_index, ())

    def frame_table(self, range_: CodeRange) -> FrameTable:
        """Return the frame table of some code; it is made when it is first asked for."""
        table = self._tables.get(range_)
        if table is None:
            table = self._tables[range_] = self.source.frame_table(
                range_.defined_index, range_.variant
            )
        return table


class StoreCode:
    """All code of one store."""

    def __init__(self, machine: Machine, isa: Isa, sites_on_demand: bool = False) -> None:
        self.machine = machine
        self.isa = isa
        self.sites_on_demand = sites_on_demand
        """Whether only those functions have patch sites in their code for which `add_sites` was called."""
        self.watch = Watch.NOTHING
        """Which accesses of memory the code that calls go to looks at."""
        trampolines = isa.trampolines()
        base = machine.add_code(trampolines.code)
        self._entries = {name: base + offset for name, offset in trampolines.entries.items()}
        self._resume = machine.function(self._entries["resume"])
        self._resume_keeping = machine.keeping(self._entries["resume"])
        self.resume: Callable[[int], int] = self._resume
        """Let the guest run, given the address of its context, until it comes back; return the `Exit`."""
        self.host = self._entries["host"]
        self.done = self._entries["done"]
        self.breakpoint = self._entries["breakpoint"]
        self.stubs = {stub: self._entries[stub.name.lower()] for stub in Stub}
        self._modules: dict[Module, ModuleCode] = {}
        self._starts: list[int] = []
        self._ranges: list[CodeRange] = []

    def keep_interpreter(self, keep: bool) -> int | None:
        """Let the guest keep the interpreter while it runs, if the machine can.

        Return where the code is of the heartbeat that it then needs (`jit.abi.heartbeat`), otherwise None.
        """
        if not keep or self._resume_keeping is None:
            self.resume = self._resume
            return None
        self.resume = self._resume_keeping
        return self._entries["heartbeat"]

    def modules(self) -> Sequence[ModuleCode]:
        """Return the modules instantiated here so far, in order of their first instantiation."""
        return list(self._modules.values())

    def module(self, module: Module) -> ModuleCode:
        """Return a module's code in this store."""
        code = self._modules.get(module)
        if code is None:
            code = self._modules[module] = ModuleCode(self, module)
        return code

    def set_watch(self, watch: Watch) -> None:
        """Let calls go to code that looks at these accesses of memory; frames stay where they are."""
        self.watch = watch
        for code in self._modules.values():
            code.update_watch()

    def add_lazy_stubs(self, count: int) -> tuple[int, int]:
        """Place the lazy stubs of a module with `count` functions; return their address and size."""
        compile_ = self._entries["compile"]
        _, size = self.isa.lazy_stubs(1, compile_, compile_)
        address = self.machine.add_code(bytes(size * count))
        code, _ = self.isa.lazy_stubs(count, address, compile_)
        self.machine.patch(address, code)
        return address, size

    def add_function(
        self, code: ModuleCode, defined_index: int, variant: Variant, text: bytes
    ) -> CodeRange:
        """Place a function's code."""
        start = self.machine.add_code(text)
        made = CodeRange(code, defined_index, start, start + len(text), variant)
        self._starts.append(start)
        self._ranges.append(made)
        return made

    def lookup(self, address: int) -> CodeRange | None:
        """Return the function that an address just past one of its instructions belongs to.

        Every address that a stopped context or a return address shows is such a one; the last
        instruction's is the function's end.
        """
        at = bisect_right(self._starts, address - 1) - 1
        if at < 0:
            return None
        found = self._ranges[at]
        return found if address <= found.end else None
