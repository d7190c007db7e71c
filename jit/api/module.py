"""Modules from bytes: checked whole, or only in structure where bodies are checked as they are compiled."""

from os import PathLike

from jit.abi.code import CodeSource, Variant
from jit.api.closing import Closable
from jit.api.engine import Engine
from jit.api.serialized import Serialized, StoredCode, serialize
from jit.api.text import MAGIC, binary, is_text
from jit.runtime.errors import WasmtimeError
from jit.runtime.module import Module as RuntimeModule
from jit.wasm.errors import WasmError
from jit.wasm.module import ModuleInfo, parse_module
from jit.wasm.validate import validate_module

Bytes = bytes | bytearray | memoryview


class Module(RuntimeModule, Closable):
    """A module of an engine."""

    def __init__(self, engine: Engine, wasm: Bytes | str) -> None:
        """Decode and check a module in the binary or the text format, all bodies included.

        Raise WasmtimeError, whose cause is the `WasmError` with the offset, for a bad one.
        """
        info = _checked(engine, wasm, deferred=False)
        self._bind(engine, info, engine.code_source(info))

    def _bind(self, engine: Engine, info: ModuleInfo, source: CodeSource) -> None:
        self.engine = engine
        super().__init__(info, source, engine.state)
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
    def deferred(cls, engine: Engine, wasm: Bytes) -> "Module":
        """Decode a module in the binary format and check its structure; a body is checked when it is first called.

        The guest that calls an invalid one ends with `InvalidFunction`.
        """
        data = bytes(wasm)
        if is_text(data):
            raise WasmtimeError("a module is given in the binary format, not as text")
        module = cls.__new__(cls)
        info = _checked(engine, data, deferred=True)
        module._bind(engine, info, engine.code_source(info))
        return module

    def serialize(self) -> bytearray:
        """Return the module with its machine code, all of it, for `deserialize`."""
        info, engine = self.info, self.engine
        target, options, entered = engine.isa.name, engine.options, _entered_at_first(engine)
        return serialize(self.source, info.data, len(info.bodies), target, options, entered)

    @classmethod
    def deserialize(cls, engine: Engine, encoded: bytes | bytearray) -> "Module":
        """Return the module of bytes from `serialize`, whose code is not made again.

        Raise WasmtimeError unless they come from this version, and an engine of the same settings. They
        must come from somebody trusted: they hold machine code.
        """
        if not isinstance(engine, Engine):
            raise TypeError("expected an Engine")
        engine.check_open()
        if not isinstance(encoded, bytes | bytearray):
            raise TypeError("expected bytes")
        stored = Serialized(bytes(encoded), engine.isa.name, engine.options)
        module = cls.__new__(cls)
        info = parse_module(stored.module)
        source = StoredCode(stored, engine.code_source(info), _entered_at_first(engine))
        module._bind(engine, info, source)
        return module

    @classmethod
    def deserialize_file(cls, engine: Engine, path: "str | PathLike[str]") -> "Module":
        """Return the module of a file with bytes from `serialize`; as `deserialize`."""
        try:
            with open(path, "rb") as file:
                return cls.deserialize(engine, file.read())
        except OSError as error:
            raise WasmtimeError(f"failed to open file: {error}") from error

    @classmethod
    def from_file(cls, engine: Engine, path: "str | bytes | PathLike[str]") -> "Module":
        """Decode and check the module in a file.  Raise OSError if it cannot be read."""
        with open(path, "rb") as file:
            return cls(engine, file.read())

    @classmethod
    def validate(cls, engine: Engine, wasm: Bytes | str) -> None:
        """Check a module in the binary format.  Raise WasmtimeError for a bad one."""
        if not isinstance(engine, Engine):
            raise TypeError("expected an Engine")
        if not isinstance(wasm, Bytes):
            raise TypeError("expected wasm bytes")
        if bytes(wasm[:4]) != MAGIC:
            raise WasmtimeError("failed to parse WebAssembly module: magic number expected")
        _checked(engine, wasm, deferred=False)


def _checked(engine: Engine, wasm: Bytes | str, deferred: bool) -> ModuleInfo:
    if not isinstance(engine, Engine):
        raise TypeError("expected an Engine")
    engine.check_open()
    data = binary(wasm)
    try:
        return parse_module(data) if deferred else validate_module(data)
    except WasmError as error:
        raise WasmtimeError(f"failed to parse WebAssembly module: {error}") from error


def _entered_at_first(engine: Engine) -> Variant:
    """Return which code calls go to before a debugger has asked for anything."""
    return Variant(sites=not engine.guest_debug)
