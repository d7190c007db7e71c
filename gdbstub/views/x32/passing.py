"""Arguments and results between two conventions: what gdb passes, what the guest expects.

gdb believes in the System V ABI for x86-64 (3.2.3), with the return address it pushed at rsp; the
guest follows the WebAssembly C ABI, whose large values lie on its shadow stack.  The callee's prototype
tells the types, its Wasm type has the last word on widths.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence

from gdbstub.objfile import (
    CType,
    Passing,
    Prototype,
    RegisterClass,
    TypeKind,
    eightbytes,
    scalars,
    wasm_passing,
    wasm_result,
)
from gdbstub.target import TargetError
from gdbstub.views.x32 import description as d

_I32, _I64, _F32, _F64 = 0x7F, 0x7E, 0x7D, 0x7C
_WIDTHS = {_I32: 4, _I64: 8, _F32: 4, _F64: 8}

INTEGER_ARGUMENTS = (d.RDI, d.RSI, d.RDX, d.RCX, d.R8, d.R9)
SSE_ARGUMENTS = tuple(range(d.XMM0, d.XMM0 + 8))
INTEGER_RESULTS = (d.RAX, d.RDX)
SSE_RESULTS = (d.XMM0, d.XMM1)

_WORD = 8
_PAIR = 2
_LOW = 0xFFFF_FFFF_FFFF_FFFF


class Passed:
    """What gdb passed, taken one value after the other."""

    def __init__(
        self, register: Callable[[int], int], memory: Callable[[int, int], bytes], stack: int
    ) -> None:
        """`register` reads a register, `memory` memory; `stack` is where stack arguments start."""
        self._register = register
        self._memory = memory
        self._stack = stack
        self._left = {RegisterClass.INTEGER: list(INTEGER_ARGUMENTS)}
        self._left[RegisterClass.SSE] = list(SSE_ARGUMENTS)

    def value(self, ctype: CType) -> bytes:
        """Take a value of a type; at least a word of bytes where it is in one."""
        classes = eightbytes(ctype) or ()
        counts = [(classes.count(class_), registers) for class_, registers in self._left.items()]
        if not any(count for count, _ in counts):
            return self._from_stack(ctype.size)
        if any(count > len(registers) for count, registers in counts):
            return self._from_stack(ctype.size)
        return b"".join(
            self._register_word(class_) if class_ in self._left else bytes(_WORD)
            for class_ in classes
        )

    def _register_word(self, class_: RegisterClass) -> bytes:
        value = self._register(self._left[class_].pop(0)) & _LOW
        return value.to_bytes(_WORD, "little")

    def pointer(self) -> int:
        """Take the address of a result that gdb wants in memory."""
        return self._register(self._left[RegisterClass.INTEGER].pop(0)) & 0xFFFF_FFFF

    def word(self, class_: RegisterClass) -> bytes:
        """Take a word that is passed as a class."""
        return self._register_word(class_) if self._left[class_] else self._from_stack(_WORD)

    def words_left(self, class_: RegisterClass) -> int:
        """Count the registers of a class that are not taken yet; of SSE those that gdb says it used."""
        left = len(self._left[class_])
        if class_ is RegisterClass.INTEGER:
            return left
        return max((self._register(d.RAX) & 0xFF) - (len(SSE_ARGUMENTS) - left), 0)

    def _from_stack(self, size: int) -> bytes:
        words = -(-size // _WORD) * _WORD
        if not words:
            return b""
        data = self._memory(self._stack, words)
        self._stack += words
        return data


class ShadowStack:
    """Room on the guest's shadow stack, below all it holds."""

    def __init__(self, top: int, write: Callable[[int, bytes], None]) -> None:
        """Start at address `top`; `write` writes linear memory."""
        self._write = write
        self.pointer = top & ~15

    def room(self, size: int) -> int:
        """Return the address of so many bytes more, aligned for any value."""
        self.pointer = (self.pointer - size) & ~15
        if self.pointer < 0:
            raise TargetError(errno.ENOMEM, "the guest's stack has no room for the call")
        return self.pointer

    def put(self, data: bytes) -> int:
        """Put bytes there; return their address."""
        address = self.room(len(data))
        self._write(address, data)
        return address


