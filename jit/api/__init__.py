"""The embedding interface: the names of the `wasmtime` package, wired to our compiler and machines."""

from jit.abi.traps import TrapCode
from jit.api.config import Config
from jit.api.engine import Engine
from jit.api.linker import Linker
from jit.api.module import Module
from jit.api.store import Store
from jit.api.text import wat2wasm
from jit.debug.interface import DebuggableCaller as Caller
from jit.runtime.errors import (
    ExitTrap,
    HostCallInterrupted,
    InvalidFunction,
    LinkError,
    StoreInUse,
    WasmtimeError,
)
from jit.runtime.func import Func
from jit.runtime.global_ import Global
from jit.runtime.imports import Extern
from jit.runtime.instance import Instance
from jit.runtime.linker import InstancePre
from jit.runtime.memory import Memory
from jit.runtime.storelike import Storelike
from jit.runtime.table import Table
from jit.runtime.trap import Frame, Trap
from jit.runtime.types import (
    AsExternType,
    ExportType,
    FuncType,
    GlobalType,
    ImportType,
    Limits,
    MemoryType,
    TableType,
    ValType,
)
from jit.runtime.val import Val
from jit.wasi.config import WasiConfig

__all__ = [
    "Config",
    "Engine",
    "Store",
    "Storelike",
    "Module",
    "Instance",
    "InstancePre",
    "Linker",
    "Func",
    "Caller",
    "Memory",
    "Table",
    "Global",
    "Extern",
    "WasiConfig",
    "ValType",
    "FuncType",
    "Limits",
    "MemoryType",
    "TableType",
    "GlobalType",
    "AsExternType",
    "ImportType",
    "ExportType",
    "Val",
    "Trap",
    "TrapCode",
    "Frame",
    "WasmtimeError",
    "LinkError",
    "InvalidFunction",
    "StoreInUse",
    "ExitTrap",
    "HostCallInterrupted",
    "wat2wasm",
]
