"""Packets and their replies: what each debugger is told, row by row."""

import pytest

from tests.conformance.client import GDB, LLDB, served
from tests.conformance.toy import BODY, CODE, COUNTER, MODULE, MODULE_BASE, TRAP_TEXT, Toy

PC = (MODULE_BASE + BODY).to_bytes(8, "little").hex().encode()
NEXT = (MODULE_BASE + BODY + 1).to_bytes(8, "little").hex().encode()
LLDB_STOP = b"thread:1;threads:1;thread-pcs:%x;00:%b;"
TRIPLE = b"wasm32-unknown-unknown-wasm".hex().encode()

# fmt: off
GDB_ROWS = [
    # unknown, or not served by this target
    (b"vMustReplyEmpty", b""), (b"qTStatus", b""), (b"qOffsets", b""),
    (b"qXfer:libraries:read::0,100", b""), (b"qWasmCallStack:1", b""), (b"qHostInfo", b""),
    (b"", b""), (b"qCRC:0,1", b""), (b"gg", b""), (b"vCtrlC", b""), (b"vFile:unlink:61", b""),
    # the conversation
    (b"?", b"T05thread:1;10:000000e0;"), (b"qAttached", b"1"), (b"qAttached:1", b"1"), (b"qSymbol::", b"OK"),
    (b"vCont?", b"vCont;c;C;s;S;r"),
    # threads
    (b"Hg0", b"OK"), (b"Hg1", b"OK"), (b"Hc-1", b"OK"), (b"Hg2", b"E03"), (b"Hx1", b"E16"), (b"T1", b"OK"),
    (b"T2", b"E03"), (b"qC", b"QC1"), (b"qfThreadInfo", b"m1"), (b"qsThreadInfo", b"l"),
    (b"qThreadExtraInfo,1", b"746f79"),
    (b"qXfer:threads:read::0,16", b'm<threads><thread id="1'),
    (b"qXfer:threads:read::9,100", b'l<thread id="1" name="toy"/></threads>'),
    (b"qXfer:threads:read::fff,1", b"E16"),
    # registers
    (b"p10", b"000000e0"), (b"p99", b"E16"), (b"p", b"E16"), (b"pxx", b"E16"),
    (b"P0=2a00000000000000", b"OK"), (b"p0", b"2a00000000000000"), (b"P0", b"E16"), (b"P0=2", b"E16"),
    # memory
    (b"m2000,4", b"2a000000"), (b"me0000000,2", b"9090"), (b"m4000,4", b"E0e"), (b"m3ffe,8", b"0000"),
    (b"m2000", b"E16"), (b"m-1,4", b"E16"), (b"m2000,0", b""),
    (b"M2000,2:0102", b"OK"), (b"m2000,2", b"0102"), (b"M2000,2:01", b"E16"), (b"M3fff,2:0102", b"E0e"),
    (b"X2000,0:", b"OK"), (b"X2000,3:}\x03}]}\x0a", b"OK"), (b"m2000,3", b"237d2a"), (b"X2000,1:ab", b"E16"),
    (b"x2000,3", b"b#}*"),
    # breakpoints
    (b"Z0,e0000001,1", b"OK"), (b"Z0,e0000001,1", b"OK"), (b"z0,e0000001,1", b"OK"), (b"z0,e0000001,1", b"OK"),
    (b"Z1,e0000001,1", b"OK"), (b"z1,e0000001,1", b"OK"), (b"Z2,2000,4", b"OK"), (b"z2,2000,4", b"OK"),
    (b"Z3,2000,4", b""), (b"z4,2000,4", b""), (b"Z9,2000,4", b""), (b"Z0,12,1", b"E16"), (b"Z0,e0000001", b"E16"),
    (b"Z0,e0000001,1;X3,220127", b"OK"), (b"Z0,e0000001,1;X3,220127X3,220027", b"OK"),
    (b"Z0,e0000001,1;X3,220127;X3,220027", b"OK"), (b"Z0,e0000001,1;X3,2201", b"E16"),
    (b"Z0,e0000001,1;X1,ff", b"E16"), (b"Z0,e0000001,1;Y", b"E16"), (b"Z0,e0000001,1;cmds:1", b"E16"),
    (b"Z0,e0000001,1;X3,220127;cmds:0,X3,220127", b"OK"), (b"z0,e0000001,1", b"OK"),
    # documents and files
    (b"qXfer:features:read:other.xml:0,100", b"E02"),
    (b"qXfer:exec-file:read::0,1000", b"l/toy/program"), (b"qXfer:exec-file:read:1:0,4", b"m/toy"),
    (b"vFile:setfs:0", b"F0"), (b"vFile:open:6a757374,0,1c0", b"F-1,2"),
    (b"vFile:open:2f746f792f70726f6772616d,1,0", b"F-1,1e"), (b"vFile:open:2f746f792f70726f6772616d,0,0", b"F5"),
    (b"vFile:pread:5,4,0", b"F4;}#$*"), (b"vFile:pread:5,100,8a", b"F2;\0\0"), (b"vFile:pread:5,100,8c", b"F0;"),
    (b"vFile:pread:6,4,0", b"F-1,9"), (b"vFile:close:5", b"F0"), (b"vFile:close:5", b"F-1,9"),
    (b"vFile:fstat:5", b"F-1,9"), (b"vFile:open:2f", b"E16"),
    # resuming
    (b"vCont", b""), (b"vCont;", b"E16"), (b"vCont;t", b"E16"), (b"vCont;s:2", b"E03"), (b"vCont;x", b"E16"),
    (b"vCont;s:1;c", b"T05thread:1;10:010000e0;"), (b"s", b"T05thread:1;10:020000e0;"),
    (b"vCont;re0000001,e0000003:1;c", b"T05thread:1;10:030000e0;"),
]

