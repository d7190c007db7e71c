"""A store's references as numbers: handles of host objects, records of functions."""

from typing import TYPE_CHECKING

from jit.runtime.func import Func, HostFunction

if TYPE_CHECKING:
    from jit.runtime.store import Store


class ExternTable:
    """Objects the guest holds as externrefs; handle 0 is null.  An object has one handle."""

    def __init__(self) -> None:
        self._objects: list[object] = [None]
        self._handles: dict[int, int] = {}
        self._free: list[int] = []

    def handle(self, value: object) -> int:
        """Return the handle of an object; it is kept alive."""
        handle = self._handles.get(id(value))
        if handle is None:
            if self._free:
                handle = self._free.pop()
                self._objects[handle] = value
            else:
                handle = len(self._objects)
                self._objects.append(value)
            self._handles[id(value)] = handle
        return handle

    def object(self, handle: int) -> object:
        """Return the object of a handle."""
        return self._objects[handle]

    def retain(self, used: set[int]) -> None:
        """Forget the objects of all other handles, which may be used again."""
        for identity, handle in list(self._handles.items()):
            if handle not in used:
                del self._handles[identity]
                self._objects[handle] = None
                self._free.append(handle)


class FuncTable:
    """The functions of a store, by the address of their record; each has one `Func`."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._funcs: dict[int, Func] = {}

    def add(self, func: Func) -> None:
        """Let a record have this `Func`."""
        self._funcs[func.record] = func

    def at(self, record: int) -> Func:
        """Return the function of a record of this store."""
        func = self._funcs.get(record)
        if func is not None:
            return func
        host: HostFunction | None = self._store.host_functions.get(record)
        if host is not None:
            return Func.of_host(self._store, host)
        func = Func.of_record(self._store, record, self._store.type_of_record(record))
        self._funcs[record] = func
        return func
