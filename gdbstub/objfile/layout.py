"""The frame block a debugger sees: the one place that says where each slot lies.

A frame is a block of 8-byte slots, ascending; the canonical frame address (CFA = rbp) is inside it:

    CFA-16   caller's CFA            (below it is scratch)
    CFA-8    caller's PC
    CFA-4    caller's stack pointer: the value of its DW_AT_frame_base, where it has one
    CFA+0    slot 0: the function's PC, the offset in the module's file
    CFA+4            value of its DW_AT_frame_base (for those that move the stack pointer)
    CFA+8    slot 1: address of the frame's vmctx
    CFA+12           the index of its function, imports counted
    CFA+16   operand stack slots 0..NEAR_STACK_SLOTS-1, always present
    ...      locals 0..num_locals-1, parameters first
    ...      operand stack slots NEAR_STACK_SLOTS..max_stack-1

The first operand slots lie before the locals, so that `DW_OP_WASM_location 2 n` stays within one
byte's reach of an anchor register in functions with many locals, and no local's place depends on
what only a pass over the body can tell (max_stack). Anchor k (`ANCHOR_REGISTERS[k]`, DWARF
numbers) holds CFA + 128k in every frame: a one-byte SLEB offset from the nearest one reaches the
first 1024 bytes of the block.

Everything that renders or describes a frame takes its offsets from here.
"""

SLOT_SIZE = 8

CALLER_CFA_OFFSET = -16
CALLER_PC_OFFSET = -8
CALLER_SP_OFFSET = -4
WASM_PC_OFFSET = 0
FRAME_BASE_OFFSET = 4
VMCTX_OFFSET = 8
FUNCTION_OFFSET = 12
FIRST_STACK_OFFSET = 16

NEAR_STACK_SLOTS = 2
"""How many operand stack slots precede the locals.

Two: with more, the block of a function without locals would be larger than twice its frame on the
guest's stack, and addresses of frames could not be made from places on that stack.
"""

FIRST_LOCAL_OFFSET = FIRST_STACK_OFFSET + SLOT_SIZE * NEAR_STACK_SLOTS

ANCHOR_STRIDE = 128
ANCHOR_REGISTERS = (6, 3, 10, 11, 12, 13, 14, 15)
"""DWARF numbers of rbp, rbx, r10..r15: register k holds CFA + ANCHOR_STRIDE * k."""


def local_offset(index: int) -> int:
    """Return where local `index` lies, relative to the CFA."""
    return FIRST_LOCAL_OFFSET + SLOT_SIZE * index


def stack_offset(index: int, num_locals: int) -> int:
    """Return where operand stack slot `index` lies, relative to the CFA.

    `num_locals` counts every local of the function, parameters included.
    """
    if index < NEAR_STACK_SLOTS:
        return FIRST_STACK_OFFSET + SLOT_SIZE * index
    return FIRST_LOCAL_OFFSET + SLOT_SIZE * (num_locals + index - NEAR_STACK_SLOTS)


def block_end(num_locals: int, max_stack: int) -> int:
    """Return the offset of the first byte past the block, relative to the CFA."""
    return FIRST_LOCAL_OFFSET + SLOT_SIZE * (num_locals + max(max_stack - NEAR_STACK_SLOTS, 0))


def frame_size(num_locals: int, max_stack: int) -> int:
    """Return the size in bytes of the whole block, link words included."""
    return block_end(num_locals, max_stack) - CALLER_CFA_OFFSET


def anchor(offset: int) -> tuple[int, int]:
    """Return (DWARF register, offset from it) for the place `offset` bytes from the CFA.

    The anchor chosen is the one that makes the remaining offset shortest.
    """
    index = (offset + ANCHOR_STRIDE // 2) // ANCHOR_STRIDE
    index = min(max(index, 0), len(ANCHOR_REGISTERS) - 1)
    return ANCHOR_REGISTERS[index], offset - ANCHOR_STRIDE * index
