"""The guest as lldb's Wasm plugin sees a Wasm machine."""

from gdbstub.views.wasm.view import WasmView

__all__ = ["WasmView"]
