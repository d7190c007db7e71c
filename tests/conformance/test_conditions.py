"""What the worker decides: conditions and commands at breakpoints, steps within a range."""

from tests.conformance.client import served
from tests.conformance.toy import CODE, Toy

COUNT = CODE + 1


def condition(value: int) -> bytes:
    """`reg 0 | const16 value | equal | end`, as `Xlen,expression`."""
    code = b"\x26\x00\x00\x23" + value.to_bytes(2, "big") + b"\x13\x27"
    return b"X%x,%b" % (len(code), code.hex().encode())


def printf(text: str) -> bytes:
    """Print `text` with the counter, as `Xlen,expression`."""
    format_ = text.encode() + b"\0"
    code = (
        b"\x26\x00\x00\x22\x00\x22\x00\x34\x01"
        + len(format_).to_bytes(2, "big")
        + format_
        + b"\x27"
    )
    return b"X%x,%b" % (len(code), code.hex().encode())


async def test_a_condition_stops_where_it_is_true() -> None:
    toy = Toy(limit=1000)
    async with served(toy) as server, server.client() as client:
        assert await client.ask(b"Z0,%x,1;%b" % (COUNT, condition(500))) == b"OK"
        assert await client.resume(b"vCont;c") == ("", b"T05swbreak:;thread:1;10:010000e0;")
        assert toy.counter == 500


async def test_one_true_condition_of_several_stops() -> None:
    toy = Toy(limit=1000)
    async with served(toy) as server, server.client() as client:
        await client.ask(b"Z0,%x,1;%b%b" % (COUNT, condition(7), condition(3)))
        await client.resume(b"vCont;c")
        assert toy.counter == 3
        await client.resume(b"vCont;c")
        assert toy.counter == 7


async def test_inserting_again_replaces_conditions() -> None:
    toy = Toy(limit=1000)
    async with served(toy) as server, server.client() as client:
        await client.ask(b"Z0,%x,1;%b" % (COUNT, condition(7)))
        await client.ask(b"Z0,%x,1;%b" % (COUNT, condition(9)))
        await client.resume(b"vCont;c")
        assert toy.counter == 9


async def test_a_condition_that_fails_stops() -> None:
    """It reads no memory: gdb evaluates it again, and reports the error."""
    async with served(Toy()) as server, server.client() as client:
        assert await client.ask(b"Z0,%x,1;X7,2400ff00001927" % COUNT) == b"OK"
        assert (await client.resume(b"vCont;c"))[1].startswith(b"T05swbreak:;")


async def test_commands_print_and_go_on() -> None:
    async with served(Toy(limit=3)) as server, server.client() as client:
        commands = printf("at %d\n")
        assert await client.ask(b"Z0,%x,1;cmds:0,%b" % (COUNT, commands)) == b"OK"
        assert await client.resume(b"vCont;c") == ("at 0\nat 1\nat 2\n", b"W07")


async def test_a_hardware_breakpoint_beside_a_conditional_one() -> None:
    toy = Toy(limit=1000)
    async with served(toy) as server, server.client() as client:
        await client.ask(b"Z0,%x,1;%b" % (COUNT, condition(7)))
        await client.ask(b"Z1,%x,1" % COUNT)
        await client.resume(b"vCont;c")
        assert toy.counter == 0
        await client.ask(b"z1,%x,1" % COUNT)
        await client.resume(b"vCont;c")
        assert toy.counter == 7


async def test_a_range_is_stepped_in_one_go() -> None:
    toy = Toy(limit=1000)
    async with served(toy) as server, server.client() as client:
        await client.resume(b"vCont;s")
        reply = await client.resume(b"vCont;r%x,%x:1;c" % (CODE + 1, CODE + 3))
        assert reply == ("", b"T05thread:1;10:030000e0;")
        assert toy.counter == 1000


async def test_an_empty_range_is_one_step() -> None:
    async with served(Toy()) as server, server.client() as client:
        reply = await client.resume(b"vCont;r%x,%x:1" % (CODE, CODE))
        assert reply == ("", b"T05thread:1;10:010000e0;")


async def test_a_breakpoint_in_a_range_stops() -> None:
    toy = Toy(limit=1000)
    async with served(toy) as server, server.client() as client:
        await client.resume(b"vCont;s")
        await client.ask(b"Z0,%x,1;%b" % (COUNT, condition(7)))
        await client.resume(b"vCont;r%x,%x:1;c" % (CODE + 1, CODE + 3))
        assert toy.counter == 7


async def test_a_step_onto_a_false_condition_ends() -> None:
    async with served(Toy()) as server, server.client() as client:
        await client.ask(b"Z0,%x,1;%b" % (COUNT, condition(7)))
        assert (await client.resume(b"vCont;s"))[1].endswith(b"thread:1;10:010000e0;")
