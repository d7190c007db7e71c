"""The program as gdb fetches it: a file for each module, the first one's being the program itself.

gdb asks for them right after connecting; until then nothing of a module's DWARF is looked at.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

from gdbstub.extensions import LoadedObject
from gdbstub.objfile import (
    EntryKind,
    Prototype,
    SlotKind,
    WasmLocation,
    WasmSignature,
)
from gdbstub.target import Address, TargetError
from gdbstub.views.common.code import FunctionCode
from gdbstub.views.common.names import shown_name
from gdbstub.views.common.rendering import Stage
from gdbstub.views.x32.image import TYPES
from gdbstub.views.x32.served import FOLDER, ServedModule
from gdbstub.views.x32.windows import CodeWindow
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.errors import OutOfRange
from jit.debug.frames import FrameHandle

_MASK = 0xFFFF_FFFF


class ServedProgram:
    """The modules' object files, and what the views must know from them."""

    def __init__(
        self,
        stage: Stage,
        window: Callable[[int], CodeWindow],
        memory_base: Callable[[object], int],
        listed: bool = True,
    ) -> None:
        """`window` gives the code window of a module, `memory_base` where its variables are shown.

        `listed`: describe modules without DWARF by their listings.
        """
        self._stage = stage
        self._debugger: Debugger = stage.debugger
        self._window = window
        self._memory_base = memory_base
        self._listed = listed
        self._modules: list[ServedModule] = []
        self._frame: FrameHandle | None = None
        self._function: tuple[ServedModule, FunctionCode] | None = None
        self.path = FOLDER + stage.name

    # Modules

    def module(self, number: int) -> ServedModule:
        """Return a module by its number in order of registration."""
        if number >= len(self._modules):
            self._meet()
        return self._modules[number]

    def _meet(self) -> None:
        """Make what is served of modules registered since the last one was."""
        for registered in self._debugger.modules()[len(self._modules) :]:
            number, module = registered.index, registered.module
            path = self._stage.paths.get(module)
            if number == 0:
                path, name = self._stage.path or path, self._stage.name
            else:
                name = self._name(path or module.name or "", number)
            self._modules.append(
                ServedModule(
                    self._window(number),
                    name,
                    path,
                    self._listed,
                    lambda module=module: self._memory_base(module),  # type: ignore[misc]
                )
            )

    def _name(self, text: str, number: int) -> str:
        """Name the file of a further module: no two have the same."""
        name = shown_name(os.path.basename(text)) or f"module{number}.wasm"
        stem, suffix = os.path.splitext(name)
        taken = {module.name for module in self._modules}
        return name if name not in taken else f"{stem}-{number}{suffix}"

    def libraries(self) -> list[LoadedObject]:
        """List the further modules that are registered."""
        self._meet()
        return [
            LoadedObject(module.path, Address(module.window.base)) for module in self._modules[1:]
        ]

    def read(self, path: str) -> bytes:
        """Return the file at a path; `TargetError` ENOENT for any but the modules'."""
        self._meet()
        for module in self._modules:
            if module.path == path:
                return module.object.elf
        raise TargetError(errno.ENOENT, f"{path} is not served")

    def report(self) -> Iterator[str]:
        """Yield what became of the modules' debug information, as lines for people."""
        self._meet()
        for module in self._modules:
            if len(self._modules) > 1:
                yield f"{module.name}:"
            yield from module.report()

    # Functions and frames

    def same_line(self, module: int, pc: int) -> tuple[range, ...]:
        """Return the PCs around one that are of its source line; none where no line is known."""
        return self.module(module).same_line(pc)

    def has_entry_stop(self, module: int, function: FunctionCode) -> bool:
        """Say whether the line table has a row for the start of a function's body."""
        view = self.module(module).function(function.index)
        return view.entry_kind is EntryKind.BODY_START

    def frame_base(self, frame: FrameHandle) -> int:
        """Return the value of a frame's DW_AT_frame_base; 0 where it has none or none yet."""
        location = self._frame_base_location(frame)
        if location is None:
            return 0
        try:
            return self._slot(frame, location) & _MASK
        except OutOfRange:
            return 0

    def base_of(self, frame: FrameHandle) -> Callable[[int], int] | None:
        """Return what gives the `frame_base` of all frames that return where this one, in a call, does.

        It takes their frame pointers; None where each must be asked itself.
        """
        location = self._frame_base_location(frame)
        if location is None:
            return lambda pointer: 0
        if not self.frame_base(frame):
            return None  # it has none yet, or what its file says is not there
        index = location.index
        if location.kind is SlotKind.LOCAL:
            distance, slot = frame.frame_pointer - frame.local_address(index), self._debugger.slot
            return lambda pointer: slot(pointer - distance) & _MASK
        if location.kind is SlotKind.GLOBAL:
            instance, instances = frame.instance(), self._debugger.instances()
            if sum(other.module is instance.module for other in instances) == 1:
                bits = self._debugger.global_bits
                return lambda pointer: bits(instance, index) & _MASK
        return None

    def moves_stack_pointer(self, frame: FrameHandle) -> bool:
        """Say whether a frame's function may move the shadow stack pointer, as its DWARF was told."""
        found = self._function_of(frame)
        return found is None or found[0].moves_stack_pointer(found[1])

    def keeps_stack_pointer(self, frame: FrameHandle) -> bool:
        """Say whether a frame's base is the shadow stack pointer as it set it, not the global itself."""
        location = self._frame_base_location(frame)
        return location is not None and location.kind is not SlotKind.GLOBAL

    def prototype(self, frame: FrameHandle) -> Prototype | None:
        """Return the C prototype of a frame's function, None where it has none."""
        found = self._function_of(frame)
        return None if found is None else found[0].object.prototypes.get(found[1].index)

    def prototype_of(self, instance: Instance, index: int) -> Prototype | None:
        """Return the C prototype of any function, made from its Wasm type where it has no other."""
        module = instance.module
        info = module.info
        number = next((m.index for m in self._debugger.modules() if m.module is module), None)
        if number is not None:
            known = self.module(number).object.prototypes.get(index)
            if known is not None:
                return known
        type_ = info.func_type(index)
        return WasmSignature(
            info.func_name(index),
            tuple(("", TYPES[code]) for code in type_.params),
            tuple(TYPES[code] for code in type_.results),
        ).prototype()

    def _frame_base_location(self, frame: FrameHandle) -> WasmLocation | None:
        found = self._function_of(frame)
        return None if found is None else found[0].function(found[1].index).frame_base_location

    def _function_of(self, frame: FrameHandle) -> tuple[ServedModule, FunctionCode] | None:
        """Return a frame's module and its function; None where it is in none.

        Much is asked of one frame before the next; what is the same for the whole frame is kept.
        """
        if frame is not self._frame:
            place = frame.wasm_function_index_and_pc()
            self._function = None
            if place is not None:
                module = self.module(self._debugger.module_of(frame).index)
                self._function = module, module.window.code.functions[place[0]]
            self._frame = frame
        return self._function

    def _slot(self, frame: FrameHandle, location: WasmLocation) -> int:
        if location.kind is SlotKind.LOCAL:
            return frame.local_bits(location.index)
        if location.kind is SlotKind.STACK:
            return frame.stack_bits(location.index)
        return self._debugger.global_bits(frame.instance(), location.index)