LLDB_ROWS = [
    (b"QThreadSuffixSupported", b"OK"), (b"QListThreadsInStopReply", b"OK"), (b"QEnableErrorStrings", b"OK"),
    (b"qHostInfo", b"triple:" + TRIPLE + b";endian:little;ptrsize:4;"),
    (b"qProcessInfo", b"pid:1;triple:" + TRIPLE + b";endian:little;ptrsize:4;"),
    (b"vCont?", b"vCont;c;C;s;S;r"), (b"qVAttachOrWaitSupported", b""),
    (b"?", b"T05reason:trace;" + LLDB_STOP % (MODULE_BASE + BODY, PC)),
    (b"qXfer:features:read:target.xml:0,1ffff", b""),
    (b"qRegisterInfo0", b"name:pc;bitsize:64;offset:0;encoding:uint;format:hex;set:General Purpose Registers;generic:pc;dwarf:16;"),
    (b"qRegisterInfo1", b"E45;" + b"no register 1".hex().encode()),
    (b"x0,0", b"OK"), (b"x4000000000000000,4", MODULE[:4]), (b"mffff0110,4", b"E0e;" + b"no memory at 0xffff0110, length 4".hex().encode()),
    (b"qMemoryRegionInfo:2000", b"start:0;size:4000;permissions:rw;name:6d656d6f7279;"),
    (b"qMemoryRegionInfo:5000", b"start:4000;size:3fffffffffffc000;"),
    (b"qWatchpointSupportInfo:", b"num:16;"),
    (b"p0;thread:0001;", PC), (b"p0;thread:0002;", b"E03;" + b"no thread 2".hex().encode()), (b"g;thread:1;", PC),
    (b"P0=00;thread:0001;", b"E1e;" + b"the pc cannot be written".hex().encode()),
    (b"jThreadsInfo", b'[{"tid":1,"name":"toy","signal":5,"reason":"trace","registers":{"0":"%b"}}]' % PC),
    (b"qThreadStopInfo1", b"T05reason:trace;" + LLDB_STOP % (MODULE_BASE + BODY, PC)),
    (b"qWasmCallStack:1", PC), (b"qWasmLocal:0;0", b"00000000"),
    (b"qWasmLocal:1;2", b"E16;" + b"frame 1 has no local 2".hex().encode()),
    (b"qWasmGlobal:0;0", b"E16;" + b"no global 0".hex().encode()),
    (b"qWasmGlobal:0;instance:1;", b"00000000"), (b"qWasmGlobal:0;instance:1", b"00000000"),
    (b"qWasmGlobal:3;instance:26;", b"E16;" + b"instance 26 has no global 3".hex().encode()),
    (b"qWasmGlobal:0;instance:1a;", b"E16;" + b'"1a" is no decimal number'.hex().encode()),
    (b"qWasmStackValue:0;0", b"E16;" + b"no operand 0".hex().encode()),
    (b"qWasmLocal:x;0", b"E16;" + b'"x" is no decimal number'.hex().encode()),
    (b"vCont;s:1", b"T05reason:trace;" + LLDB_STOP % (MODULE_BASE + BODY + 1, NEXT)),
    (b"k", b"X09"),
]
# fmt: on


async def test_gdb_packets() -> None:
    async with served(Toy(limit=1)) as server, server.client(GDB) as client:
        replies = [(packet, await client.ask(packet)) for packet, _ in GDB_ROWS]
        assert replies == GDB_ROWS


async def test_lldb_packets() -> None:
    async with served(Toy()) as server, server.client(LLDB) as client:
        replies = [(packet, await client.ask(packet)) for packet, _ in LLDB_ROWS]
        assert replies == LLDB_ROWS


