"""Frames of all activations: the guest calls the host, which calls the guest again, twice over."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
import trio

from gdbstub.server import serve
from gdbstub.target import Dialect, Exit, Exited
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.wasm import WasmView
from jit import Config, Engine, Func, FuncType, Linker, Module, Store, ValType, WasiConfig
from jit.debug.debugger import Debugger
from tests.guests.build import NoCompiler, build_guest
from tests.lldb.session import LANGUAGE, Results, connecting, frames, lldb

COMMANDS = (
    *("b activations.c:11", "c", "bt", "frame variable", "process plugin packet monitor frames"),
    # Every activation begins in a function that the linker puts before what is exported.
    *("breakpoint delete -f", "finish", "finish", "p depth", "finish", "finish", "p depth"),
    *("finish", "finish", "n", "p result", "c"),
)


def program_guest(program: Path) -> ProgramGuest:
    """Load the program with a host function that calls it back."""
    config = Config()
    config.guest_debug = True
    store = Store(Engine(config))
    store.set_wasi(WasiConfig())
    linker = Linker(store.engine)
    linker.define_wasi()

    def again(depth: int) -> object:
        inner = store.instances[0].exports(store)["inner"]
        assert isinstance(inner, Func)
        return inner(store, depth)

    i32 = ValType.i32()
    linker.define_func("host", "again", FuncType([i32], [i32]), again)
    module = Module(store.engine, program.read_bytes())

    def start() -> None:
        run = linker.instantiate(store, module).exports(store)["_start"]
        assert isinstance(run, Func)
        run(store)

    paths: dict[object, str] = {module: str(program)}
    views = {Dialect.LLDB: WasmView}
    return ProgramGuest(Debugger(store), start, "activations", views, Dialect.LLDB, paths=paths)


async def session(guest: ProgramGuest) -> tuple[Results, Exit | None]:
    """Serve a guest to one session of lldb."""
    listening: list[int] = []
    ended: list[Exit | None] = []
    results: list[Results] = []

    async with trio.open_nursery() as nursery:
        ready = trio.Event()

        def on_listening(host: str, port: int) -> None:
            listening.append(port)
            ready.set()

        async def run() -> None:
            ended.append(await serve(lambda _: guest, once=True, on_listening=on_listening))

        nursery.start_soon(run)
        await ready.wait()
        commands = [*LANGUAGE, connecting(listening[0]), *COMMANDS]
        results.append(await trio.to_thread.run_sync(partial(lldb, commands)))
    return results[0], ended[0]


async def test_frames_variables_and_steps_over_all_activations() -> None:
    try:
        built = build_guest("activations", folder=Path(__file__).parent)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    results, ended = await session(program_guest(built.program))
    expected = [("inner", 11), ("inner", 10), ("inner", 10), ("outer", 16), ("main", 22)]
    assert frames(results["bt"])[:5] == expected
    assert "(int) depth = 1" in results["frame variable"]
    assert "(int) result = 10" in results["frame variable"]
    # The host's frames between them are there in words.
    shown = results["process plugin packet monitor frames"]
    assert len(re.findall(r"inner|outer|main", shown)) >= 5
    # Out of one activation into the one that called the host.
    assert results.all("p depth") == ["(int) 2", "(int) 3"]
    assert results.stops()[-1] == ("outer", 17)
    assert results["p result"] == "(int) 60"
    assert ended == Exited(61)
