"""Packets and bytes: no act in gdb costs more than with gdbserver and the native twin (docs/rsp.md has the figures)."""

from __future__ import annotations

from bench.packets import gdbservers, ours
from tests.guests.fixtures import Builder


def test_no_act_costs_more_than_with_gdbserver(guest: Builder, native_twin: Builder) -> None:
    measured = ours(guest("session").program)
    theirs = gdbservers(native_twin("session").program)
    assert len(measured) == 9
    more = {
        act: (traffic, theirs[act])
        for act, traffic in measured.items()
        if traffic.packets > theirs[act].packets or traffic.bytes > theirs[act].bytes
    }
    assert not more
