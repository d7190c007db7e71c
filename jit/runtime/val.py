"""Values: `Val` as the `wasmtime` package has it, and their bit patterns as the guest holds them.

Integers are signed in Python, floats are floats, an externref is any object, a funcref a `Func`; None
is a null reference.  A bit pattern is an unsigned number of the type's width; that of a reference is
the word in its slot: a record's address, or an externref's handle.

Frames can hold more than this engine's modules make: a v128 is its bit pattern, little-endian; a reference
of a type that cannot be shown is an `OpaqueReference`.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from jit.abi.frame_table import FRAME_TYPES
from jit.runtime.errors import WasmtimeError
from jit.runtime.types import ValType
from jit.wasm.types import EXTERNREF, F32, F64, FUNCREF, I32, I64, NUMBER_TYPES, V128

_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")

MASKS = {
    I32: 0xFFFF_FFFF,
    I64: 0xFFFF_FFFF_FFFF_FFFF,
    F32: 0xFFFF_FFFF,
    F64: 0xFFFF_FFFF_FFFF_FFFF,
    FUNCREF: 0xFFFF_FFFF_FFFF_FFFF,
    EXTERNREF: 0xFFFF_FFFF_FFFF_FFFF,
}


FRAME_REFERENCES = frozenset(FRAME_TYPES) - NUMBER_TYPES - {V128}
"""The reference types that a frame can hold."""

ROOTS = frozenset(
    code for code, name in FRAME_TYPES.items() if name in ("externref", "anyref", "exnref")
)
"""Those of them that keep objects alive."""

_V128_END = 1 << 128


@dataclass(frozen=True, slots=True)
class OpaqueReference:
    """A reference that is not null and cannot be shown: its type, and the word that stands for it."""

    type: int
    word: int

    def __repr__(self) -> str:
        return f"<{FRAME_TYPES[self.type]} {self.word:#x}>"


class FuncReference(Protocol):
    """What a non-null function reference is in Python."""

    @property
    def record(self) -> int:
        """The address of its function record."""
        ...


class References(Protocol):
    """What a store knows of the references in its guest."""

    def extern_handle(self, value: object) -> int:
        """Return the handle of an object, which is not None."""
        ...

    def extern_object(self, handle: int) -> object:
        """Return the object behind a handle; None for 0."""
        ...

    def func_at(self, record: int) -> FuncReference | None:
        """Return the function of a record; None for address 0."""
        ...

    def record_of(self, value: object) -> int | None:
        """Return the record of a function of this store; None for anything that is no function."""
        ...


def signed32(bits: int) -> int:
    """Return an i32's bits, or a word whose low half they are, as a signed number."""
    return ((bits & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000


def signed64(bits: int) -> int:
    """Return an i64's bits as a signed number."""
    return (bits ^ 0x8000_0000_0000_0000) - 0x8000_0000_0000_0000


def float32(bits: int) -> float:
    """Return the f32 in the low half of a word."""
    value: float = _F32.unpack(_U32.pack(bits & 0xFFFF_FFFF))[0]
    return value


def float64(bits: int) -> float:
    """Return the f64 of a bit pattern."""
    value: float = _F64.unpack(_U64.pack(bits))[0]
    return value


def float32_bits(value: float) -> int:
    """Return the bits of a float rounded to f32; what is too large becomes an infinity."""
    try:
        packed = _F32.pack(value)
    except OverflowError:
        packed = _F32.pack(float("inf") if value > 0 else float("-inf"))
    bits: int = _U32.unpack(packed)[0]
    return bits


def float64_bits(value: float) -> int:
    """Return the bits of a float."""
    bits: int = _U64.unpack(_F64.pack(value))[0]
    return bits


NUMBER_DECODERS: dict[int, Callable[[int], int | float]] = {
    I32: signed32,
    I64: signed64,
    F32: float32,
    F64: float64,
}


def from_bits(references: References, type_: int, bits: int) -> Any:
    """Return the Python value of a bit pattern; upper bits beyond an i32 or f32 are ignored.

    LookupError for a reference to nothing of the store.
    """
    decode = NUMBER_DECODERS.get(type_)
    if decode is not None:
        return decode(bits)
    if type_ == EXTERNREF:
        return references.extern_object(bits)
    if type_ == FUNCREF:
        return references.func_at(bits)
    if type_ == V128:
        return bits
    return OpaqueReference(type_, bits) if bits else None


def to_bits(references: References, type_: int, value: object) -> int:
    """Return the bit pattern of a Python value or `Val`.

    Raise TypeError for a value that is not of the type (as strict as the `wasmtime` package: a float
    type takes floats only).
    """
    if isinstance(value, Val):
        if value.code != type_:
            raise TypeError("wrong type of `Val` provided")
        value = value.value
    if type_ == EXTERNREF:
        return 0 if value is None else references.extern_handle(value)
    if type_ == FUNCREF:
        if value is None:
            return 0
        record = references.record_of(value)
        if record is not None:
            return record
    elif isinstance(value, int):
        if type_ == I32:
            return value & 0xFFFF_FFFF
        if type_ == I64:
            return value & 0xFFFF_FFFF_FFFF_FFFF
    elif isinstance(value, float):
        if type_ == F32:
            return float32_bits(value)
        if type_ == F64:
            return float64_bits(value)
    return _rare_bits(type_, value)


def _rare_bits(type_: int, value: object) -> int:
    """Return the bit pattern of a value of the types that only frames hold, as `to_bits`."""
    if type_ == V128 and isinstance(value, int) and 0 <= value < _V128_END:
        return value
    if type_ in FRAME_REFERENCES and type_ != FUNCREF:
        if value is None:
            return 0
        if isinstance(value, OpaqueReference) and value.type == type_:
            return value.word
    raise TypeError(f"don't know how to convert {value!r} to {FRAME_TYPES[type_]}")


class Val:
    """A value with its type."""

    __slots__ = ("_value", "code")

    def __init__(self, code: int, value: Any) -> None:
        self.code = code
        self._value = value

    @classmethod
    def i32(cls, val: int) -> "Val":
        if not isinstance(val, int):
            raise TypeError("expected an integer")
        return cls(I32, signed32(val))

    @classmethod
    def i64(cls, val: int) -> "Val":
        if not isinstance(val, int):
            raise TypeError("expected an integer")
        return cls(I64, signed64(val & 0xFFFF_FFFF_FFFF_FFFF))

    @classmethod
    def f32(cls, val: float) -> "Val":
        if not isinstance(val, float):
            raise TypeError("expected a float")
        return cls(F32, float32(float32_bits(val)))

    @classmethod
    def f64(cls, val: float) -> "Val":
        if not isinstance(val, float):
            raise TypeError("expected a float")
        return cls(F64, val)

    @classmethod
    def v128(cls, val: int) -> "Val":
        """Return a vector of a bit pattern: lane 0 in its low bits."""
        if not isinstance(val, int):
            raise TypeError("expected an integer")
        return cls(V128, val % _V128_END)

    @classmethod
    def externref(cls, extern: Any) -> "Val":
        return cls(EXTERNREF, extern)

    @classmethod
    def funcref(cls, f: FuncReference | None) -> "Val":
        return cls(FUNCREF, f)

    @classmethod
    def ref_null(cls, ty: ValType) -> "Val":
        if ty == ValType.externref():
            return cls(EXTERNREF, None)
        if ty == ValType.funcref():
            return cls(FUNCREF, None)
        raise WasmtimeError(f"Invalid reference type for `ref_null`: {ty}")

    @property
    def value(self) -> Any:
        """The Python value."""
        return self._value

    @property
    def type(self) -> ValType:
        return ValType.of(self.code)

    def as_i32(self) -> int | None:
        return self._value if self.code == I32 else None

    def as_i64(self) -> int | None:
        return self._value if self.code == I64 else None

    def as_f32(self) -> float | None:
        return self._value if self.code == F32 else None

    def as_f64(self) -> float | None:
        return self._value if self.code == F64 else None

    def as_externref(self) -> Any:
        return self._value if self.code == EXTERNREF else None

    def as_funcref(self) -> FuncReference | None:
        return self._value if self.code == FUNCREF else None

    def __eq__(self, rhs: object) -> bool:
        if isinstance(rhs, Val):
            return self.code == rhs.code and bool(self._value == rhs._value)
        return bool(self._value == rhs)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Val({FRAME_TYPES[self.code]}, {self._value!r})"
