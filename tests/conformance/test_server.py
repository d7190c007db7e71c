"""The life of connections: interrupting, detaching, losing, killing, ending, failing."""

import logging
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from gdbstub.execution import running
from gdbstub.rsp import frame
from gdbstub.server import GuestFailure, ListenError, exit_status, serve
from gdbstub.server.connection import Connection
from gdbstub.session import Session
from gdbstub.target import Dialect, Exited, Launch, Signal, Terminated
from tests.conformance.client import LLDB, Client, Closed, served
from tests.conformance.toy import CODE, Toy

ENDLESS = 1 << 31


async def test_interrupt() -> None:
    toy = Toy(limit=ENDLESS)
    async with served(toy) as server, server.client() as client:
        await client.send(b"vCont;c")
        await client.interrupt()
        text, stop = await client.stop()
        assert (text, stop[:12]) == ("", b"T02thread:1;")
        count = toy.counter
        assert (await client.resume(b"vCont;s"))[1].startswith(b"T05")
        assert toy.counter in (count, count + 1)


async def test_an_interrupt_that_comes_late_is_forgotten() -> None:
    async with served(Toy()) as server, server.client() as client:
        await client.interrupt()
        assert await client.resume(b"vCont;c") == ("", b"W07")


async def test_packets_wait_while_the_guest_runs() -> None:
    async with served(Toy(limit=ENDLESS)) as server, server.client() as client:
        await client.send(b"vCont;c")
        await client.send(b"qC")
        await client.interrupt()
        assert (await client.stop())[1].startswith(b"T02")
        assert await client.receive() == b"QC1"


async def test_the_guests_exit() -> None:
    async with served(Toy(exit_code=42)) as server:
        async with server.client() as client:
            assert await client.resume(b"vCont;c") == ("", b"W2a")
            assert await client.ask(b"?") == b"W2a"
            assert await client.ask(b"g") == b"E03"
        await server.ended.wait()
        assert server.exit == Exited(42)


@pytest.mark.parametrize("packet", [b"k", b"vKill;1"])
async def test_kill_a_stopped_guest(packet: bytes) -> None:
    async with served(Toy()) as server:
        async with server.client() as client:
            assert await client.ask(packet) == (b"X09" if packet == b"k" else b"OK")
        await server.ended.wait()
        assert server.exit == Terminated(Signal.KILL)


async def test_kill_a_running_guest() -> None:
    async with served(Toy(limit=ENDLESS)) as server:
        async with server.client() as client:
            await client.send(b"vCont;c")
            assert await client.ask(b"k") == b"X09"
        await server.ended.wait()
        assert server.exit == Terminated(Signal.KILL)


async def test_detach_and_attach_again() -> None:
    toy = Toy(limit=ENDLESS)
    async with served(toy) as server:
        async with server.client() as client:
            await client.ask(b"Z0,%x,1" % (CODE + 1))
            assert await client.ask(b"D") == b"OK"
            with pytest.raises(Closed):
                await client.receive()
        async with server.client() as client:
            assert (await client.ask(b"?")).startswith(b"T02thread:1;")
            assert not toy.breakpoints
            await client.ask(b"P0=ffffff7f00000000")
            assert await client.resume(b"vCont;c") == ("", b"W07")


async def test_detach_and_run_to_the_end() -> None:
    async with served(Toy()) as server:
        async with server.client() as client:
            assert await client.ask(b"D;1") == b"OK"
        await server.ended.wait()
        assert server.exit == Exited(7)


async def test_a_detached_guest_does_not_stop_at_a_trap() -> None:
    async with served(Toy(traps=True)) as server:
        async with server.client() as client:
            assert await client.ask(b"D") == b"OK"
        await server.ended.wait()
        assert server.exit == Terminated(Signal.SEGV)


async def test_a_lost_connection_leaves_the_guest_stopped() -> None:
    toy = Toy(limit=10)
    async with served(toy) as server:
        async with server.client() as client:
            await client.ask(b"Z0,%x,1" % (CODE + 2))
            await client.resume(b"vCont;c")
        async with server.client(LLDB) as client:
            assert not toy.breakpoints
            assert toy.counter == 1
            assert await client.resume(b"c") == ("", b"W07")


async def test_a_connection_lost_while_the_guest_runs() -> None:
    toy = Toy(limit=ENDLESS)
    async with served(toy) as server:
        async with server.client() as client:
            await client.send(b"vCont;c")
        async with server.client() as client:
            assert (await client.ask(b"?")).startswith(b"T02")
            count = toy.counter
            assert await client.ask(b"p0") == count.to_bytes(8, "little").hex().encode()


async def test_once_kills_the_guest_of_a_lost_connection() -> None:
    async with served(Toy(), once=True) as server:
        async with server.client():
            pass
        await server.ended.wait()
        assert server.exit == Terminated(Signal.KILL)


