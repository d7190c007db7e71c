"""Extended mode: running again, arguments and variables, detaching and attaching, who ends the server."""

import errno
from dataclasses import dataclass, field

import pytest

from gdbstub.target import Exited, Launch, Signal, TargetError, Terminated
from tests.conformance.client import GDB, Client, Closed, served
from tests.conformance.toy import CODE, Toy

MULTI = GDB + b";multiprocess+"
ENTRY = b"T05thread:p1.1;10:000000e0;"
ENDLESS = 1 << 31


@dataclass
class Program:
    """Makes the toys of a program, and notes how each run was started."""

    limits: tuple[int, ...] = (3,)
    launches: list[Launch] = field(default_factory=list)
    toys: list[Toy] = field(default_factory=list)

    def __call__(self, launch: Launch) -> Toy:
        if launch.program is not None:
            raise TargetError(errno.ENOENT, f"there is no {launch.program}")
        limit = self.limits[min(len(self.launches), len(self.limits) - 1)]
        self.launches.append(launch)
        self.toys.append(Toy(limit=limit))
        return self.toys[-1]


def hexed(*words: str) -> bytes:
    return b";".join(word.encode().hex().encode() for word in words)


async def extend(client: Client) -> None:
    assert await client.ask(b"!") == b"OK"


async def test_the_program_runs_again_after_its_end() -> None:
    program = Program()
    async with served(program) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.resume(b"vCont;c") == ("", b"W07;process:1")
        assert await client.ask(b"?") == b"W07;process:1"
        assert await client.ask(b"vRun;") == ENTRY
        assert await client.resume(b"vCont;c") == ("", b"W07;process:1")
        assert not server.ended.is_set()
    assert [toy.counter for toy in program.toys] == [3, 3]


async def test_arguments_and_variables_are_those_of_each_run() -> None:
    program = Program()
    async with served(program) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.ask(b"QEnvironmentHexEncoded:" + hexed("A=b=c")) == b"OK"
        assert await client.ask(b"QEnvironmentUnset:" + hexed("HOME")) == b"OK"
        assert await client.ask(b"vRun;;" + hexed("x", "y z", "")) == ENTRY
        assert await client.ask(b"QEnvironmentReset") == b"OK"
        assert await client.ask(b"vRun;" + hexed("/toy/program")) == ENTRY
    assert program.launches == [
        Launch(),
        Launch(None, ("x", "y z", ""), (("A", "b=c"), ("HOME", None))),
        Launch(None, (), ()),
    ]


async def test_a_restart_has_the_arguments_of_the_last_run_and_no_reply() -> None:
    program = Program()
    async with served(program) as server, server.client(MULTI) as client:
        await extend(client)
        await client.ask(b"vRun;;" + hexed("x"))
        await client.send(b"R00")
        assert await client.ask(b"?") == ENTRY
    assert program.launches[2] == Launch(None, ("x",))


async def test_breakpoints_are_of_one_run() -> None:
    program = Program()
    async with served(program) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.ask(b"Z0,%x,1;X3,220027" % CODE) == b"OK"
        await client.ask(b"vRun;")
        assert not program.toys[1].breakpoints
        assert await client.ask(b"Z0,%x,1" % (CODE + 1)) == b"OK"
        assert (await client.resume(b"vCont;c"))[1].startswith(b"T05swbreak:;")


@pytest.mark.parametrize("packet", [b"vKill;1", b"k"])
async def test_kill_and_run_again(packet: bytes) -> None:
    program = Program(limits=(ENDLESS, 3))
    async with served(program) as server, server.client(MULTI) as client:
        await extend(client)
        await client.send(b"vCont;c")
        await client.interrupt()
        assert (await client.stop())[1].startswith(b"T02")
        assert await client.ask(packet) == (b"OK" if packet[:1] == b"v" else b"X09")
        assert await client.ask(b"g") == b"E03"
        assert await client.ask(b"vRun;") == ENTRY
        assert await client.resume(b"vCont;c") == ("", b"W07;process:1")


async def test_another_program_is_refused() -> None:
    async with served(Program()) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.ask(b"vRun;" + hexed("/bin/sh")) == b"E02"
        assert await client.ask(b"g") == b"E03"
        assert await client.ask(b"vRun;") == ENTRY


