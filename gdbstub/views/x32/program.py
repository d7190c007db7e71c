"""The program as gdb fetches it: the object file of the first module, made when it is first needed.

gdb asks for it right after connecting; until then nothing of a module's DWARF is looked at.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import cached_property

from gdbstub.objfile import (
    EntryKind,
    FunctionImage,
    ModuleImage,
    ObjectFile,
    Prototype,
    SlotKind,
    WasmLocation,
    build_object,
)
from gdbstub.target import TargetError
from gdbstub.views.common.code import FunctionCode
from gdbstub.views.common.rendering import Stage
from gdbstub.views.x32.windows import GLOBAL_STRIDE, HOST_BASE, HOST_SIZE, CodeWindow
from jit.debug.debugger import Debugger
from jit.debug.errors import OutOfRange
from jit.debug.frames import FrameHandle

_PAGE = 0x10000
_MASK = 0xFFFF_FFFF


class ServedProgram:
    """The first module's object file, and what the views must know from it."""

    def __init__(self, stage: Stage, window: Callable[[int], CodeWindow]) -> None:
        """`window` gives the code window of a module."""
        self._debugger: Debugger = stage.debugger
        self._name = stage.name
        self._window = window
        self.path = f"/wasm/{stage.name}.elf"

    @cached_property
    def _object(self) -> ObjectFile:
        return build_object(module_image(self._name, self._window(0)))

    def read(self, path: str) -> bytes:
        """Return the file at a path; `TargetError` ENOENT for any but the program's."""
        if path != self.path:
            raise TargetError(errno.ENOENT, f"{path} is not served")
        return self._object.elf

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


def module_image(name: str, window: CodeWindow) -> ModuleImage:
    """Return a module as plain data, the same on every start."""
    info = window.code.module.info
    code_section = info.code_section
    return ModuleImage(
        name,
        info.data,
        tuple(
            FunctionImage(
                index=function.index,
                name=info.func_name(function.index),
                symbol="",
                body_start=function.start,
                first_op=function.first_op,
                end=function.end,
                num_params=function.num_params,
                num_locals=function.num_locals,
            )
            for function in window.code.functions
        ),
        code_section[0] if code_section is not None else 0,
        {custom.name: info.data[custom.start : custom.end] for custom in info.customs},
        info.memories[0].limits.min * _PAGE if info.memories else 0,
        _table_functions(window),
        window.base,
        {index: GLOBAL_STRIDE * index for index in range(len(info.globals))},
        HOST_BASE,
        HOST_SIZE,
    )


def _table_functions(window: CodeWindow) -> dict[int, str]:
    """Name the slots of table 0 that the module fills at constant places."""
    info = window.code.module.info
    names: dict[int, str] = {}
    for segment in info.elements:
        if segment.table or segment.offset is None or segment.offset.kind != "i32.const":
            continue
        for slot, item in enumerate(segment.items, segment.offset.value):
            if item.kind == "ref.func":
                names[slot] = info.func_name(item.value)
    return names
