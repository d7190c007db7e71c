"""How each instruction set is run by the emulator: one row an ISA, names as unicorn spells them.

The quirks are unicorn 2.1.4's: riscv64 floats trap until MSTATUS.FS is set; s390x needs 64-bit
addressing in its PSW mask, and the AFP and vector bits in CR0; s390x also raises an exception on
reaching the address where it should stop.
"""

from dataclasses import dataclass

from jit.machine.code_memory import CODE_RESERVE
from jit.machine.host import ByteOrder


@dataclass(frozen=True, slots=True)
class Emulation:
    """One ISA's row.

    `link` is the register of a return address, None where it lies on the stack.  `setup` lists
    (register, bits to set) in order.  `stops_by_exception`: see above.
    """

    isa: str
    arch: str
    mode: str
    constants: str
    prefix: str
    byteorder: ByteOrder
    argument: str
    result: str
    stack: str
    link: str | None
    pc: str
    setup: tuple[tuple[str, int], ...] = ()
    stops_by_exception: bool = False
    frame_head: int = 0
    """Bytes that must be free above the stack pointer at a call."""
    code_reserve: int = CODE_RESERVE
    """Bytes of code memory: no more than a direct call reaches."""


# fmt: off
EMULATIONS = {
    row.isa: row
    for row in (
        Emulation("x86-64", "UC_ARCH_X86", "UC_MODE_64", "unicorn.x86_const", "UC_X86_REG_", "little",
                  argument="RDI", result="RAX", stack="RSP", link=None, pc="RIP"),
        Emulation("aarch64", "UC_ARCH_ARM64", "UC_MODE_ARM", "unicorn.arm64_const", "UC_ARM64_REG_", "little",
                  argument="X0", result="X0", stack="SP", link="X30", pc="PC",
                  code_reserve=128 << 20),
        Emulation("riscv64", "UC_ARCH_RISCV", "UC_MODE_RISCV64", "unicorn.riscv_const", "UC_RISCV_REG_", "little",
                  argument="A0", result="A0", stack="SP", link="RA", pc="PC", setup=(("MSTATUS", 0x6000),)),
        Emulation("s390x", "UC_ARCH_S390X", "UC_MODE_BIG_ENDIAN", "unicorn.s390x_const", "UC_S390X_REG_", "big",
                  argument="R2", result="R2", stack="R15", link="R14", pc="PC",
                  setup=(("PSWM", 0x1_8000_0000), ("CR0", 0x600E0)), stops_by_exception=True, frame_head=160),
    )
}
# fmt: on
