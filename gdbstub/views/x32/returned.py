"""The registers in which gdb looks for what a call returned (System V ABI, x86-64, 3.2.3).

At the op after a call the results are the topmost operands: integers go to rax and rdx, floats to
xmm0 and xmm1.
"""

from __future__ import annotations

from collections.abc import Mapping

from gdbstub.views.x32 import description as d
from jit.debug.frames import FrameHandle

_I32, _I64, _F32, _F64 = 0x7F, 0x7E, 0x7D, 0x7C
_REGISTERS = {
    _I32: (d.RAX, d.RDX),
    _I64: (d.RAX, d.RDX),
    _F32: (d.XMM0, d.XMM1),
    _F64: (d.XMM0, d.XMM1),
}


def returned_registers(frame: FrameHandle, types: tuple[int, ...]) -> Mapping[int, int]:
    """Return the values of the registers that hold results of these types; {} for none."""
    depth = frame.num_stacks()
    first = depth - len(types)
    if first < 0 or any(frame.stack_type(first + at) != type_ for at, type_ in enumerate(types)):
        return {}
    values: dict[int, int] = {}
    for at, type_ in enumerate(types):
        for register in _REGISTERS.get(type_, ()):
            if register not in values:
                values[register] = frame.stack_bits(first + at)
                break
    return values