async def test_files_stay_open_from_run_to_run_and_between_runs() -> None:
    """gdb goes on reading symbols from what it opened."""
    async with served(Program()) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.ask(b"vFile:open:" + hexed("/toy/program") + b",0,0") == b"F5"
        await client.resume(b"vCont;c")
        assert await client.ask(b"vFile:pread:5,4,0") == b"F4;}#$*"
        await client.ask(b"vRun;")
        assert await client.ask(b"vFile:pread:5,4,0") == b"F4;}#$*"


async def test_whether_the_client_made_the_guest() -> None:
    async with served(Program()) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.ask(b"qAttached:1") == b"1"
        await client.ask(b"vRun;")
        assert await client.ask(b"qAttached:1") == b"0"
        assert await client.ask(b"qAttached:2") == b"E03"


async def test_detach_and_attach_within_a_connection() -> None:
    program = Program(limits=(ENDLESS,))
    async with served(program) as server, server.client(MULTI) as client:
        await extend(client)
        assert await client.ask(b"vAttach;1") == b"E10"
        await client.ask(b"Z0,%x,1" % (CODE + 1))
        assert await client.ask(b"D;1") == b"OK"
        assert await client.ask(b"g") == b"E03"
        assert await client.ask(b"vRun;") == b"E10"
        assert await client.ask(b"vAttach;2") == b"E03"
        assert (await client.ask(b"vAttach;1")).startswith(b"T02thread:p1.1;")
        assert not program.toys[0].breakpoints
        assert await client.ask(b"P0=ffffff7f00000000") == b"OK"
        assert await client.resume(b"vCont;c") == ("", b"W07;process:1")
        assert await client.ask(b"vAttach;1") == b"E03"


async def test_a_detached_guest_goes_on_when_the_connection_is_closed() -> None:
    program = Program(limits=(ENDLESS,))
    async with served(program) as server:
        async with server.client(MULTI) as client:
            await extend(client)
            assert await client.ask(b"D;1") == b"OK"
        async with server.client(MULTI) as client:
            assert (await client.ask(b"?")).startswith(b"T02")


async def test_the_server_waits_for_the_next_client_after_the_end() -> None:
    async with served(Program()) as server:
        async with server.client(MULTI) as client:
            await extend(client)
            await client.resume(b"vCont;c")
        async with server.client(MULTI) as client:
            await extend(client)
            assert await client.ask(b"?") == b"W07;process:1"
            assert await client.ask(b"g") == b"E03"
            assert await client.ask(b"vRun;") == ENTRY
        async with server.client(GDB) as client:
            assert await client.ask(b"?") == b"T05thread:1;10:000000e0;"
            assert await client.resume(b"vCont;c") == ("", b"W07")
            with pytest.raises(Closed):
                await client.receive()


async def test_once_ends_with_the_connection() -> None:
    async with served(Program(), once=True) as server:
        async with server.client(MULTI) as client:
            await extend(client)
            await client.resume(b"vCont;c")
            assert await client.ask(b"vRun;") == ENTRY
        await server.ended.wait()
        assert server.exit == Terminated(Signal.KILL)


async def test_monitor_exit_ends_the_server() -> None:
    async with served(Program()) as server:
        async with server.client(MULTI) as client:
            await extend(client)
            await client.resume(b"vCont;c")
            assert await client.ask(b"qRcmd," + hexed("exit")) == b"OK"
        await server.ended.wait()
        assert server.exit == Exited(7)


# fmt: off
MULTIPROCESS = [
    (b"?", ENTRY), (b"Hgp1.1", b"OK"), (b"Hgp0.0", b"OK"), (b"Hcp1.-1", b"OK"), (b"Hgp2.1", b"E03"),
    (b"Tp1.1", b"OK"), (b"Tp1.2", b"E03"), (b"qC", b"QCp1.1"), (b"qfThreadInfo", b"mp1.1"), (b"qsThreadInfo", b"l"),
    (b"qXfer:threads:read::0,100", b'l<threads><thread id="p1.1" name="toy"/></threads>'),
    (b"vCont;s:p2.1", b"E03"), (b"D;2", b"E03"), (b"vKill;2", b"E03"),
    (b"vCont;s:p1.1;c:p1.-1", b"T05thread:p1.1;10:010000e0;"), (b"vCont;c:p1.-1", b"W07;process:1"),
]
# fmt: on


async def test_threads_belong_to_a_process() -> None:
    async with served(Toy(limit=1)) as server, server.client(MULTI) as client:
        replies = [(packet, await client.ask(packet)) for packet, _ in MULTIPROCESS]
        assert replies == MULTIPROCESS
