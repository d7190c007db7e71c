"""The registers in which gdb looks for what a call returned (System V ABI, x86-64, 3.2.3).

At the op after a call the results are the topmost operands: integers go to rax and rdx, floats to
xmm0 and xmm1.  A function that returns a struct returns nothing in Wasm: it was given a pointer
to fill, as its first parameter.  The pointer is noted while the function is still there, when the
client sets a breakpoint where it returns to; gdb wants small structs in registers.
"""

from __future__ import annotations

from collections.abc import Mapping

from gdbstub.objfile import CType, Passing, Prototype, wasm_passing
from gdbstub.views.x32 import description as d
from gdbstub.views.x32 import passing
from gdbstub.views.x32.blocks import Block
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle

_I32, _I64, _F32, _F64 = 0x7F, 0x7E, 0x7D, 0x7C
_INTEGER_REGISTERS = (d.RAX, d.RDX)
_SSE_REGISTERS = (d.XMM0, d.XMM1)
_REGISTERS = {
    _I32: _INTEGER_REGISTERS,
    _I64: _INTEGER_REGISTERS,
    _F32: _SSE_REGISTERS,
    _F64: _SSE_REGISTERS,
}


def scalar_results(frame: FrameHandle, types: tuple[int, ...]) -> Mapping[int, int]:
    """Return the registers of results of these types on top of the operand stack; {} for none."""
    first = frame.num_stacks() - len(types)
    if first < 0 or any(frame.stack_type(first + at) != type_ for at, type_ in enumerate(types)):
        return {}
    values: dict[int, int] = {}
    for at, type_ in enumerate(types):
        for register in _REGISTERS.get(type_, ()):
            if register not in values:
                values[register] = frame.stack_bits(first + at)
                break
    return values


class StructResults:
    """Structs that calls return through a pointer."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self._noted: dict[tuple[int, int], tuple[int, CType]] = {}
        """(address of the caller's block, return address) -> (pointer, type)."""

    def clear(self) -> None:
        """Forget everything noted."""
        self._noted.clear()

    def note(
        self, frame: FrameHandle, caller: int, address: int, prototype: Prototype | None
    ) -> None:
        """Note the pointer that a frame was given, if its function returns a struct.

        It returns to the frame whose block is at `caller`, at `address`.
        """
        if prototype is None or not frame.num_locals():
            return
        if wasm_passing(prototype.returns)[0] is Passing.INDIRECT:
            self._noted[caller, address] = frame.local_bits(0), prototype.returns

    def registers(self, block: Block, pc: int) -> Mapping[int, int]:
        """Return the registers of what was returned to a frame at `pc`; {} for nothing."""
        noted = self._noted.get((block.address, pc))
        if noted is None:
            return {}
        pointer, ctype = noted
        if passing.wants_memory(ctype):
            return {d.RAX: pointer}
        data = self._debugger.read_memory(block.frame.instance(), 0, pointer, ctype.size)
        return passing.memory_result(ctype, data)
