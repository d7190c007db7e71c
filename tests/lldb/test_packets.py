"""Every round trip that lldb makes to connect and at a stop: no more than it needs."""

from __future__ import annotations

import re

from tests.guests.fixtures import Builder
from tests.lldb.session import LANGUAGE, connecting, lldb
from tests.serving import serving

CONNECT = """
    QStartNoAckMode qSupported QThreadSuffixSupported QListThreadsInStopReply qHostInfo vCont?
    qVAttachOrWaitSupported QEnableErrorStrings qProcessInfo ? qRegisterInfo qRegisterInfo
    qStructuredDataPlugins qShlibInfoAddr qXfer qSupported x x x qXfer qModuleInfo qSymbol
    qWasmCallStack jThreadsInfo jThreadExtendedInfo x
"""
"""With the module's own file at hand: of code only what is shown is read (the last x)."""

STOP = "Z c qWasmCallStack jThreadsInfo qWasmLocal x"
"""A breakpoint, with the frame's line: the frame base, and the stack that the arguments are on."""

STEP = "z p x Z c qWasmCallStack z jThreadsInfo qWasmLocal x"
"""`n` over a line without branches: one breakpoint where it ends."""


def named(packet: str) -> str:
    """Give the name of a packet, of one letter or more."""
    match = re.match(r"[xZzpcD]|\?|[A-Za-z]+\??", packet)
    assert match is not None, packet
    return match[0]


def test_connect_a_breakpoint_and_a_step(guest: Builder) -> None:
    commands = ["b fib", "c", "breakpoint delete -f", "n", "detach"]
    options = ("--once", "--log-packets")
    with serving(guest("session"), options=options) as server:
        lldb([*LANGUAGE, connecting(server.port), *commands])
        server.output()
        log = [line[2:].strip() for line in server.log() if line.startswith("> ")]
    expected = f"{CONNECT} {STOP} {STEP} D"
    assert [named(packet) for packet in log] == expected.split()
