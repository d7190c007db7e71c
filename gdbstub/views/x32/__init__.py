"""The rendering for gdb: an x32 machine whose frames, registers and code are Wasm's."""

from gdbstub.views.x32.view import X32View, x32_view

__all__ = ["X32View", "x32_view"]
