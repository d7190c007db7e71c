"""Where an operand is, as one int: the vocabulary of the compiler's value stack and of masm tables.

    0 .. 31     general register n, the operand's own
    32 .. 63    float register n - 32, the operand's own
    64 .. 127   register n - 64 (of the two rows above), which holds a copy of a local: not to be changed
    128         the operand's own slot in the frame
    144 .. 175  the condition flags: 1 if ISA condition n - 144 holds, else 0
    256 ..      a constant, the bit pattern n - 256

An i32 in a general register is zero-extended to its full width.  An f32 lies in the low half of a
float register; what is above it is undefined.
"""

from typing import Final

FLOAT: Final = 32
ALIAS: Final = 64
SLOT: Final = 128
FLAGS: Final = 144
CONST: Final = 256

REGISTER: Final = 63
"""Of a place below SLOT, the bits that say which register."""
