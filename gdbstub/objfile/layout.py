"""The frame block a debugger sees: the one place that says where each slot lies.

A frame is a block of 8-byte slots, ascending; rbp is its address:

    +0     slot 0: the function's PC, the offset in the module's file
    +4             value of its DW_AT_frame_base (for those that move the stack pointer)
    +8     slot 1: address of the frame's vmctx
    +12            the index of its function, imports counted
    +16    operand stack slots 0..NEAR_STACK_SLOTS-1, always present
    ...    locals 0..num_locals-1, parameters first
    ...    operand stack slots NEAR_STACK_SLOTS..max_stack-1

The first operand slots lie before the locals, so that `DW_OP_WASM_location 2 n` stays within one
byte's reach of an anchor register in functions with many locals, and no local's place depends on
what only a pass over the body can tell (max_stack). Anchor k (`ANCHOR_REGISTERS[k]`, DWARF
numbers) holds rbp + 128k in every frame: a one-byte SLEB offset from the nearest one reaches the
first 1024 bytes of the block.

What a frame returns to is its link, elsewhere; the canonical frame address (CFA) is the link's:

    CFA+0               the caller's CFA
    CFA+4               the caller's PC
    CFA+8               the caller's stack pointer: the value of its DW_AT_frame_base, where it has one
    CFA+BLOCKS_OFFSET   the caller's block

Everything that renders or describes a frame takes its offsets from here.
"""

SLOT_SIZE = 8

CALLER_CFA_OFFSET = 0
CALLER_PC_OFFSET = 4
CALLER_SP_OFFSET = 8
BLOCKS_OFFSET = 0x1000000
CALLER_BLOCK_OFFSET = BLOCKS_OFFSET

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
"""DWARF numbers of rbp, rbx, r10..r15: register k holds the block's address + ANCHOR_STRIDE * k."""


def local_offset(index: int) -> int:
    """Return where local `index` lies, from the block's address."""
    return FIRST_LOCAL_OFFSET + SLOT_SIZE * index


def stack_offset(index: int, num_locals: int) -> int:
    """Return where operand stack slot `index` lies, from the block's address.

    `num_locals` counts every local of the function, parameters included.
    """
    if index < NEAR_STACK_SLOTS:
        return FIRST_STACK_OFFSET + SLOT_SIZE * index
    return FIRST_LOCAL_OFFSET + SLOT_SIZE * (num_locals + index - NEAR_STACK_SLOTS)


def block_end(num_locals: int, max_stack: int) -> int:
    """Return the offset of the first byte past the block, from the block's address."""
    return FIRST_LOCAL_OFFSET + SLOT_SIZE * (num_locals + max(max_stack - NEAR_STACK_SLOTS, 0))


def anchor(offset: int) -> tuple[int, int]:
    """Return (DWARF register, offset from it) for the place `offset` bytes into the block.

    The anchor chosen is the one that makes the remaining offset shortest.
    """
    index = (offset + ANCHOR_STRIDE // 2) // ANCHOR_STRIDE
    index = min(max(index, 0), len(ANCHOR_REGISTERS) - 1)
    return ANCHOR_REGISTERS[index], offset - ANCHOR_STRIDE * index
