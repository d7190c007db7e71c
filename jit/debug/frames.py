"""A frame of a guest that stands still: where it is, its locals and operands, to read and to write."""

from jit.runtime.instance import Instance
from jit.runtime.module import Module
from jit.runtime.val import Val


class FrameHandle:
    """A frame, until its store executes anything again: then every method but `is_valid` raises StaleFrame.

    Cheap, and may be copied; two handles of one frame are equal.
    """

    def is_valid(self) -> bool:
        """Say whether nothing has been executed since the handle was made."""

    def parent(self) -> "FrameHandle | None":
        """Return the caller's frame; None at the outermost frame of the activation."""

    def instance(self) -> Instance:
        """Return the instance whose function this is."""

    def module(self) -> Module | None:
        """Return the instance's module."""

    def wasm_function_index_and_pc(self) -> tuple[int, int] | None:
        """Return (index among the module's defined functions, PC in the module's bytes)."""

    @property
    def activation(self) -> int:
        """Count the activations outside this frame's: 0 for the outermost call into the guest."""

    @property
    def stack_offset(self) -> int:
        """Return the distance in bytes of the frame from the far end of the guest's stack.

        Unique among the frames that exist, the same as long as a frame lives, larger for inner ones.
        """

    def num_locals(self) -> int:
        """Return the number of locals, parameters included."""

    def num_stacks(self) -> int:
        """Return the depth of the operand stack."""

    def local(self, index: int) -> Val:
        """Return a local's value."""

    def stack(self, index: int) -> Val:
        """Return an operand's value, index 0 at the bottom."""

    def set_local(self, index: int, value: Val) -> None:
        """Write a local; WrongType for a value of another type."""

    def set_stack(self, index: int, value: Val) -> None:
        """Write an operand; NotWritable where the code holds it as a constant or in the flags."""

    def local_type(self, index: int) -> int:
        """Return a local's value type, as `jit.wasm.types` has it."""

    def stack_type(self, index: int) -> int:
        """Return an operand's value type."""

    def local_bits(self, index: int) -> int:
        """Return a local's bit pattern, of its type's width; of a reference, the word that stands for it."""

    def stack_bits(self, index: int) -> int:
        """Return an operand's bit pattern."""

    def set_local_bits(self, index: int, bits: int) -> None:
        """Write a local's bit pattern; WrongType for a reference."""

    def set_stack_bits(self, index: int, bits: int) -> None:
        """Write an operand's bit pattern; as `set_stack`."""
