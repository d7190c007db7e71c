"""Optional features of a view: a Protocol each, all of whose methods are required.

A view has a feature when it has the methods; the packet's row names the Protocol. A packet whose
feature is absent is answered as unknown and not advertised.
"""

from gdbstub.extensions.files import (
    ExecFile,
    Features,
    Libraries,
    LoadedObject,
    LoadedObjects,
    ServedFiles,
)
from gdbstub.extensions.machine import (
    HostInfo,
    Machine,
    Monitor,
    Process,
    Region,
    Regions,
    RegisterInfo,
    RegisterInfos,
    SystemCalls,
)
from gdbstub.extensions.wasm import WasmState

__all__ = [
    "ExecFile",
    "Features",
    "HostInfo",
    "Libraries",
    "LoadedObject",
    "LoadedObjects",
    "Machine",
    "Monitor",
    "Process",
    "Region",
    "Regions",
    "RegisterInfo",
    "RegisterInfos",
    "ServedFiles",
    "SystemCalls",
    "WasmState",
]
