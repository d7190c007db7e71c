"""A C program under a debugger, interrupted in each kind of wait: it is shown inside the call and goes on."""

import os
import select
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import jit
from jit.debug.debugger import Debugger
from jit.debug.errors import Killed
from jit.debug.events import Breakpoint, DebugEvent, HostcallError, Interrupt
from jit.wasi.context import Wasi
from jit.wasi.descriptors import stream
from jit.wasi.layout import STREAM_RIGHTS
from jit.wasi.waiting import READ, WRITE, Waiter
from jit.wasm.decode import decode_instruction
from jit.wasm.opcodes import CALL
from tests.guests.build import NoCompiler, build_guest

FOLDER = Path(__file__).parent / "guests"


class Announcing(Waiter):
    """Tells, before a wait that will last, what it is for: "read", "write" or "sleep"."""

    def __init__(self, wake: int, announce: Callable[[str], None]) -> None:
        super().__init__(wake)
        object.__setattr__(self, "_announce", announce)

    def wait(
        self, interests: Sequence[tuple[int, int]], deadline: int | None
    ) -> dict[int, int] | None:
        poll = select.poll()
        for interest in interests:
            poll.register(*interest)
        if not poll.poll(0):
            kind = "sleep" if deadline is not None else KINDS[interests[0][1]]
            self._announce(kind)  # type: ignore[attr-defined]
        return super().wait(interests, deadline)


KINDS = {READ: "read", WRITE: "write"}


class Session:
    """The program, with pipes for its standard streams, in a store under a debugger."""

    def __init__(self) -> None:
        try:
            wasm = build_guest("waits", "O1", folder=FOLDER).program.read_bytes()
        except NoCompiler as missing:
            pytest.skip(str(missing))
        config = jit.Config()
        config.guest_debug = True
        engine = jit.Engine(config)
        self.store = jit.Store(engine)
        self.store.set_wasi(jit.WasiConfig())
        self.input, self.feed = os.pipe()
        self.drain, self.output = os.pipe()
        wasi = self.store.wasi
        assert isinstance(wasi, Wasi)
        for number, fd in ((0, self.input), (1, self.output)):
            wasi.descriptors.remove(number)
            wasi.descriptors.add(stream(fd, owned=False, rights=STREAM_RIGHTS))
        self.at_wait: dict[str, Callable[[], object]] = {}
        """What to do, once, when a kind of wait begins."""
        wasi.waiter = Announcing(wasi.waiter.wake, self._waits)
        linker = jit.Linker(engine)
        linker.define_wasi()
        self.debugger = Debugger(self.store)
        self.instance = linker.instantiate(self.store, jit.Module(engine, wasm))

    def _waits(self, kind: str) -> None:
        """In another thread: it comes while the guest waits, or just before."""
        action = self.at_wait.pop(kind, None)
        if action is not None:
            threading.Thread(target=action).start()

    def imported(self) -> str:
        """Return the import that the innermost frame is inside a call of."""
        frame = self.debugger.frame(0)
        assert frame is not None
        place = frame.wasm_function_index_and_pc()
        assert place is not None
        info = self.instance.module.info
        pcs = self.debugger.boundaries(0, place[0])
        call = pcs[list(pcs).index(place[1]) - 1]
        code, index, _ = decode_instruction(info.data, call)
        assert code == CALL and isinstance(index, int)
        return info.imports[index].name

    def run(self, handler: Callable[[DebugEvent], None]) -> int:
        start = self.instance.exports(self.store)["_start"]
        assert isinstance(start, jit.Func)
        with pytest.raises(jit.ExitTrap) as end:
            self.debugger.run(lambda: start(self.store), handler)
        return end.value.code

    def close(self) -> None:
        for fd in (self.input, self.feed, self.drain, self.output):
            os.close(fd)


def test_every_wait_is_interrupted_and_goes_on() -> None:
    session = Session()
    debugger, stops = session.debugger, list[str]()
    drained = bytearray()

    def drain() -> None:
        while len(drained) < 200_000:
            drained.extend(os.read(session.drain, 1 << 16))

    drainer = threading.Thread(target=drain)

    def handler(event: DebugEvent) -> None:
        if isinstance(event, HostcallError):
            assert isinstance(event.error, jit.ExitTrap)
            return
        assert isinstance(event, Interrupt)
        stops.append(session.imported() if event.in_host_call else "after a partial write")
        if len(stops) == 1:
            session.at_wait["read"] = debugger.interrupt
        elif len(stops) == 2:
            os.write(session.feed, b"hello\n")
            session.at_wait["sleep"] = debugger.interrupt
        elif len(stops) == 3:
            session.at_wait["sleep"] = debugger.interrupt
        elif len(stops) == 4 or len(stops) == 5:
            session.at_wait["write"] = debugger.interrupt
        else:
            drainer.start()

    session.at_wait["read"] = debugger.interrupt
    assert session.run(handler) == 42
    drainer.join()
    assert stops[:4] == ["fd_read", "fd_read", "poll_oneoff", "poll_oneoff"]
    assert stops[4:] == ["after a partial write", "fd_write"]
    assert drained == b"x" * 200_000
    session.close()


def test_a_step_out_of_an_interrupted_wait_ends_after_the_call() -> None:
    session = Session()
    debugger, events = session.debugger, list[DebugEvent]()

    def handler(event: DebugEvent) -> None:
        events.append(event)
        if len(events) == 1:
            os.write(session.feed, b"hello\n")
        debugger.step(len(events) == 1)
        if len(events) == 2:
            debugger.kill()

    start = session.instance.exports(session.store)["_start"]
    assert isinstance(start, jit.Func)
    session.at_wait["read"] = debugger.interrupt
    with pytest.raises(Killed):
        debugger.run(lambda: start(session.store), handler)
    first, second = events
    assert first == Interrupt(in_host_call=True) and isinstance(second, Breakpoint)
    session.close()


def test_a_waiting_guest_is_killed() -> None:
    session = Session()
    start = session.instance.exports(session.store)["_start"]
    assert isinstance(start, jit.Func)
    session.at_wait["read"] = session.debugger.kill
    with pytest.raises(Killed):
        session.debugger.run(lambda: start(session.store), lambda event: None)
    session.close()
