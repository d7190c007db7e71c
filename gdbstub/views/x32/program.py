"""The program as gdb fetches it: the object file of the first module, made when it is first needed.

gdb asks for it right after connecting; until then nothing of a module's DWARF is looked at.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from functools import cached_property

from gdbstub.objfile import (
    EntryKind,
    LineTable,
    ModuleImage,
    ObjectCache,
    ObjectFile,
    Prototype,
    SlotKind,
    WasmLocation,
    WasmSignature,
    default_folder,
    report_lines,
)
from gdbstub.target import TargetError
from gdbstub.views.common.code import FunctionCode
from gdbstub.views.common.rendering import Stage
from gdbstub.views.x32.image import TYPES, listing, module_image
from gdbstub.views.x32.windows import CodeWindow
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import OutOfRange
from jit.debug.frames import FrameHandle

_MASK = 0xFFFF_FFFF


class ServedProgram:
    """The first module's object file, and what the views must know from it."""

    def __init__(
        self, stage: Stage, window: Callable[[int], CodeWindow], listed: bool = True
    ) -> None:
        """`window` gives the code window of a module; `listed`: describe one without DWARF."""
        self._debugger: Debugger = stage.debugger
        self._name = stage.name
        self._module_path = stage.path
        self._window = window
        self._listed = listed
        self.path = f"/wasm/{stage.name}"

    @cached_property
    def _image(self) -> ModuleImage:
        return module_image(self._name, self._window(0), self._module_path)

    @cached_property
    def _object(self) -> ObjectFile:
        code = self._window(0).code
        make_listing = (lambda: listing(code)) if self._listed else None
        return ObjectCache(default_folder()).object_file(self._image, make_listing)

    def read(self, path: str) -> bytes:
        """Return the file at a path; `TargetError` ENOENT for any but the program's."""
        if path != self.path:
            raise TargetError(errno.ENOENT, f"{path} is not served")
        return self._object.elf

    @cached_property
    def _lines(self) -> LineTable:
        image = self._image
        return LineTable(image.customs.get(".debug_line", b""), image.code_section_payload)

    def same_line(self, module: int, pc: int) -> tuple[range, ...]:
        """Return the PCs around one that are of its source line; none where no line is known."""
        return self._lines.same_line(pc) if module == 0 else ()

    def report(self) -> Iterator[str]:
        """Yield what became of the module's debug information, as lines for people."""
        yield from self._image.remarks
        yield from report_lines(self._object.report)

    def has_entry_stop(self, module: int, function: FunctionCode) -> bool:
        """Say whether the line table has a row for the start of a function's body."""
        if module != 0:
            return False
        return self._object.functions[function.index].entry_kind is EntryKind.BODY_START

    def frame_base(self, frame: FrameHandle) -> int:
        """Return the value of a frame's DW_AT_frame_base; 0 where it has none or none yet."""
        index = self._index(frame)
        location = None if index is None else self._object.functions[index].frame_base_location
        if location is None:
            return 0
        try:
            return self._slot(frame, location) & _MASK
        except OutOfRange:
            return 0

    def prototype(self, frame: FrameHandle) -> Prototype | None:
        """Return the C prototype of a frame's function, None where it has none."""
        index = self._index(frame)
        return None if index is None else self._object.prototypes.get(index)

    def prototype_of(self, instance: Instance, index: int) -> Prototype | None:
        """Return the C prototype of any function, made from its Wasm type where it has no other."""
        module = instance.module
        info = module.info
        if module is self._debugger.modules()[0].module:
            known = self._object.prototypes.get(index)
            if known is not None:
                return known
        type_ = info.func_type(index)
        return WasmSignature(
            info.func_name(index),
            tuple(("", TYPES[code]) for code in type_.params),
            tuple(TYPES[code] for code in type_.results),
        ).prototype()

    def keeps_stack_pointer(self, frame: FrameHandle) -> bool:
        """Say whether a frame's base is the shadow stack pointer as it set it, not the global itself."""
        index = self._index(frame)
        location = None if index is None else self._object.functions[index].frame_base_location
        return location is not None and location.kind is not SlotKind.GLOBAL

    def _index(self, frame: FrameHandle) -> int | None:
        """Return the index of a frame's function; None in any module but the first."""
        place = frame.wasm_function_index_and_pc()
        if place is None or self._debugger.module_of(frame).index != 0:
            return None
        return self._window(0).code.functions[place[0]].index

    def _slot(self, frame: FrameHandle, location: WasmLocation) -> int:
        if location.kind is SlotKind.LOCAL:
            return frame.local_bits(location.index)
        if location.kind is SlotKind.STACK:
            return frame.stack_bits(location.index)
        return self._debugger.global_bits(frame.instance(), location.index)
