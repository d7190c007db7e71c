"""A WebAssembly engine whose guests can be debugged: usable as a library, without any debugger."""