# fmt: off
OFFERS = [
    (GDB, {b"PacketSize=20000", b"QStartNoAckMode+", b"swbreak+", b"hwbreak+", b"fork-events+", b"vfork-events+",
           b"exec-events+", b"vContSupported+", b"qXfer:threads:read+", b"binary-upload+", b"ConditionalBreakpoints+",
           b"BreakpointCommands+", b"qXfer:features:read+", b"qXfer:exec-file:read+", b"multiprocess+",
           b"QEnvironmentHexEncoded+", b"QEnvironmentUnset+", b"QEnvironmentReset+"}),
    (LLDB, {b"PacketSize=20000", b"QStartNoAckMode+", b"QThreadSuffixSupported+", b"QListThreadsInStopReply+",
            b"vContSupported+", b"qXfer:threads:read+", b"qXfer:libraries:read+",
            b"qWasmInstance+"}),
]
# fmt: on


@pytest.mark.parametrize(("first", "features"), OFFERS)
async def test_what_is_offered(first: bytes, features: set[bytes]) -> None:
    async with served(Toy()) as server, server.client(first) as client:
        assert set((await client.ask(first)).split(b";")) == features


async def test_read_file_metadata() -> None:
    async with served(Toy()) as server, server.client() as client:
        assert await client.ask(b"vFile:open:2f746f792f70726f6772616d,0,0") == b"F5"
        reply = await client.ask(b"vFile:fstat:5")
        assert reply[:4] == b"F40;" and len(reply) == 68
        assert int.from_bytes(reply[4 + 8 : 4 + 12], "big") == 0o100555
        assert int.from_bytes(reply[4 + 28 : 4 + 36], "big") == 140


async def test_all_registers_come_back() -> None:
    async with served(Toy()) as server, server.client() as client:
        registers = await client.ask(b"g")
        changed = b"2a" + registers[2:]
        assert await client.ask(b"G" + changed) == b"OK"
        assert await client.ask(b"g") == changed
        assert await client.ask(b"p0") == b"2a00000000000000"


async def test_text_of_errors_for_later_gdbs() -> None:
    offer = GDB + b";error-message+"
    async with served(Toy()) as server, server.client(offer) as client:
        assert await client.ask(b"m4000,4") == b"E.no memory at 0x4000, length 4"


async def test_an_overlong_packet() -> None:
    async with served(Toy()) as server, server.client() as client:
        assert await client.ask(b"m" * 0x100001) == b"E07"
        assert await client.ask(b"qC") == b"QC1"


async def test_a_trap_is_explained() -> None:
    async with served(Toy(traps=True)) as server:
        async with server.client(GDB) as client:
            text, stop = await client.resume(b"vCont;c")
            assert (text, stop) == (f"\n{TRAP_TEXT}\n", b"T0bthread:1;10:030000e0;")
        async with server.client(LLDB) as client:
            reply = await client.ask(b"?")
            description = TRAP_TEXT.encode().hex().encode()
            assert reply.startswith(
                b"T0breason:exception;description:" + description + b";thread:1;"
            )
            assert await client.resume(b"c") == ("", b"W86")


async def test_a_watchpoint_says_where() -> None:
    async with served(Toy()) as server, server.client() as client:
        assert await client.ask(b"Z2,%x,4" % COUNTER) == b"OK"
        assert await client.resume(b"vCont;c") == ("", b"T05watch:2000;thread:1;10:010000e0;")


async def test_swbreak_and_hwbreak_only_for_who_asks() -> None:
    async with served(Toy()) as server, server.client(b"qSupported:") as client:
        assert await client.ask(b"Z0,%x,1" % CODE) == b"OK"
        assert await client.ask(b"Z0,%x,1" % (CODE + 1)) == b"OK"
        assert await client.resume(b"c") == ("", b"T05thread:1;10:010000e0;")


async def test_monitor_output_streams() -> None:
    async with served(Toy()) as server, server.client() as client:
        assert await client.resume(b"qRcmd," + b"counter".hex().encode()) == (
            "counter = 0\n",
            b"OK",
        )
        assert await client.resume(b"qRcmd," + b"x".hex().encode()) == ('no command "x"\n', b"OK")


async def test_signals_are_delivered() -> None:
    toy = Toy()
    async with served(toy) as server, server.client() as client:
        await client.resume(b"vCont;S0a:1;c")
        assert toy.delivered == 10
        await client.resume(b"S0b")
        assert toy.delivered == 11


async def test_a_refused_resume_changes_nothing() -> None:
    async with served(Toy()) as server, server.client() as client:
        assert await client.ask(b"P10=34120000") == b"OK"
        text, stop = await client.resume(b"vCont;c")
        assert (text, stop) == ("cannot resume at 0x1234\n", b"T00thread:1;10:000000e0;")
        assert await client.resume(b"vCont;c") == ("", b"W07")
