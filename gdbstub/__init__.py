"""A GDB remote stub for WebAssembly programs: stock gdb and stock lldb debug them at source level."""
