"""Guests in text format, run under the wasm view by a script in place of a client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wasmtime import wat2wasm

from gdbstub.objfile.leb import uleb
from gdbstub.target import Address, Dialect, Exit, RawKind, Reader, Verdict
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.wasm import WasmView
from gdbstub.views.wasm.addresses import Kind, encode
from jit import Config, Engine, Func, Instance, Linker, Module, Store
from jit.debug.debugger import Debugger
from jit.wasm.disasm import instruction_boundaries
from jit.wasm.module import parse_module

BASE = encode(Kind.CODE, 0, 0)
GO = Verdict(stepping=False, parked=True)
STEP = Verdict(stepping=True, parked=True)

Act = Callable[["Session"], Verdict]


@dataclass
class Session:
    """A guest under the view; `acts` answer its events one after the other, then it runs to its end."""

    view: WasmView
    debugger: Debugger
    guest: ProgramGuest
    store: Store
    acts: list[Act] = field(default_factory=list)
    seen: list[tuple[str, int]] = field(default_factory=list)

    def event(self, kind: RawKind, pc: Address, reader: Reader) -> Verdict:
        self.seen.append((kind.value, pc - BASE))
        # As the server does for every stop that a client is told of.
        self.view.stop()
        return self.acts.pop(0)(self) if self.acts else GO

    def passing(self, pc: Address, reader: Reader) -> None:
        return None

    def run(self, *acts: Act) -> Exit:
        self.acts = list(acts)
        return self.guest.run(self)

    def ops(self, function: int, module: int = 0) -> list[int]:
        """Give the PCs of a defined function's ops."""
        info = self.debugger.modules()[module].info
        return [pc for pc, _ in instruction_boundaries(info, function)]

    def start(self, function: int, module: int = 0) -> int:
        """Give the PC of a function's body."""
        return self.debugger.modules()[module].info.bodies[function].start


def session(
    *texts: str | bytes,
    host: Callable[[Linker, Store], None] | None = None,
    path: str | None = None,
) -> Session:
    """Prepare to run the export `go` of the last module; earlier ones are linked as `m0`, `m1`..."""
    config = Config()
    config.guest_debug = True
    engine = Engine(config)
    store, linker = Store(engine), Linker(engine)
    if host is not None:
        host(linker, store)
    modules = [
        Module(engine, text if isinstance(text, bytes) else bytes(wat2wasm(text))) for text in texts
    ]

    def start() -> None:
        instance = _link(linker, store, modules)
        go = instance.exports(store)["go"]
        assert isinstance(go, Func)
        go(store)

    debugger = Debugger(store)
    paths: dict[object, str] = {} if path is None else {modules[0]: path}
    guest = ProgramGuest(
        debugger, start, "prog", {Dialect.LLDB: WasmView}, dialect=Dialect.LLDB, paths=paths
    )
    view = guest.view(Dialect.LLDB)
    assert isinstance(view, WasmView)
    return Session(view, debugger, guest, store)


def _link(linker: Linker, store: Store, modules: Sequence[Module]) -> Instance:
    for number, module in enumerate(modules[:-1]):
        linker.define_instance(store, f"m{number}", linker.instantiate(store, module))
    return linker.instantiate(store, modules[-1])


# The header of a line program of version 2: opcodes as they are usual, one file, no folders.
_LINE_HEADER = bytes([1, 1, 0xFB, 14, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0]) + b"a.c\0\0\0\0\0"


def with_lines(text: str, function: int) -> bytes:
    """Assemble a module, a defined function of which has source lines: its body is one line."""
    module = bytes(wat2wasm(text))
    info = parse_module(module)
    assert info.code_section is not None
    body = info.bodies[function]
    start = (body.start - info.code_section[0]).to_bytes(4, "little")
    rows = b"\0\5\2" + start + b"\1" + b"\2" + uleb(body.end - body.start) + b"\0\1\1"
    program = len(_LINE_HEADER).to_bytes(4, "little") + _LINE_HEADER + rows
    unit = (2).to_bytes(2, "little") + program
    name = b".debug_line"
    section = uleb(len(name)) + name + len(unit).to_bytes(4, "little") + unit
    return module + b"\0" + uleb(len(section)) + section
