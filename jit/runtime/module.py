"""A module as the runtime takes it: its decoded structure and the source of its machine code."""

from jit.abi.code import CodeSource
from jit.runtime.engine import EngineState
from jit.runtime.types import ExportType, ImportType, extern_type
from jit.wasm.module import Export, ModuleInfo
from jit.wasm.types import ExternType


class Module:
    """A module that can be instantiated, in any number of stores of its engine.

    Two modules are the same only if they are one object.
    """

    def __init__(
        self, info: ModuleInfo, source: CodeSource, engine: EngineState | None = None
    ) -> None:
        self.info = info
        self.source = source
        self.state = engine
        """The engine whose stores can run it; None: it fits any."""

    @property
    def name(self) -> str | None:
        """Its name, if its name section has one."""
        return self.info.names.module

    @property
    def imports(self) -> list[ImportType]:
        """What it wants, in order."""
        return [ImportType(i.module, i.name, extern_type(i.type_)) for i in self.info.imports]

    @property
    def exports(self) -> list[ExportType]:
        """What it offers, in order."""
        return [
            ExportType(export.name, extern_type(export_type(self.info, export)))
            for export in self.info.exports
        ]


def export_type(info: ModuleInfo, export: Export) -> ExternType:
    """Return the type of what an export names."""
    if export.kind == "func":
        return info.func_type(export.index)
    if export.kind == "table":
        return info.tables[export.index]
    if export.kind == "memory":
        return info.memories[export.index]
    return info.globals[export.index]
