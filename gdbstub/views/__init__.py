"""The renderings of a guest: `common` is what they share, `x32` is gdb's, `wasm` is lldb's."""
