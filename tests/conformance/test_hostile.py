"""Packets that no debugger sends, to a real guest of two modules: refused, and nothing of it changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import trio
import wasmtime
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdbstub.commands import COMMANDS, Go
from gdbstub.policy import Policy
from gdbstub.rsp import Link, Packet, escape, frame
from gdbstub.session import Session, State
from gdbstub.target import Address, Dialect, Killed, RawKind, Reader, Verdict
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.common.rendering import RenderingFactory
from gdbstub.views.wasm import WasmView
from gdbstub.views.x32 import x32_view
from jit import Config, Engine, Func, Linker, Module, Store, wat2wasm
from jit.debug.debugger import Debugger
from tests.conformance.client import Client
from tests.guests.build import Guest as Built
from tests.guests.modules import two_modules
from tests.serving import serving

LIBRARY = """(module (memory (export "memory") 1) (global $g (mut i64) (i64.const 7)) (table 3 funcref)
  (elem (i32.const 1) $put) (data (i32.const 1024) "library")
  (func $put (export "put") (param i32 f64) (result i32) (local i64)
    (i32.store (i32.const 1040) (local.get 0))
    (global.set $g (i64.const 9))
    (i32.add (local.get 0) (i32.load (i32.const 1040)))))"""
PROGRAM = """(module (import "library" "put" (func $put (param i32 f64) (result i32)))
  (memory 1) (global $sp (mut i32) (i32.const 65536)) (data (i32.const 1024) "program")
  (func $main (export "_start") (local i32 f32)
    (local.set 0 (i32.const 5))
    (drop (call $put (local.get 0) (f64.const 1.5)))))"""


class Guest:
    """The two modules, stopped in the library; `at_stop` is what is done there."""

    def __init__(self, dialect: Dialect, at_stop: Callable[[Guest], None]) -> None:
        config = Config()
        config.guest_debug = True
        engine = Engine(config)
        store, linker = Store(engine), Linker(engine)
        library, program = (Module(engine, bytes(wasmtime.wat2wasm(t))) for t in (LIBRARY, PROGRAM))

        def start() -> None:
            linker.define_module(store, "library", library)
            function = linker.instantiate(store, program).exports(store)["_start"]
            assert isinstance(function, Func)
            function(store)

        self.debugger = Debugger(store)
        views: dict[Dialect, RenderingFactory] = {
            Dialect.GDB: x32_view,
            Dialect.LLDB: WasmView,
        }
        self.guest = ProgramGuest(self.debugger, start, "program.wasm", views)
        self.dialect = dialect
        self._at_stop = at_stop

    def event(self, kind: RawKind, pc: Address, reader: Reader) -> Verdict:
        if self.debugger.depth() < 2:
            return Verdict(stepping=True)
        self._at_stop(self)
        raise Killed

    def passing(self, pc: Address, reader: Reader) -> Callable[[], bool] | None:
        return None

    def run(self) -> None:
        with pytest.raises(Killed):
            self.guest.run(self)

    def state(self) -> str:
        """Return a digest of all that the guest has."""
        debugger, digest = self.debugger, hashlib.sha256()
        for instance in debugger.instances():
            for index in range(len(instance.memories)):
                digest.update(debugger.read_memory(instance, index, 0, 1 << 17))
            for index in range(len(instance.globals)):
                digest.update(b"%d;" % debugger.global_bits(instance, index))
            for table in instance.tables:
                slots = [table.elements.get(slot) for slot in range(table.elements.size)]
                digest.update(repr(slots).encode())
        for each in debugger.frames():
            bits = [each.local_bits(index) for index in range(each.num_locals())]
            bits += [each.stack_bits(index) for index in range(each.num_stacks())]
            digest.update(repr((each.wasm_function_index_and_pc(), bits)).encode())
        return digest.hexdigest()


def replies(session: Session, client: Link) -> list[bytes]:
    events = client.receive(session.take_output())
    return [event.contents for event in events if isinstance(event, Packet)]


# fmt: off
EDGES = (
    0, 1, 1024, 1040, 0xFFFF, 0x10000, 0xBFFFFFFF, 0xC0000000, 0xC0000400, 0xC4000410, 0xDFFFFFFF,
    0xE0000000, 0xE0100050, 0xE0100080, 0xEFFFFFFF, 0xF0000000, 0xF7FFFF00, 0xF7FFFFF8, 0xF8000000,
    0xF8000010, 0xF8001004, 0xF8100000, 0xFFFE0000, 0xFFFF0008, 0xFFFFFFFF, 1 << 32, 1 << 62, 3 << 62,
    (1 << 64) - 1, 1 << 64,
)
# fmt: on
ADDRESSES = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0xE0000000, 0xE0100100),
    st.integers(0xF7FFFD00, 0xF8000080),
    st.integers(0, 1 << 33),
)
NUMBERS = st.one_of(st.sampled_from([0, 1, 2, 4, 8, 16, 64, 0x20000, 1 << 31, 1 << 63]), ADDRESSES)
BYTES = st.binary(max_size=24)
WORDS = st.one_of(
    NUMBERS.map(lambda number: b"%x" % number),
    BYTES.map(lambda data: data.hex().encode()),
    st.sampled_from([b"-1", b"p1.1", b"p2.-1", b"0", b"target.xml", b"", b"1", b"c", b"s", b"X"]),
    st.builds(lambda code: b"X%x,%s" % (len(code), code.hex().encode()), BYTES),
    BYTES,
)
REST = st.lists(st.tuples(WORDS, st.sampled_from([b",", b";", b":", b"=", b""])), max_size=6).map(
    lambda parts: b"".join(word + separator for word, separator in parts)
)
PACKETS = st.builds(bytes.__add__, st.sampled_from([row.name for row in COMMANDS]), REST)
BREAKPOINTS = st.builds(
    lambda letter, kind, address, length, code: (
        b"%c%d,%x,%x;X%x,%s" % (letter, kind, address, length, len(code), code.hex().encode())
    ),
    st.sampled_from(b"Zz"), st.integers(0, 5), ADDRESSES, NUMBERS, BYTES,
)  # fmt: skip


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_refused_changes_nothing(dialect: Dialect) -> None:
    def at_stop(guest: Guest) -> None:
        @settings(
            max_examples=250,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(st.lists(st.one_of(PACKETS, BREAKPOINTS), max_size=6))
        def ask(packets: list[bytes]) -> None:
            # Neither runs the guest: what it does there is its own doing.
            packets = [packet for packet in packets if not packet.startswith(b"qRcmd,")]
            session = Session(guest.guest.view, Policy(lambda text: None), dialect)
            client = Link(server=False)
            for packet in packets:
                before = guest.state()
                session.receive(frame(escape(packet)))
                while (event := session.next_event()) is not None:
                    action = session.handle(event)
                    if isinstance(action, Go):
                        session.stopped()
                told = replies(session, client)
                assert b"E99" not in told, packet
                if all(reply[:1] == b"E" or not reply for reply in told):
                    assert guest.state() == before, packet
                if session.state is not State.STOPPED:
                    break
            if session.state is State.STOPPED:
                session.receive(frame(b"?"))
                while (event := session.next_event()) is not None:
                    session.handle(event)
                assert replies(session, client)[-1][:1] == b"T"
            target = session.target
            if target is not None:
                target.detach()

        ask()

    Guest(dialect, at_stop).run()


HOSTILE = (
    *(b"m", b"m0", b"m0,", b"m,4", b"m-4,4", b"mc0000000,", b"mzz,4", b"m10000000000000000,4"),
    *(b"mc8000000,4", b"mf7000000,4", b"mfffffffc,8", b"m0,0", b"x0", b"xgg,1"),
    *(b"M0,4:00", b"M0,1:0000", b"M0,4", b"Mc0000000,4:zz", b"X0,4:ab", b"Xe0000000,1:a"),
    *(
        b"Xffff0000,1:a",
        b"Xc8000000,1:a",
        b"Xf8000004,20:" + b"a" * 32,
        b"G00",
        b"Gzz",
        b"P",
        b"P0",
    ),
    *(
        b"P=",
        b"Pff=00",
        b"P10=0",
        b"p",
        b"pff",
        b"p-1",
        b"gg",
        b"Z",
        b"Z0",
        b"Z0,",
        b"Z0,e0000001,1",
    ),
    *(b"Z9,0,1", b"Z0,e0000001", b"Z2,0,0", b"Z2,c8000000,4", b"Z2,e0000010,4", b"Z2,f8000001,40"),
    *(b"Z4,ffffffff,ffffffff", b"Z0,ffffffffffffffff,1", b"z", b"z0", b"z7,0,0", b"Hg", b"Hc99"),
    *(
        b"Hg-9",
        b"T",
        b"T99",
        b"vCont",
        b"vCont;",
        b"vCont;q",
        b"vCont;C",
        b"vCont;Czz",
        b"vCont;r1",
    ),
    *(b"vCont;s:99", b"vCont;r1,2:77", b"qXfer:threads:read::"),
    *(b"qXfer:libraries-svr4:read::zz,10", b"qXfer:libraries-svr4:read::fffff,10", b"vFile:open:"),
    *(b"qXfer:features:read:none.xml:0,10", b"qXfer:exec-file:read:1:ffff,10", b"vFile:close:99"),
    *(b"vFile:open:2f6574632f706173737764,0,0", b"vFile:pread:99,10,0", b"vFile:pread:5", b"D;zz"),
    *(b"vFile:open:2f7761736d2f73746f72652e7761736d,1,1c0", b"vFile:unlink:2f", b"QCatchSyscalls:"),
    *(b"QCatchSyscalls:2", b"QCatchSyscalls:1;zz", b"QEnvironmentHexEncoded:zz", b"vRun;zz"),
    *(b"qRcmd,zz", b"qRcmd,6", b"vAttach;1", b"qThreadExtraInfo,99", b"\x00", b"\xff" * 64),
    b"Z0,%s,1;X3,260006",  # an expression without an end
    b"Z0,%s,1;X2,0227",  # one that takes what is not there
    b"Z0,%s,1;X4,21000027",  # an endless one
    b"Z0,%s,1;X99999999,27",
    b"Z0,%s,1;X1,",
    b"Z0,%s,1;X1,zz",
    b"Z0,%s,1;cmds:0,X2,0027",
    b"Z0,%s,1;cmds:X1,27",
)
"""Where %s stands for the address of a breakpoint that has a condition."""


async def test_during_conditions_watchpoints_and_libraries() -> None:
    guest, preloads = two_modules()
    with serving(guest, options=("--once", *preloads)) as server:
        async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
            client = Client(stream)
            features = await client.ask(b"qSupported:swbreak+;hwbreak+;xmlRegisters=i386")
            assert b"qXfer:libraries-svr4:read+" in features
            place = await address_of(client, "put")
            # gdb's `break put if count == 2`: count is in the library's memory.
            count = await address_of(client, "count")
            condition = b"24%08x" % count + b"19220213" + b"27"
            inserted = b"Z0,%x,1;X%x,%b" % (place, len(condition) // 2, condition)
            assert await client.ask(inserted) == b"OK"
            watched = b"Z2,%x,4" % count
            assert (await client.resume(b"vCont;c"))[1].startswith(b"T05library:1;")
            assert (await client.resume(b"vCont;c"))[1].startswith(b"T05swbreak:;")
            assert await client.ask(b"m%x,4" % count) == b"02000000"
            assert await client.ask(watched) == b"OK"
            before = await digest(client)
            for packet in HOSTILE:
                if b"%s" in packet:
                    packet = packet.replace(b"%s", b"%x" % place)
                reply = await client.ask(packet)
                assert not reply or reply[:1] == b"E" or reply[:4] == b"F-1,", (packet, reply)
                assert reply != b"E99", packet
            assert await digest(client) == before
            # gdb takes out the breakpoint that it goes on from: it would be hit again.
            assert await client.ask(b"z0,%x,1" % place) == b"OK"
            assert (await client.resume(b"vCont;c"))[1].startswith(b"T05watch:%x;" % count)
            assert await client.ask(b"m%x,4" % count) == b"03000000"
            assert await client.ask(b"z" + watched[1:]) == b"OK"
            assert await client.resume(b"vCont;c") == ("", b"W00")
        assert server.output() == "4 entries, total 100, 4 calls\n"


async def test_a_run_that_cannot_be_is_refused_and_the_session_goes_on(tmp_path: Path) -> None:
    program = tmp_path / "program.wasm"
    program.write_bytes(wat2wasm('(module (func (export "_start") nop))'))
    guest = Built("program", "", program, program)
    with serving(guest, options=()) as server:
        async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
            client = Client(stream)
            await client.ask(b"qSupported:swbreak+;hwbreak+;xmlRegisters=i386")
            assert await client.ask(b"!") == b"OK"
            for words in (b"00", b"612f0062", b";610062"):
                assert (await client.ask(b"vRun;" + words))[:1] == b"E"
            assert (await client.ask(b"vRun;"))[:3] == b"T05"
            table = '(module (table 4294967295 funcref) (func (export "_start") nop))'
            program.write_bytes(wat2wasm(table))
            assert await client.ask(b"vRun;") == b"E08"
            program.write_bytes(wat2wasm('(module (func (export "_start") nop))'))
            assert (await client.ask(b"vRun;"))[:3] == b"T05"
            assert await client.resume(b"vCont;c") == ("", b"W00")
            assert await client.ask(b"qRcmd,65786974") == b"OK"
        assert "Traceback" not in "".join(server.log())


async def digest(client: Client) -> str:
    """Return a hash of both memories, the registers and the innermost frame."""
    parts = [await client.ask(b"m%x,8000" % (base + at)) for base in (0xC0000000, 0xC4000000)
             for at in range(0, 0x20000, 0x8000)]  # fmt: skip
    parts.append(await client.ask(b"g"))
    frame_ = await client.ask(b"p6")
    block = int.from_bytes(bytes.fromhex(frame_.decode()), "little")
    parts.append(await client.ask(b"m%x,80" % block))
    return hashlib.sha256(b"".join(parts)).hexdigest()


async def address_of(client: Client, name: str) -> int:
    """Return the address of a symbol of the library, as its file has it."""
    listed = await client.ask(b"qXfer:libraries-svr4:read::0,1000")
    path = re.search(rb'name="([^"]+)"', listed)
    assert path is not None
    opened = await client.ask(b"vFile:open:" + path[1].hex().encode() + b",0,0")
    descriptor, data = opened[1:], b""
    while piece := (
        await client.ask(b"vFile:pread:%b,1000,%x" % (descriptor, len(data)))
    ).partition(b";")[2]:
        data += piece
    assert await client.ask(b"vFile:close:" + descriptor) == b"F0"
    return symbol(data, name)


def symbol(elf: bytes, name: str) -> int:
    """Look a symbol up in a file."""
    table = ELFFile(BytesIO(elf)).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    found = (table.get_symbol_by_name(name) or [])[0]
    return int(found["st_value"])
