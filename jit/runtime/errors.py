"""The runtime's error tree: what the embedder did wrong, and what a program asks of its embedder.

Traps are the guest's fault and are no part of it (`jit.runtime.trap`), as in the `wasmtime` package.
"""


class WasmtimeError(Exception):
    """An operation of the embedding interface failed; named as in the `wasmtime` package."""


class LinkError(WasmtimeError):
    """An import is missing, of another type, or defined twice."""


class StoreInUse(WasmtimeError):
    """A thread entered a store that another thread is executing in."""

    def __init__(self) -> None:
        super().__init__("store is in use by another thread")


class InvalidFunction(WasmtimeError):
    """A body that was not checked when its module was loaded turned out to be invalid."""

    def __init__(self, name: str, message: str, offset: int) -> None:
        super().__init__(f"function `{name}` is invalid: {message} (at offset {offset:#x})")
        self.name = name
        self.offset = offset


class ExitTrap(WasmtimeError):
    """The program ended itself (WASI's `proc_exit`) with exit status `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Exited with i32 exit status {code}")
        self.code = code


class HostCallInterrupted(Exception):
    """Raised by a host function that was woken by `Store.interrupt`, having done nothing.

    The driver reports the interrupt and then calls the function again with the same arguments.
    """