async def test_once_lets_a_detached_guest_end() -> None:
    async with served(Toy(), once=True) as server:
        async with server.client() as client:
            assert await client.ask(b"D") == b"OK"
        await server.ended.wait()
        assert server.exit == Exited(7)


async def test_a_view_for_everybody() -> None:
    async with served(Toy(), view=Dialect.GDB) as server, server.client(LLDB) as client:
        assert await client.ask(b"p10") == b"000000e0"
        assert await client.ask(b"qWasmCallStack:1") == b""


async def test_a_bug_in_a_view_is_an_error_reply(caplog: pytest.LogCaptureFixture) -> None:
    toy = Toy()
    async with served(toy) as server, server.client() as client:
        toy.broken = True
        with caplog.at_level(logging.CRITICAL + 1, "gdbstub.server"):
            assert await client.ask(b"g") == b"E99"
            assert await client.ask(b"vCont;s") == b"E99"
        toy.broken = False
        assert await client.ask(b"p10") == b"010000e0"


async def test_a_failing_guest_ends_the_session() -> None:
    texts = []
    with pytest.raises(BaseExceptionGroup) as failed:  # noqa: PT012
        async with served(Toy(fails=True)) as server, server.client() as client:
            texts.append(await client.resume(b"vCont;c"))
            await client.stream.aclose()
            await server.ended.wait()
    assert failed.group_contains(GuestFailure, match="RuntimeError: the toy's machinery broke")
    text, stop = texts[0]
    assert "internal error while the guest ran" in text
    assert stop == b"X06"


async def test_an_error_of_the_factory_is_the_callers() -> None:
    def fail(launch: Launch) -> Toy:
        raise ValueError("no such program")

    with pytest.raises(ValueError, match="no such program"):
        await serve(fail)


async def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"cannot listen on 127.0.0.1:{port}: "):
            await serve(lambda launch: Toy(), port=port)


async def test_cancelling_kills_a_running_guest() -> None:
    toy = Toy(limit=ENDLESS)
    with trio.CancelScope() as scope:
        async with served(toy) as server, server.client() as client:
            await client.send(b"vCont;c")
            await client.send(b"qC")
            scope.cancel()
            await trio.lowlevel.checkpoint()


async def test_a_client_that_piles_up_packets_is_dropped() -> None:
    ours, theirs = (trio.SocketStream(end) for end in trio.socket.socketpair())
    async with running(lambda launch: Toy()) as runs, trio.open_nursery() as nursery:

        async def serve_it() -> None:
            async with ours:
                session = Session(runs.execution.guest.view, runs.execution.policy)
                await Connection(ours, session, runs).run()

        nursery.start_soon(serve_it)
        client = Client(theirs)
        assert await client.ask(b"?") == b"T05thread:1;10:000000e0;"
        await theirs.send_all(frame(b"?") * 300)  # arrives whole
        with pytest.raises((Closed, trio.BrokenResourceError)):  # noqa: PT012
            for _ in range(300):
                await client.receive()
    await theirs.aclose()


SERVER = """
import signal
import sys
signal.signal(signal.SIGHUP, signal.Handlers[sys.argv[1]])
from gdbstub.server import exit_status, run
from tests.conformance.toy import Toy
ended = run(lambda launch: Toy(limit=1 << 31), on_listening=lambda host, port: print(port, flush=True))
raise SystemExit(exit_status(ended))
"""


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize(
    ("hangup", "numbers", "status"),
    [
        ("SIG_DFL", [signal.SIGINT], 130),
        ("SIG_DFL", [signal.SIGTERM], 143),
        ("SIG_DFL", [signal.SIGHUP], 129),
        ("SIG_IGN", [signal.SIGHUP, signal.SIGTERM], 143),
    ],
)
async def test_a_signal_ends_the_process(
    hangup: str, numbers: list[signal.Signals], status: int, running: bool
) -> None:
    root = Path(__file__).parents[2]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-c", SERVER, hangup],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    port = int(await process.stdout.receive_some())
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        client = Client(stream)
        assert await client.ask(b"?") == b"T05thread:1;10:000000e0;"
        if running:
            await client.send(b"c")
        for number in numbers:
            process.send_signal(number)
        assert await process.wait() == status
    assert await process.stderr.receive_some() == b""
    await process.stdout.aclose()
    await process.stderr.aclose()


@pytest.mark.parametrize(
    ("exit_", "status"),
    [
        (Exited(0), 0),
        (Exited(255), 255),
        (Terminated(Signal.SEGV), 134),
        (Terminated(Signal.KILL), 137),
    ],
)
def test_exit_status(exit_: Exited | Terminated, status: int) -> None:
    assert exit_status(exit_) == status
