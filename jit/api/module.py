"""Modules from bytes: checked whole, or only in structure where bodies are checked as they are compiled."""

from os import PathLike

from jit.api.closing import Closable
from jit.api.engine import Engine
from jit.runtime.errors import WasmtimeError
from jit.runtime.module import Module as RuntimeModule
from jit.wasm.errors import WasmError
from jit.wasm.module import ModuleInfo, parse_module
from jit.wasm.validate import validate_module

Bytes = bytes | bytearray | memoryview


class Module(RuntimeModule, Closable):
    """A module of an engine."""

    def __init__(self, engine: Engine, wasm: Bytes | str) -> None:
        """Decode and check a module in the binary format, all bodies included.

        Raise WasmtimeError, whose cause is the `WasmError` with the offset, for a bad one.
        """
        self._bind(engine, _checked(engine, wasm, deferred=False))

    def _bind(self, engine: Engine, info: ModuleInfo) -> None:
        self.engine = engine
        super().__init__(info, engine.code_source(info), engine.state)
        self._number = next(engine.state.module_numbers)

    @property
    def debug_bytecode(self) -> bytes | None:
        """Its bytes, which all PCs are offsets in; None without guest debugging."""
        return self.info.data if self.engine.guest_debug else None

    @property
    def debug_index_in_engine(self) -> int | None:
        """A number that no other module of its engine has; None without guest debugging."""
        return self._number if self.engine.guest_debug else None

    @classmethod
    def deferred(cls, engine: Engine, wasm: Bytes | str) -> "Module":
        """Decode a module and check its structure; a body is checked when it is first called.

        The guest that calls an invalid one ends with `InvalidFunction`.
        """
        module = cls.__new__(cls)
        module._bind(engine, _checked(engine, wasm, deferred=True))
        return module

    @classmethod
    def from_file(cls, engine: Engine, path: "str | bytes | PathLike[str]") -> "Module":
        """Decode and check the module in a file.  Raise OSError if it cannot be read."""
        with open(path, "rb") as file:
            return cls(engine, file.read())

    @classmethod
    def validate(cls, engine: Engine, wasm: Bytes | str) -> None:
        """Check a module.  Raise WasmtimeError for a bad one."""
        if isinstance(wasm, str):
            raise TypeError("expected wasm bytes")
        _checked(engine, wasm, deferred=False)


def _checked(engine: Engine, wasm: Bytes | str, deferred: bool) -> ModuleInfo:
    if not isinstance(engine, Engine):
        raise TypeError("expected an Engine")
    if isinstance(wasm, str):
        raise WasmtimeError("a module is given in the binary format, not as text")
    if not isinstance(wasm, Bytes):
        raise TypeError("expected wasm bytes")
    data = bytes(wasm)
    if data[:4] != b"\0asm" and data.lstrip()[:1] in (b"(", b";"):
        raise WasmtimeError("a module is given in the binary format, not as text")
    try:
        return parse_module(data) if deferred else validate_module(data)
    except WasmError as error:
        raise WasmtimeError(f"failed to parse WebAssembly module: {error}") from error
