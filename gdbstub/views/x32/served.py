"""One module as gdb fetches it: its object file, made when it is first needed, and its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from gdbstub.objfile import (
    FunctionView,
    LineTable,
    ModuleImage,
    ObjectCache,
    ObjectFile,
    default_folder,
    moves_stack_pointer,
    report_lines,
)
from gdbstub.views.common.code import FunctionCode
from gdbstub.views.x32.image import listing, module_image
from gdbstub.views.x32.windows import CodeWindow

FOLDER = "/wasm/"


class ServedModule:
    """A module's object file, and what the views must know from it."""

    def __init__(
        self,
        window: CodeWindow,
        name: str,
        module_path: str | None,
        listed: bool,
        memory_base: Callable[[], int],
    ) -> None:
        """`name` is the file's; `module_path` is where the module was read from, None for nowhere.

        `listed`: describe it by its listing if it has no DWARF. `memory_base` gives where its
        variables are shown, once the file is made.
        """
        self.window = window
        self.path = FOLDER + name
        self.name = name
        self._module_path = module_path
        self._listed = listed
        self._memory_base = memory_base
        self._moves: dict[int, bool] = {}

    @property
    def is_library(self) -> bool:
        """Whether it is any but the program's first module."""
        return self.window.code.module.index != 0

    @cached_property
    def _image(self) -> ModuleImage:
        return module_image(
            self.name, self.window, self._module_path, self.is_library, self._memory_base()
        )

    @cached_property
    def object(self) -> ObjectFile:
        """The object file."""
        code = self.window.code
        make_listing = (lambda: listing(code)) if self._listed else None
        return ObjectCache(default_folder()).object_file(self._image, make_listing)

    @cached_property
    def _lines(self) -> LineTable:
        image = self._image
        return LineTable(image.customs.get(".debug_line", b""), image.code_section_payload)

    def same_line(self, pc: int) -> tuple[range, ...]:
        """Return the PCs around one that are of its source line; none where no line is known."""
        return self._lines.same_line(pc)

    def moves_stack_pointer(self, function: FunctionCode) -> bool:
        """Say whether a function may move the shadow stack pointer while it runs."""
        known = self._moves.get(function.index)
        if known is None:
            image = self._image
            known = self._moves[function.index] = moves_stack_pointer(
                image.data, function.first_op, function.end, image.stack_pointer
            )
        return known

    def function(self, index: int) -> FunctionView:
        """Return what the file says of a function that the module defines."""
        return self.object.functions[index]

    def report(self) -> Iterator[str]:
        """Yield what became of the module's debug information, as lines for people."""
        yield from self._image.remarks
        yield from report_lines(self.object.report)
