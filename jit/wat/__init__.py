"""The text format of WebAssembly modules, to the binary format (specification: Text Format)."""
