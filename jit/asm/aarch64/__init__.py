"""aarch64: encodings, the macro assembler, trampolines, and the `Isa` object that joins them."""
