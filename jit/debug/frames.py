"""A frame of a guest that stands still: where it is, its locals and operands, to read and to write.

Here is what holds for a frame inside a call, whose values are all in its slots; `jit.debug.innermost` has the
innermost, whose operands and copies of locals may be in registers.  A write that breaks what the code relies on
lets the frame go on in the canonical variant of its function (`jit.abi.frame_table`, Fact).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jit.abi import vmctx
from jit.abi.frame_table import FRAME_TYPES, Fact, Operand, OperandKind, WasmFrame
from jit.debug.errors import NotWritable, OutOfRange, StaleFrame, WrongType
from jit.debug.watchpoints import Access, LocalWatchpoint
from jit.runtime.driver import Activation
from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.runtime.val import FRAME_REFERENCES, ROOTS, OpaqueReference, Val, from_bits, to_bits
from jit.wasm.types import F32, I32, V128

if TYPE_CHECKING:
    from jit.debug.core import DebugCore

WORD = 0xFFFF_FFFF_FFFF_FFFF
_HALF = 0xFFFF_FFFF
_QUAD = (1 << 128) - 1


def mask_of(type_: int) -> int:
    """Return the mask of a value type's bit pattern."""
    if type_ in (I32, F32):
        return _HALF
    return _QUAD if type_ == V128 else WORD


