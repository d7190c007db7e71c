"""The WebAssembly language: types, opcodes, binary decoder, validator, names, disassembler.

Depends on nothing else of ours. Everything here speaks of positions in a module's bytes (`WasmPc`).
"""
