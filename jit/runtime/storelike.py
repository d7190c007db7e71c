"""What may be given where a store is wanted: a store, or the `Caller` of a host function."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jit.runtime.store import Store


class Storelike(Protocol):
    """A store, or what stands for one."""

    def context(self) -> "Store":
        """Return the store."""
        ...


def store_of(given: object) -> "Store":
    """Return the store of an argument.  Raise TypeError for what is none, ValueError for a closed one."""
    context = getattr(given, "context", None)
    if context is None:
        raise TypeError("expected a Store")
    store: Store = context()
    return store
