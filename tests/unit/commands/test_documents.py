"""Documents that are read in pieces: modules as gdb is told of them."""

from collections.abc import Sequence
from xml.etree import ElementTree

from gdbstub.commands import Client, Reply, find
from gdbstub.extensions import LoadedObject
from gdbstub.policy import Policy
from gdbstub.rsp import unescape
from gdbstub.target import Address, Dialect
from tests.conformance.toy import GdbView, Toy


class ModulesView(GdbView):
    """A view of a program with two further modules, one of an awkward name."""

    def loaded_objects(self) -> Sequence[LoadedObject]:
        return (
            LoadedObject("/wasm/one.wasm", Address(0xF8100000)),
            LoadedObject('/wasm/<"two">&*.wasm', Address(0xF8200000), 0x1000),
        )


def read(client: Client, packet: bytes, length: int) -> bytes:
    document = b""
    while True:
        command = find(client, packet)
        assert command is not None
        reply = command.run(client, packet + b"%x,%x" % (len(document), length))
        assert isinstance(reply, Reply)
        document += unescape(reply.contents[1:])
        if reply.contents[:1] == b"l":
            return document


def make_client(view: GdbView) -> Client:
    return Client(view, Policy(lambda text: None), Dialect.GDB, lambda text: None)


def test_further_modules() -> None:
    client = make_client(ModulesView(Toy()))
    document = read(client, b"qXfer:libraries-svr4:read::", 0x40)
    root = ElementTree.fromstring(document)
    assert (root.tag, root.attrib) == ("library-list-svr4", {"version": "1.0"})
    # fmt: off
    assert [library.attrib for library in root] == [
        {"name": "/wasm/one.wasm", "lm": "0xf8100000", "l_addr": "0x0", "l_ld": "0x0", "lmid": "0x0"},
        {"name": '/wasm/<"two">&*.wasm', "lm": "0xf8200000", "l_addr": "0x1000", "l_ld": "0x0", "lmid": "0x0"},
    ]
    # fmt: on


def test_a_view_of_one_module_has_no_list() -> None:
    assert find(make_client(GdbView(Toy())), b"qXfer:libraries-svr4:read::0,100") is None


def test_a_client_has_so_many_files_open_at_most() -> None:
    client = make_client(GdbView(Toy()))
    packet = b"vFile:open:" + GdbView(Toy()).exec_file().encode().hex().encode() + b",0,0"
    command = find(client, packet)
    assert command is not None
    for _ in range(256):
        reply = command.run(client, packet)
        assert isinstance(reply, Reply) and not reply.contents.startswith(b"F-1")
    assert command.run(client, packet) == Reply(b"F-1,18")  # EMFILE of File-I/O
