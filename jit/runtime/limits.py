"""How much a store may have: `Store.set_limits`, with Wasmtime's rules and words.

Memories and tables made by the embedder have to keep to the sizes, but do not count.
"""

from jit.runtime.errors import WasmtimeError
from jit.wasm.module import ModuleInfo
from jit.wasm.types import PAGE_SIZE

_DEFAULT_COUNT = 10_000


class ResourceLimits:
    """The limits of one store and what counts against them; a size of None is unlimited."""

    def __init__(self) -> None:
        self._memory_size: int | None = None
        self._table_elements: int | None = None
        self._limits = {
            "instance": _DEFAULT_COUNT,
            "table": _DEFAULT_COUNT,
            "memory": _DEFAULT_COUNT,
        }
        self._counts = {"instance": 0, "table": 0, "memory": 0}

    def set(
        self, memory_size: int, table_elements: int, instances: int, tables: int, memories: int
    ) -> None:
        """Change the limits, for what comes; negative numbers mean the default."""
        self._memory_size = memory_size if memory_size >= 0 else None
        self._table_elements = table_elements if table_elements >= 0 else None
        for what, limit in (("instance", instances), ("table", tables), ("memory", memories)):
            self._limits[what] = limit if limit >= 0 else _DEFAULT_COUNT

    def memory_fits(self, size: int) -> bool:
        """Say whether a memory may have `size` bytes."""
        return self._memory_size is None or size <= self._memory_size

    def table_fits(self, size: int) -> bool:
        """Say whether a table may have `size` elements."""
        return self._table_elements is None or size <= self._table_elements

    def check_memory(self, pages: int) -> None:
        """Raise WasmtimeError if a memory may not begin with so many pages."""
        if not self.memory_fits(PAGE_SIZE * pages):
            raise WasmtimeError(f"memory minimum size of {pages} pages exceeds memory limits")

    def check_table(self, size: int) -> None:
        """Raise WasmtimeError if a table may not begin with so many elements."""
        if not self.table_fits(size):
            raise WasmtimeError(f"table minimum size of {size} elements exceeds table limits")

    def count(self, info: ModuleInfo) -> None:
        """Count an instance of a module and what it defines.  Raise WasmtimeError if that is too much."""
        defined = {
            "instance": 1,
            "memory": len(info.memories) - info.num_imported_memories,
            "table": len(info.tables) - info.num_imported_tables,
        }
        for what, number in defined.items():
            total = self._counts[what] + number
            if number and total > self._limits[what]:
                raise WasmtimeError(f"resource limit exceeded: {what} count too high at {total}")
        for what, number in defined.items():
            self._counts[what] += number
