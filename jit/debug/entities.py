"""What a debugger may see of a store beyond its exports: every instance, module and private entity.

Everything here is None, or empty, in a store without guest debugging.
"""

from collections.abc import Sequence

from jit.debug.core import DebugCore
from jit.runtime.func import Func
from jit.runtime.global_ import Global
from jit.runtime.instance import Instance
from jit.runtime.memory import Memory
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.table import Table


def core_of(store: Store) -> DebugCore | None:
    """Return the debugger of a store, None where nobody has attached one."""
    return store.hooks if isinstance(store.hooks, DebugCore) else None


def all_instances(store: Store) -> Sequence[Instance]:
    """Return a store's instances, in order of creation."""
    return tuple(store.instances) if store.debuggable else ()


def all_modules(store: Store) -> Sequence[Module]:
    """Return the modules that have been instantiated in a store, in that order."""
    return tuple(code.module for code in store.code.modules()) if store.debuggable else ()


def debug_global(instance: Instance, index: int) -> Global | None:
    """Return a global by its index, imports first, exported or not; None out of range."""
    found = instance.globals[index : index + 1] if _visible(instance, index) else []
    return found[0] if found else None


def debug_memory(instance: Instance, index: int) -> Memory | None:
    """Return a memory by its index; None out of range."""
    found = instance.memories[index : index + 1] if _visible(instance, index) else []
    return found[0] if found else None


def debug_table(instance: Instance, index: int) -> Table | None:
    """Return a table by its index; None out of range."""
    found = instance.tables[index : index + 1] if _visible(instance, index) else []
    return found[0] if found else None


def debug_function(instance: Instance, index: int) -> Func | None:
    """Return a function by its index, imports counted; None out of range."""
    if not _visible(instance, index) or index >= len(instance.module.info.func_types):
        return None
    return instance.func(index)


def _visible(instance: Instance, index: int) -> bool:
    return instance.store.debuggable and index >= 0
