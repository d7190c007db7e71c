"""What the object file is made from: a Wasm module as plain data.

Every offset of a function is an offset in the module's file (a Wasm PC). DWARF counts from the
start of the code section's payload instead; `ModuleImage` converts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gdbstub.objfile.vmctx import VmctxLayout

MEMORY_ROOM = 0x4000000
"""How much of a memory there is room for where debuggers are shown it apart from address 0."""


@dataclass(frozen=True, slots=True)
class FunctionImage:
    """A function the module defines.

    `body_start` is the offset of its local declarations, `first_op` of its first operator, `end`
    the offset past its final `end`. `num_locals` counts every local, parameters included.
    `symbol` is its mangled name where the caller knows one. `max_stack` may be 0 when it is not
    known: no byte of the object file depends on it.
    """

    index: int
    name: str
    symbol: str
    body_start: int
    first_op: int
    end: int
    num_params: int
    num_locals: int
    max_stack: int = 0


@dataclass(frozen=True, slots=True)
class ModuleImage:
    """A module as gdb is to see it.

    `data` is the module's file; `functions` are the defined ones by ascending `body_start`;
    `code_section_payload` is the file offset of the code section's payload; `customs` maps the
    name of a custom section to its payload; `memory_bytes` is the size of memory 0 now (0: none);
    `table_functions` maps a slot of table 0 to the name shown for it; `code_base` is the address
    of the module's code window; `vmctx_globals` maps the index of a global to its offset in the
    vmctx as the view lays it out (a missing one shows as optimized out). `vmctx` is all of that
    layout, where debuggers are to be shown it, and `depth_address` is where they find the number
    of frames. `remarks` are told at the top of a listing and in `monitor dwarf`.
    A `library` is a module besides the program's first: its file has the module's own code alone,
    not table and host, and its vmctx is called by its name, `$vmctx_NAME`. `memory_base` is where
    debuggers find memory 0, and in it the module's variables: not at 0 where a guest has several.
    `segments` are what memory 0 begins with: (address, start, end) of bytes of `data`; `stack_pointer` is
    the global that is the shadow stack's.
    """

    name: str
    data: bytes
    functions: tuple[FunctionImage, ...]
    code_section_payload: int
    customs: Mapping[str, bytes]
    memory_bytes: int
    table_functions: Mapping[int, str] = field(default_factory=dict)
    code_base: int = 0xE0000000
    vmctx_globals: Mapping[int, int] = field(default_factory=dict)
    host_base: int = 0xFFFF0000
    host_size: int = 0x1000
    vmctx: VmctxLayout | None = None
    depth_address: int = 0
    remarks: tuple[str, ...] = ()
    library: bool = False
    memory_base: int = 0
    segments: tuple[tuple[int, int, int], ...] = ()
    stack_pointer: int = 0

    def initial(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes that memory 0 begins with at an address, none where it is zero."""
        for low, start, end in self.segments:
            if low <= address < low + end - start:
                place = start + address - low
                return self.data[place : min(place + length, end)]
        return b""

    @property
    def code_delta(self) -> int:
        """What turns an address of the module's DWARF into an address in the code window."""
        return self.code_base + self.code_section_payload

    def shown_address(self, address: int) -> int:
        """Return where a variable that the DWARF says to lie at `address` is shown."""
        return address + self.memory_base if address < MEMORY_ROOM else address

    def dwarf_address(self, pc: int) -> int:
        """Return the DWARF address of the Wasm PC `pc`."""
        return pc - self.code_section_payload
