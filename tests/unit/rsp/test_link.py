"""Packets, acknowledgements and rubbish: each row fed whole, byte by byte and with a trailer."""

from collections.abc import Iterable

import pytest

from gdbstub.rsp import Event, Interrupt, Link, Overlong, Packet, frame

LIMIT = 64

# fmt: off
ROWS = [
    # bytes                             events                             what goes back
    (b"$#00",                           [Packet(b"")],                     b"+"),
    (b"+$g#67",                         [Packet(b"g")],                    b"+"),
    (b"$qRcmd,61#8A",                   [Packet(b"qRcmd,61")],             b"+"),
    (b"$X0,2:}\x03\x03#a3",             [Packet(b"X0,2:#\x03")],           b"+"),
    (b"\x03",                           [Interrupt()],                     b""),
    (b"\x03$?#3f\x03",                  [Interrupt(), Packet(b"?"), Interrupt()], b"+"),
    (b"$g#68",                          [],                                b"-"),
    (b"$g#zz",                          [],                                b"-"),
    (b"$g#68$g#67",                     [Packet(b"g")],                    b"-+"),
    (b"rubbish\r\n$?#3f",               [Packet(b"?")],                    b"+"),
    (b"$m0,$g#67",                      [Packet(b"g")],                    b"+"),
    (b"$?#3f$g#67",                     [Packet(b"?"), Packet(b"g")],      b"++"),
    (frame(b"m" * LIMIT),               [Packet(b"m" * LIMIT)],            b"+"),
    (frame(b"m" * (LIMIT + 1)),         [Overlong(LIMIT)],                 b"+"),
    (frame(b"m" * (LIMIT * 3)),         [Overlong(LIMIT)],                 b"+"),
    (b"$" + b"m" * LIMIT * 3 + b"$?#3f", [Packet(b"?")],                   b"+"),
]
# fmt: on


def _feed(link: Link, pieces: Iterable[bytes]) -> list[Event]:
    return [event for piece in pieces for event in link.receive(piece)]


@pytest.mark.parametrize(("data", "events", "output"), ROWS)
def test_whole(data: bytes, events: list[Event], output: bytes) -> None:
    link = Link(limit=LIMIT)
    assert _feed(link, [data]) == events
    assert link.take_output() == output


@pytest.mark.parametrize(("data", "events", "output"), ROWS)
def test_byte_by_byte(data: bytes, events: list[Event], output: bytes) -> None:
    link = Link(limit=LIMIT)
    assert _feed(link, (data[i : i + 1] for i in range(len(data)))) == events
    assert link.take_output() == output


@pytest.mark.parametrize(("data", "events", "output"), ROWS)
def test_with_a_trailer(data: bytes, events: list[Event], output: bytes) -> None:
    link = Link(limit=LIMIT)
    assert _feed(link, [data + b"$vCont?#49$m"]) == [*events, Packet(b"vCont?")]
    assert link.take_output() == output + b"+"


def test_nak_resends_the_last_packet() -> None:
    link = Link()
    link.send(b"OK")
    assert link.take_output() == b"$OK#9a"
    link.receive(b"-")
    assert link.take_output() == b"$OK#9a"


def test_many_naks_at_once_resend_once() -> None:
    link = Link()
    link.send(b"OK")
    link.receive(b"---")
    assert link.take_output() == b"$OK#9a"
    link.receive(b"--+-")
    assert link.take_output() == b"$OK#9a"


def test_nak_before_any_packet_sends_nothing() -> None:
    link = Link()
    link.receive(b"-")
    assert link.take_output() == b""


def test_without_acks_nothing_goes_back() -> None:
    link = Link()
    link.acks = False
    assert link.receive(b"$g#67-$g#00") == [Packet(b"g"), Packet(b"g")]
    assert link.take_output() == b""


def test_both_ends_understand_each_other() -> None:
    server, client = Link(), Link(server=False)
    server.send(b"0" * 500)
    assert client.receive(server.take_output()) == [Packet(b"0" * 500)]
