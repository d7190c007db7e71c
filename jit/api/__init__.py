"""The embedding interface: the names of the `wasmtime` package, wired to our compiler and machines."""
