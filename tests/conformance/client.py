"""A client of the tests' own, and a server around a toy for it to talk to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from gdbstub.rsp import Link, Packet
from gdbstub.server import serve
from gdbstub.target import Dialect, Exit, Launch
from tests.conformance.toy import Toy

GDB = b"qSupported:swbreak+;hwbreak+;qRelocInsn+"  # gdb 13 offers multiprocess+ as well
LLDB = b"qSupported:xmlRegisters=i386,arm,mips,arc;multiprocess+"


class Closed(Exception):
    """The server closed the connection."""


class Client:
    """Asks packets over a connection, without acknowledgements after the first."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._link = Link(server=False)
        self._packets: list[bytes] = []

    async def send(self, packet: bytes) -> None:
        self._link.send(packet)
        await self.stream.send_all(self._link.take_output())

    async def receive(self) -> bytes:
        while not self._packets:
            data = await self.stream.receive_some()
            if not data:
                raise Closed
            events = self._link.receive(data)
            self._packets += [event.contents for event in events if isinstance(event, Packet)]
            await self.stream.send_all(self._link.take_output())
        return self._packets.pop(0)

    async def ask(self, packet: bytes) -> bytes:
        await self.send(packet)
        return await self.receive()

    async def resume(self, packet: bytes) -> tuple[str, bytes]:
        """Resume, and return what was shown meanwhile and the stop."""
        await self.send(packet)
        return await self.stop()

    async def stop(self) -> tuple[str, bytes]:
        text = ""
        while (reply := await self.receive())[:1] == b"O" and reply != b"OK":
            text += bytes.fromhex(reply[1:].decode()).decode()
        return text, reply

    async def interrupt(self) -> None:
        await self.stream.send_all(b"\x03")


@dataclass
class Server:
    """A server in the background; `exit` is how its guest ended, once `ended` is set."""

    port: int = 0
    exit: Exit | None = None
    ended: trio.Event = field(default_factory=trio.Event)

    @asynccontextmanager
    async def client(self, first: bytes = GDB) -> AsyncIterator[Client]:
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            client = Client(stream)
            if first.startswith(b"qSupported:xml"):
                assert await client.ask(b"QStartNoAckMode") == b"OK"
            await client.ask(first)
            yield client


@asynccontextmanager
async def served(
    toy: Toy | Callable[[Launch], Toy], *, once: bool = False, view: Dialect | None = None
) -> AsyncIterator[Server]:
    """Serve a toy, or the toys that a function makes, one for each run."""
    server = Server()
    listening = trio.Event()

    def on_listening(host: str, port: int) -> None:
        server.port = port
        listening.set()

    def make(launch: Launch) -> Toy:
        return toy if isinstance(toy, Toy) else toy(launch)

    async def run() -> None:
        server.exit = await serve(make, once=once, view=view, on_listening=on_listening)
        server.ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        await listening.wait()
        yield server
        nursery.cancel_scope.cancel()
