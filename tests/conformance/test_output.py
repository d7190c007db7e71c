"""The output of `monitor` commands: sent as it is made, and left off when the client wants no more."""

import errno
from collections.abc import Iterator

import pytest
import trio

from gdbstub.target import TargetError
from tests.conformance.client import LLDB, Client, served
from tests.conformance.toy import Toy

ENDLESS = b"qRcmd," + b"endless".hex().encode()
COUNTER = b"qRcmd," + b"counter".hex().encode()


async def begin(client: Client, toy: Toy) -> str:
    """Start the endless output; return its first piece."""
    await client.send(ENDLESS)
    first = await client.receive()
    assert first[:1] == b"O" and toy.talking
    return bytes.fromhex(first[1:].decode()).decode()


@pytest.mark.parametrize("first", [b"qSupported:swbreak+", LLDB])
async def test_an_interrupt_ends_it_with_the_reply(first: bytes) -> None:
    toy = Toy()
    async with served(toy) as server, server.client(first) as client:
        text = await begin(client, toy)
        assert text.startswith("line 0\nline 1\n")
        await client.interrupt()
        rest, reply = await client.stop()
        assert reply == b"OK"
        lines = (text + rest).splitlines()
        assert lines[:-1] == [f"line {number}" for number in range(len(lines) - 1)]
        assert lines[-1] == "(interrupted)"
        assert not toy.talking
        assert await client.ask(b"qC") == (b"QC1")


async def test_another_packet_ends_it_without_one() -> None:
    """As gdb does it: it reads no more, then asks on, and takes what comes first for the reply."""
    toy = Toy()
    async with served(toy) as server, server.client() as client:
        await begin(client, toy)
        await trio.sleep(0.02)  # gdb takes longer to show what it has read
        await client.send(b"qC")
        reply = None
        with trio.move_on_after(2):
            reply = await client.receive()
        assert reply in (None, b"QC1") or reply.startswith(b"O6c696e65")
        assert await client.ask(b"qC") == b"QC1"
        assert not toy.talking
        assert await client.resume(COUNTER) == ("counter = 0\n", b"OK")


async def test_a_resume_shows_what_was_not_read_and_stops() -> None:
    toy = Toy()
    async with served(toy) as server, server.client() as client:
        await begin(client, toy)
        text, stop = await client.resume(b"vCont;s")
        assert stop.startswith(b"T05")
        assert not text or text.startswith("line ")
        assert not toy.talking
        assert await client.ask(b"qC") == b"QC1"


async def test_no_more_is_made_than_the_client_reads() -> None:
    toy = Toy()
    async with served(toy) as server, server.client() as client:
        await begin(client, toy)
        with trio.fail_after(20):
            while not (unread := await waiting(client)):
                await trio.sleep(0.01)
            await trio.sleep(0.1)
        assert await waiting(client) == unread
        await client.interrupt()
        assert (await client.stop())[1] == b"OK"


async def waiting(client: Client) -> int:
    """Count the bytes that wait to be read."""
    with trio.move_on_after(0.01):
        return len(await client.stream.socket.recv(1 << 20, trio.socket.MSG_PEEK))
    return 0


async def test_a_short_one_is_over_before_packets_that_came_with_it() -> None:
    async with served(Toy()) as server, server.client() as client:
        await client.send(COUNTER)
        await client.send(b"qC")
        assert await client.stop() == ("counter = 0\n", b"OK")
        assert await client.receive() == b"QC1"


async def test_a_client_that_goes_ends_it() -> None:
    toy = Toy()
    async with served(toy) as server:
        async with server.client() as client:
            await begin(client, toy)
        async with server.client() as client:
            assert not toy.talking
            assert await client.resume(COUNTER) == ("counter = 0\n", b"OK")


async def test_what_fails_midway_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Toy()

    def half(self: object, command: str) -> Iterator[str]:
        yield "half of it\n"
        if command == "x":
            raise TargetError(errno.EINVAL, "no more")
        raise RuntimeError("a bug")

    async with served(toy) as server, server.client() as client:
        await client.ask(b"?")
        monkeypatch.setattr("tests.conformance.toy.View.monitor", half)
        assert await client.resume(b"qRcmd,78") == ("half of it\nno more\n", b"OK")
        assert await client.resume(b"qRcmd,79") == ("half of it\n", b"E99")
        assert await client.ask(b"qC") == b"QC1"