class FrameHandle:
    """A frame, until its store executes anything again: then every method but `is_valid` raises StaleFrame.

    Cheap, and may be copied; two handles of one frame are equal. A machine frame may stand for several
    Wasm frames, functions inlined in one another: `virtual` counts from the innermost of those.
    """

    __slots__ = (
        "_activation",
        "_core",
        "_executions",
        "_frames",
        "_virtual",
        "address",
        "frame_pointer",
    )

    def __init__(
        self,
        core: "DebugCore",
        activation: Activation,
        address: int,
        frame_pointer: int,
        frames: tuple[WasmFrame, ...],
        virtual: int = 0,
    ) -> None:
        self._core = core
        self._activation = activation
        self._executions = activation.store.executions
        self._frames = frames
        self._virtual = virtual
        self.address = address
        """Where in the machine code it is, as the frame tables' rows have it."""
        self.frame_pointer = frame_pointer

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameHandle):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int, int, int]:
        return id(self._activation), self._executions, self.frame_pointer, self._virtual

    def is_valid(self) -> bool:
        """Say whether nothing has been executed since the handle was made."""
        activation = self._activation
        if activation.store.executions != self._executions:
            return False
        activations, depth = activation.store.activations, activation.depth
        return depth < len(activations) and activations[depth] is activation

    def _here(self) -> WasmFrame:
        """Return what the frame tables say of the frame."""
        if not self.is_valid():
            raise StaleFrame
        return self._frames[self._virtual]

    def parent(self) -> "FrameHandle | None":
        """Return the caller's frame; None at the outermost frame of the activation."""
        self._here()
        core, activation, frames, outer = (
            self._core,
            self._activation,
            self._frames,
            self._virtual + 1,
        )
        if outer < len(frames):
            return FrameHandle(core, activation, self.address, self.frame_pointer, frames, outer)
        return core.outer_frame(activation, self.frame_pointer)

    def outer(self, address: int, frame_pointer: int) -> "FrameHandle":
        """Return the innermost of the frames at a place farther out in the same activation."""
        frames = self._core.locate(address).frames
        return FrameHandle(self._core, self._activation, address, frame_pointer, frames)

    @property
    def count(self) -> int:
        """How many Wasm frames its machine frame stands for: more than one if functions are inlined there."""
        self._here()
        return len(self._frames)

    def instance(self) -> Instance:
        """Return the instance whose function this is."""
        store = self._activation.store
        found = store.instance_at(store.machine.load_u64(self.base))
        assert found is not None, "the vmctx slot of a frame always names an instance"
        return found

    def module(self) -> Module | None:
        """Return the instance's module."""
        self._here()
        if self._virtual + 1 < len(self._frames):  # inlined: of whatever module
            return self.instance().module
        return self._core.locate(self.address).range.code.module

    def wasm_function_index_and_pc(self) -> tuple[int, int] | None:
        """Return (index among the module's defined functions, PC in the module's bytes)."""
        here = self._here()
        return here.shape.defined_index, here.pc

    @property
    def store(self) -> Store:
        """The store it belongs to."""
        return self._activation.store

    @property
    def activation(self) -> int:
        """Count the activations outside this frame's: 0 for the outermost call into the guest."""
        return self._activation.depth

    @property
    def base(self) -> int:
        """The address of its slots, the vmctx first."""
        return self.frame_pointer - self._here().shape.base_to_frame_pointer

    @property
    def stack_offset(self) -> int:
        """The distance in bytes of the frame from the far end of the guest's stack.

        Unique among the frames that exist, the same as long as a frame lives, larger for inner ones.
        """
        inner = len(self._frames) - 1 - self._virtual
        return self._activation.store.stack_end - self.frame_pointer + inner

    def num_locals(self) -> int:
        """Return the number of locals, parameters included."""
        return len(self._here().shape.local_types)

    def watched_local(self, access: Access, index: int) -> LocalWatchpoint:
        """Return a watchpoint for a local of this frame."""
        self.local_type(index)
        module, shape = self.module(), self._here().shape
        assert module is not None, "a frame of the guest is in a module"
        key = module, shape.defined_index
        address = self.base + shape.layout.local(index)
        return LocalWatchpoint(
            access, self.store, key, self._activation, self.frame_pointer, index, address
        )

    def local_address(self, index: int) -> int:
        """Return where the slot of a local is; a frame that is in a call has the value there."""
        self.local_type(index)
        return self.base + self._here().shape.layout.local(index)

    def num_stacks(self) -> int:
        """Return the depth of the operand stack."""
        return len(self._here().stack)

    def local(self, index: int) -> Val:
        """Return a local's value; a reference that cannot be shown is an `OpaqueReference`."""
        return self._value(self.local_type(index), self.local_bits(index))

    def stack(self, index: int) -> Val:
        """Return an operand's value, index 0 at the bottom; as `local`."""
        return self._value(self.stack_type(index), self.stack_bits(index))

    def _value(self, type_: int, bits: int) -> Val:
        try:
            return Val(type_, from_bits(self._activation.store, type_, bits))
        except LookupError:  # nothing of this store: what stands there, at least
            return Val(type_, OpaqueReference(type_, bits))

    def set_local(self, index: int, value: Val) -> None:
        """Write a local; WrongType for a value of another type."""
        self._write_local(index, bits_of(self.store, self.local_type(index), value))

    def set_stack(self, index: int, value: Val) -> None:
        """Write an operand; NotWritable after a trap where it is in no place of its own."""
        self._write_operand(index, bits_of(self.store, self.stack_type(index), value))

    def local_type(self, index: int) -> int:
        """Return a local's value type, a key of `FRAME_TYPES`."""
        types = self._here().shape.local_types
        if not 0 <= index < len(types):
            raise OutOfRange("local", index, len(types))
        return types[index]

    def stack_type(self, index: int) -> int:
        """Return an operand's value type."""
        return self._operand(index).type

    def local_bits(self, index: int) -> int:
        """Return a local's bit pattern, of its type's width; of a reference, the word that stands for it."""
        type_ = self.local_type(index)
        return self._load(self._here().shape.layout.local(index), type_)

    def stack_bits(self, index: int) -> int:
        """Return an operand's bit pattern."""
        return self._operand_bits(index, self._operand(index))

    def _operand_bits(self, index: int, operand: Operand) -> int:
        if operand.kind is OperandKind.CONSTANT:
            return operand.value
        return self._load(self._here().shape.layout.operand(index), operand.type)

    def root_slots(self) -> Iterator[tuple[int, int]]:
        """Yield the type and the address of each slot that keeps a host object alive.

        References are always in their slots; a constant is null.
        """
        shape, stack = self._here().shape, self._here().stack
        base, layout = self.base, shape.layout
        for index, type_ in enumerate(shape.local_types):
            if type_ in ROOTS:
                yield type_, base + layout.local(index)
        for index, operand in enumerate(stack):
            if operand.type in ROOTS and operand.kind is OperandKind.SLOT:
                yield operand.type, base + layout.operand(index)

    def set_local_bits(self, index: int, bits: int) -> None:
        """Write a local's bit pattern; WrongType for a reference."""
        self._write_local(index, checked_bits(self.local_type(index), bits))

    def set_stack_bits(self, index: int, bits: int) -> None:
        """Write an operand's bit pattern; as `set_stack`."""
        self._write_operand(index, checked_bits(self.stack_type(index), bits))

    def _operand(self, index: int) -> Operand:
        stack = self._here().stack
        if not 0 <= index < len(stack):
            raise OutOfRange("operand", index, len(stack))
        return stack[index]

    def _load(self, offset: int, type_: int) -> int:
        machine, address = self._activation.store.machine, self.base + offset
        if type_ == V128:
            return int.from_bytes(machine.read(address, 16), "little")
        return machine.load_u64(address) & mask_of(type_)

    def _store(self, offset: int, type_: int, bits: int) -> None:
        machine, address = self._activation.store.machine, self.base + offset
        if type_ == V128:
            machine.write(address, bits.to_bytes(16, "little"))
        else:
            machine.store_u64(address, bits)

    def fill_stack(self, types: Sequence[int], bits: Sequence[int]) -> None:
        """Put values of these types into the operands' slots: what is on the stack when the frame is entered anew."""
        layout = self._here().shape.layout
        for index, (type_, value) in enumerate(zip(types, bits, strict=True)):
            self._store(layout.operand(index), type_, value)

    def _write_local(self, index: int, bits: int) -> None:
        type_ = self.local_type(index)
        if self._breaks_fact(index, bits):
            self._leave_facts()
        self._store(self._here().shape.layout.local(index), type_, bits)
        self._core.watchpoints.refresh()

    def _facts(self) -> tuple[Fact, ...]:
        """Return what the code relies on."""
        return self._core.locate(self.address).row.points[0].facts

    def _breaks_fact(self, index: int, bits: int) -> bool:
        """Say whether a value of a local is not what the code relies on."""
        for fact in self._facts():
            if fact.local == index:
                load = self._activation.store.machine.load_u64
                return bits + fact.extent > load(load(self.base) + vmctx.MEMORY_LENGTH)
        return False

    def _leave_facts(self) -> None:
        """Go on in the canonical variant of the function, which relies on nothing."""
        self._core.return_to_canonical(self._activation, self.frame_pointer)

    def _write_operand(self, index: int, bits: int) -> None:
        operand = self._operand(index)
        if operand.kind is not OperandKind.SLOT:
            raise NotWritable(f"operand {index} is in no place of its own here")
        self._store(self._here().shape.layout.operand(index), operand.type, bits)


def bits_of(store: Store, type_: int, value: Val) -> int:
    """Return the bit pattern of a value of a type; WrongType for one of another."""
    try:
        return to_bits(store, type_, value)
    except TypeError as error:
        raise WrongType(str(error)) from None


def checked_bits(type_: int, bits: int) -> int:
    """Return a bit pattern that may be written as it is; WrongType for a reference's or a wrong one."""
    if type_ in FRAME_REFERENCES:
        raise WrongType(f"a {FRAME_TYPES[type_]} cannot be written as a bit pattern")
    if not 0 <= bits <= mask_of(type_):
        raise WrongType(f"{bits:#x} is no bit pattern of {FRAME_TYPES[type_]}")
    return bits
