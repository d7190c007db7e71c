"""Watchpoints in stock gdb: the values and lines that native gdb shows with hardware watchpoints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.gdb.session import Gdb, Results, serving, serving_natively
from tests.guests.build import Guest
from tests.guests.fixtures import Builder

HERE = Path(__file__).parent


def values(text: str) -> list[str]:
    """Return the values that a stop tells of."""
    return re.findall(r"^(?:Old value|New value|Value) = .*", text, re.M)


def session(guest: Guest, commands: Sequence[str]) -> Results:
    with serving(guest) as server:
        server.send("wasm\n")
        return Gdb(server.port, commands).results()


def natively(twin: Guest, commands: Sequence[str]) -> Results:
    with serving_natively(twin) as server:
        server.send("wasm\n")
        host = ("-iex", "set breakpoint condition-evaluation host")
        return Gdb(server.port, commands, *host).results()


AGAIN = ("watch total", "c", "c", "c", "c")

SESSIONS = {
    "a global, written by a function": ["break main", "c", "watch counter", "c", "bt 1", "c"],
    "eight bytes": ["break main", "c", "watch wide", "c"],
    "reads": ["break main", "c", "rwatch quiet", "c"],
    "reads and writes, unchanged ones too": ["break main", "c", "awatch quiet", "c", "c", "c", "c"],
    "several at once": ["break main", "c", "watch counter", "watch wide", "c", "c", "c"],
    "a condition": ["break main", "c", "watch counter if counter == 2", "c"],
    "a local": ["break sum", "c", "next", "watch total", "c", "c", "c"],
    "a local until it is gone": ["break sum", "c", "next", *AGAIN],
    "a local's condition": ["break sum", "c", "next", "next", "watch i if i == 3", "c"],
    "an address": ["break main", "c", "watch -l counter", "c", "c"],
    "set by the debugger meanwhile": [
        *("break set if value == 2", "c", "watch counter", "set var counter=9", "c"),
    ],
    "a step that writes": ["break set", "c", "watch counter", "next"],
}


@pytest.mark.parametrize("commands", SESSIONS.values(), ids=SESSIONS)
def test_values_are_the_native_ones(
    commands: Sequence[str], guest: Builder, native_twin: Builder
) -> None:
    ours = session(guest("watch", folder=HERE), commands)
    theirs = natively(native_twin("watch", folder=HERE), commands)
    told = [values(text) for _, text in ours.outputs]
    assert told == [values(text) for _, text in theirs.outputs]
    assert any(told), ours.text
    assert "oftware" not in ours.text


def test_bulk_operators_and_host_calls_are_seen(guest: Builder) -> None:
    flags = ("-mbulk-memory",)
    commands = ["break fill", "c", "watch buffer", "c", "c", "c", "bt"]
    results = session(guest("watch", flags=flags, folder=HERE), commands)
    new = [re.findall(r"New value = (.*)", text) for text in results.all("c")[1:]]
    assert [text.split("\\000")[0].strip("\"', ") for (text,) in new] == [
        *("aaaaaaaa", "aaaaaaaabulk dat", "wasmaaaabulk dat"),
    ]
    assert "main () at" in results["bt"]


def test_a_wasm_local(guest: Builder) -> None:
    commands = ["break visit", "c", "delete 1", "up", "watch p", *("c",) * 4, "bt"]
    results = session(guest("watch", "O1", folder=HERE), commands)
    assert results["watch p"] == "Hardware watchpoint 2: p", results.text
    new = [re.findall(r"New value = .*0x\w+(?: <(.*)>)?", text) for text in results.all("c")[1:]]
    assert new == [["chain+8"], ["chain+16"], [""], []], results.text
    assert "program has left the block" in results["c"]
    assert results["bt"].startswith("#0  main () at") or "in main ()" in results["bt"]


def test_a_wasm_global(guest: Builder) -> None:
    commands = ["break main", "c", "watch -l $vmctx->__stack_pointer", "c", "bt 1"]
    results = session(guest("watch", folder=HERE), commands)
    assert "Hardware watchpoint 2" in results[commands[2]], results.text
    assert len(values(results["c"])) == 2, results.text


def test_what_is_no_guest_state_cannot_be_watched(guest: Builder) -> None:
    commands = ["break main", "c", "watch *(int*)0xe0000100", "c"]
    results = session(guest("watch", folder=HERE), commands)
    assert "Could not insert hardware watchpoint 2" in results["c"], results.text
