"""The declarations of locals at the start of a body (specification: Binary Format, Code Section)."""

from jit.wasm.errors import InvalidModule
from jit.wasm.reader import read_u32, read_valtype
from jit.wasm.structure import ModuleInfo
from jit.wasm.types import WasmPc

MAX_LOCALS = 50_000
"""The most locals, parameters included, that a function may have."""


def read_locals(module: ModuleInfo, defined_index: int) -> tuple[list[int], WasmPc]:
    """Return the types of a function's parameters and locals, and where its first op is."""
    data = module.data
    local_types = list(module.func_type(module.num_imported_funcs + defined_index).params)
    groups, pos = read_u32(data, module.bodies[defined_index].start)
    for _ in range(groups):
        pc = pos
        count, pos = read_u32(data, pos)
        valtype, pos = read_valtype(data, pos)
        if len(local_types) + count > MAX_LOCALS:
            raise InvalidModule(f"too many locals: at most {MAX_LOCALS} are supported", pc)
        local_types += [valtype] * count
    return local_types, WasmPc(pos)
