"""Where an operand is, as one int: the vocabulary of the compiler's value stack and of masm tables.

    0 .. 31     general register n
    32 .. 63    float register n - 32
    64          the operand's own slot in the frame
    80 .. 111   the condition flags: 1 if ISA condition n - 80 holds, else 0
    128 ..      a constant, the bit pattern n - 128

An i32 in a general register is zero-extended to its full width.  An f32 lies in the low half of a
float register; what is above it is undefined.
"""

from typing import Final

FLOAT: Final = 32
SLOT: Final = 64
FLAGS: Final = 80
CONST: Final = 128
