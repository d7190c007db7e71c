"""The layout of a Wasm frame's state slots, the same on every ISA.

    base  vmctx                          8 bytes (16 where slots are 16)
          locals 0 .. n-1                one slot each, parameters first
          operand stack slots 0 .. max-1 one slot each, bottom first
          (the caller's frame pointer and the return address follow, as the ISA has them)

The base is the stack pointer after the prologue.  A slot has 8 bytes, 16 in a function that holds a v128
anywhere.  i32 and f32 lie in the low half; the upper half of an i32's slot is undefined.
"""

from dataclasses import dataclass

V128 = 0x7B

LEAST_SIZE = 32
"""What the slots of a frame take at least, in bytes: with the two words above them no two frames are
nearer than 48, which is room for what a debugger shows of each in a place that is scaled down."""


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Offsets from the slot base, in bytes."""

    num_locals: int
    max_stack: int
    slot_size: int = 8

    def local(self, index: int) -> int:
        return self.slot_size * (1 + index)

    def operand(self, depth: int) -> int:
        return self.slot_size * (1 + self.num_locals + depth)

    @property
    def size(self) -> int:
        return max(self.slot_size * (1 + self.num_locals + self.max_stack), LEAST_SIZE)
