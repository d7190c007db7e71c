"""What a debugger may see of a whole store: its debugger, its instances, its modules.

Everything here is None, or empty, in a store without guest debugging.  An instance's private entities
are asked of itself (`Instance.debug_function` and its like).
"""

from collections.abc import Sequence

from jit.debug.core import DebugCore
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store


def core_of(store: Store) -> DebugCore | None:
    """Return the debugger of a store, None where nobody has attached one."""
    return store.hooks if isinstance(store.hooks, DebugCore) else None


def all_instances(store: Store) -> Sequence[Instance]:
    """Return a store's instances, in order of creation."""
    return tuple(store.instances) if store.debuggable else ()


def all_modules(store: Store) -> Sequence[Module]:
    """Return the modules that have been instantiated in a store, in that order."""
    return tuple(code.module for code in store.code.modules()) if store.debuggable else ()
