"""The vmctx of each instance as gdb sees it, laid out by `objfile.vmctx`, and the count of frames.

    0xF8000000  vmctx of instance 0, then of the next, 1 MiB each: globals, tables, memories
    0xFFFE0000  u32: how many frames are on the stack

A function reference is shown as the address of the function's code, in slots of frames too; a host
function's as the host's.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from gdbstub.objfile import VmctxLayout, vmctx
from gdbstub.target import TargetError
from gdbstub.views.common.watching import Made
from gdbstub.views.x32.windows import (
    DEPTH_ADDRESS,
    DEPTH_SIZE,
    HOST_BASE,
    VMCTX_BASE,
    VMCTX_STRIDE,
    refused,
)
from jit import Func, Instance, Table
from jit.debug.debugger import Debugger
from jit.debug.references import function_of
from jit.debug.watchpoints import Access

_FUNCREF = 0x70
_WORD = 4


class References:
    """Function references as code addresses."""

    def __init__(
        self,
        debugger: Debugger,
        entry: Callable[[Instance, int], int],
        function_at: Callable[[Instance, int], Func | None],
    ) -> None:
        """`entry` gives the address of a function, by its index among those its module defines.

        `function_at` gives the function at an address as an instance means it, None for none.
        """
        self._debugger = debugger
        self._entry = entry
        self._function_at = function_at

    def shown(self, type_: int, bits: int) -> int:
        """Return what stands for a value of a value type; of a number, the number."""
        if type_ != _FUNCREF or not bits:
            return bits
        function = function_of(self._debugger.store, bits)
        return HOST_BASE if function is None else self._entry(*function)

    def meant(self, instance: Instance, address: int, table: Table) -> int:
        """Return the reference that is written to a table as a code address, or as C has pointers.

        These are the table's own slots. `TargetError` where there is no function.
        """
        if address < table.elements.size:
            return table.elements.get(address)
        function = self._function_at(instance, address)
        if function is None:
            raise TargetError(errno.EINVAL, f"there is no function at 0x{address:x}")
        return function.record


class VmctxWindow:
    """The instances' globals, tables and memories.

    Writable are globals of number types, and the elements of tables of functions.
    """

    def __init__(
        self,
        debugger: Debugger,
        references: References,
        layout_of: Callable[[Instance], VmctxLayout],
        memory_address: Callable[[Instance, int], int],
    ) -> None:
        """`layout_of` gives the layout of an instance's vmctx, `memory_address` where a memory is."""
        self._debugger = debugger
        self._references = references
        self._layout_of = layout_of
        self._memory_address = memory_address
        self._layouts: dict[int, VmctxLayout] = {}

    def address_of(self, instance: Instance) -> int:
        """Return where an instance's vmctx is shown."""
        instances = self._debugger.instances()
        number = next(n for n, other in enumerate(instances) if other is instance)
        return VMCTX_BASE + VMCTX_STRIDE * number

    def end(self) -> int:
        """Return where the last instance's vmctx ends."""
        return VMCTX_BASE + VMCTX_STRIDE * len(self._debugger.instances())

    def owner(self, address: int, length: int) -> Instance | None:
        """Return the instance whose vmctx lies at an address, None for none."""
        number = (address - VMCTX_BASE) // VMCTX_STRIDE
        instances = self._debugger.instances()
        return instances[number] if number < len(instances) else None

    def _layout(self, number: int) -> VmctxLayout:
        layout = self._layouts.get(number)
        if layout is None:
            layout = self._layout_of(self._debugger.instances()[number])
            self._layouts[number] = layout
        return layout

    def read(self, address: int, length: int) -> bytes:
        """Read up to `length` bytes; see `Window`."""
        out = b""
        while len(out) < length:
            piece = self._piece(address + len(out))
            if not piece:
                break
            out += piece
        return out[:length]

    def _piece(self, address: int) -> bytes:
        """Return the bytes from an address to the end of the item it lies in."""
        number, offset = divmod(address - VMCTX_BASE, VMCTX_STRIDE)
        instances = self._debugger.instances()
        if number >= len(instances):
            return b""
        instance, layout = instances[number], self._layout(number)
        index, inner = divmod(offset, vmctx.GLOBAL_STRIDE)
        if index < len(layout.globals):
            type_ = self._debugger.global_type(instance, index).valtype
            bits = self._references.shown(type_, self._debugger.global_bits(instance, index))
            return bits.to_bytes(vmctx.GLOBAL_STRIDE, "little")[inner:]
        element = layout.element_at(offset)
        if element is not None:
            return self._element(instance, *element)[offset % _WORD :]
        if offset >= layout.end:
            return bytes(vmctx.PAGE - offset % vmctx.PAGE)
        return self._descriptor(address - offset, layout, instance, index)[inner:]

    def _descriptor(self, base: int, layout: VmctxLayout, instance: Instance, slot: int) -> bytes:
        index = slot - len(layout.globals)
        if index < len(layout.tables):
            size = instance.tables[index].elements.size
            elements = base + layout.element_offset(index)
            return size.to_bytes(4, "little") + elements.to_bytes(4, "little") + bytes(8)
        index -= len(layout.tables)
        address = self._memory_address(instance, index)
        size = self._debugger.memory(instance, index).linear.size
        return address.to_bytes(8, "little") + size.to_bytes(8, "little")

    def _element(self, instance: Instance, index: int, place: int) -> bytes:
        elements = instance.tables[index].elements
        bits = elements.get(place) if place < elements.size else 0
        return self._references.shown(elements.type.element, bits).to_bytes(_WORD, "little")

    def write(self, address: int, data: bytes) -> None:
        """Write (part of) one global's value, or whole elements of a table; see `Window`."""
        number, offset = divmod(address - VMCTX_BASE, VMCTX_STRIDE)
        index, inner = divmod(offset, vmctx.GLOBAL_STRIDE)
        instances = self._debugger.instances()
        if number >= len(instances):
            raise refused(address, "there is no such instance")
        instance, layout = instances[number], self._layout(number)
        element = layout.element_at(offset)
        if element is not None:
            self._write_elements(instance, *element, address, data)
            return
        if index >= len(layout.globals) or inner + len(data) > vmctx.GLOBAL_STRIDE:
            raise refused(address, "no single global lies there")
        slot = self._debugger.global_bits(instance, index).to_bytes(vmctx.GLOBAL_STRIDE, "little")
        changed = slot[:inner] + data + slot[inner + len(data) :]
        self._debugger.set_global_bits(instance, index, int.from_bytes(changed, "little"))

    def _write_elements(
        self, instance: Instance, table: int, slot: int, address: int, data: bytes
    ) -> None:
        written = instance.tables[table]
        elements = written.elements
        end = slot + len(data) // _WORD
        if elements.type.element != _FUNCREF:
            raise refused(address, "an externref")
        if address % _WORD or len(data) % _WORD or end > elements.size:
            raise refused(address, "no whole elements lie there")
        words = (
            int.from_bytes(data[at : at + _WORD], "little") for at in range(0, len(data), _WORD)
        )
        references = [word and self._references.meant(instance, word, written) for word in words]
        elements.initialize(slot, references)

    def watch(self, access: Access, address: int, length: int) -> list[Made]:
        """Watch one global; see `Watching`."""
        number, offset = divmod(address - VMCTX_BASE, VMCTX_STRIDE)
        index, inner = divmod(offset, vmctx.GLOBAL_STRIDE)
        instances = self._debugger.instances()
        if (
            number >= len(instances)
            or index >= len(self._layout(number).globals)
            or inner + length > vmctx.GLOBAL_STRIDE
        ):
            raise TargetError(errno.EFAULT, f"no single global lies at 0x{address:x}")
        made = self._debugger.watch_global(access, instances[number], index)
        return [(address - inner, made)]


class DepthWindow:
    """How many frames are on the stack."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger

    def read(self, address: int, length: int) -> bytes:
        """Read the count; see `Window`."""
        offset = address - DEPTH_ADDRESS
        return self._debugger.depth().to_bytes(DEPTH_SIZE, "little")[offset : offset + length]

    def write(self, address: int, data: bytes) -> None:
        """Refuse: it is a count."""
        raise TargetError(errno.EACCES, "the number of frames cannot be written")
