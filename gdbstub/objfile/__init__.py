"""The x32 ELF file that stock gdb fetches for a Wasm module, with its DWARF made to fit."""

from gdbstub.objfile.image import FunctionImage, ModuleImage

__all__ = ["FunctionImage", "ModuleImage"]