def arguments(
    prototype: Prototype,
    types: Sequence[int],
    passed: Passed,
    stack: ShadowStack,
    result: int,
    variadic: Callable[[Passed, list[int]], bytes],
    function_slot: Callable[[int], int],
) -> list[int]:
    """Return the bit patterns of a call's Wasm arguments, of these value types.

    `result` is where a result in memory shall go, 0 for none; `variadic` makes the buffer of what
    follows the named parameters; `function_slot` turns an address of code into a table index.
    """
    values: list[int] = [result] if result else []
    split = _pairs_are_split(prototype, len(types) - len(values))
    for parameter in prototype.parameters:
        ctype = parameter.type
        passing, scalar = wasm_passing(ctype)
        data = passed.value(ctype)
        if passing is Passing.IGNORED:
            continue
        members = list(scalars(ctype)) if split and passing is Passing.INDIRECT else []
        if len(members) == _PAIR:
            for (offset, member), type_ in zip(members, types[len(values) :], strict=False):
                values.append(scalar_bits(data[offset:], member, type_))
        elif passing is Passing.INDIRECT:
            values.append(stack.put(data[: ctype.size]))
        elif passing is Passing.PAIR:
            values += (int.from_bytes(data[at : at + 8], "little") for at in (0, 8))
        elif scalar is not None and len(values) < len(types):
            bits = scalar_bits(data, scalar, types[len(values)])
            values.append(function_slot(bits) if scalar.kind is TypeKind.POINTER else bits)
    if prototype.variadic:
        buffer = variadic(passed, values)
        values.append(stack.put(buffer) if buffer else stack.pointer)
    if len(values) != len(types):
        raise TargetError(
            errno.EINVAL,
            f"{prototype.name} takes {len(types)} Wasm values, its declaration makes {len(values)}",
        )
    return values


def _pairs_are_split(prototype: Prototype, wanted: int) -> bool:
    """Say whether structs of two scalars travel as two values, as Rust's slices and strings do.

    The callee's Wasm type tells: it takes as many values more as there are such structs.
    """
    passings = [(p.type, wasm_passing(p.type)[0]) for p in prototype.parameters]
    values = sum({Passing.IGNORED: 0, Passing.PAIR: 2}.get(passing, 1) for _, passing in passings)
    pairs = sum(
        passing is Passing.INDIRECT and len(list(scalars(ctype))) == _PAIR
        for ctype, passing in passings
    )
    return pairs > 0 and not prototype.variadic and wanted == values + pairs


def scalar_bits(data: bytes, scalar: CType, type_: int) -> int:
    """Return a scalar's bit pattern as a value type; C's small integers are extended."""
    width = _WIDTHS.get(type_, 0)
    if not width:
        raise TargetError(errno.EINVAL, "a reference cannot be passed from the debugger")
    if scalar.kind is TypeKind.FLOAT:
        return int.from_bytes(data[:width], "little")  # a float that was promoted has 8 bytes
    bits = int.from_bytes(data[: min(scalar.size, width)], "little", signed=scalar.signed)
    return bits & ((1 << 8 * width) - 1)


def wants_memory(ctype: CType) -> bool:
    """Say whether gdb passes a pointer for a result of this type."""
    if ctype.kind is TypeKind.COMPLEX:
        return False  # the x87 registers, for what is larger than two words
    return ctype.size > 0 and eightbytes(ctype) is None


def result_in_guest(prototype: Prototype) -> int:
    """Return the bytes that the callee wants to put its result in; 0 if it returns a value."""
    passing, _ = wasm_result(prototype.returns)
    return prototype.returns.size if passing is Passing.INDIRECT else 0


def scalar_result(ctype: CType, bits: int) -> Mapping[int, int]:
    """Return the registers in which gdb looks for a result that is one Wasm value."""
    registers = [register for register, _ in result_words(ctype)]
    return {registers[0]: bits} if registers else {}


def memory_result(ctype: CType, data: bytes) -> Mapping[int, int]:
    """Return the registers in which gdb looks for a result whose bytes are these; {} for none."""
    values = {}
    for register, at in result_words(ctype):
        values[register] = int.from_bytes(data[at : at + _WORD], "little")
    return values


def returned_bytes(ctype: CType, register: Callable[[int], int]) -> bytes:
    """Return the bytes of a value that the client put into result registers; b"" for none there."""
    words = {at: register(number) & _LOW for number, at in result_words(ctype)}
    if not words:
        return b""
    everything = (words.get(at, 0) for at in range(0, ctype.size, _WORD))
    return b"".join(word.to_bytes(_WORD, "little") for word in everything)[: ctype.size]


def result_words(ctype: CType) -> Iterator[tuple[int, int]]:
    """Yield (register, offset) of each word of a result in registers."""
    registers = {
        RegisterClass.INTEGER: iter(INTEGER_RESULTS),
        RegisterClass.SSE: iter(SSE_RESULTS),
    }
    for at, class_ in enumerate(eightbytes(ctype) or ()):
        if class_ in registers:
            yield next(registers[class_]), _WORD * at
