"""What of the Wasm machine no C program shows, in modules made from text, and how all of it is read and written."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import wasmtime

from tests.gdb.session import Results, debug, serving
from tests.guests.build import Guest
from tests.guests.fixtures import Builder

FOLDER = Path(__file__).parent
Maker = Callable[[str], Guest]


@pytest.fixture
def module(tmp_path: Path) -> Maker:
    """Give `module(text)`: a module without debug information."""

    def made(text: str) -> Guest:
        program = tmp_path / "sample.wasm"
        program.write_bytes(wasmtime.wat2wasm(text))
        return Guest("sample", "O0", program, program)

    return made


EXTEND = """(module (func $extend (param i64) (result i64) (i64.extend16_s (local.get 0)))
  (func (export "_start") (local i64) (local.set 0 (call $extend (i64.const 0x18000)))))"""


def test_an_op_that_is_a_return_of_x86_leaves_the_backtrace_whole(module: Maker) -> None:
    """`i64.extend16_s` is 0xc3."""
    commands = ("break extend", "c", "stepi", "x/i $pc", "bt", "finish", "info locals")
    results = debug(module(EXTEND), commands)
    assert results["stepi"].endswith("i64.extend16_s")
    assert "nop" in results["x/i $pc"]
    inner, outer, host = results["bt"].splitlines()
    assert inner.startswith("#0  extend (local0=98304) at ")
    assert re.match(r"#1  0xe\w+ in _start \(\) at ", outer)
    assert host == "#2  0xffff0008 in __wasm_host ()"
    assert "Value returned is $1 = -32768" in results["finish"]


MEMORY = """(module
 (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
 (memory (export "memory") 1 4)
 (data $d "passive data") (data (i32.const 64) "active")
 (func $init (memory.init $d (i32.const 100) (i32.const 0) (i32.const 12)))
 (func $fill (memory.fill (i32.const 98) (i32.const 42) (i32.const 6)))
 (func $copy (memory.copy (i32.const 96) (i32.const 64) (i32.const 6)))
 (func $host (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 97))))
 (func $store8 (i32.store8 (i32.const 101) (i32.const 90)))
 (func $beside (i32.store8 (i32.const 103) (i32.const 90)))
 (func $store64 (i64.store (i32.const 95) (i64.const 0x0102030405060708)))
 (func $same (i32.store8 (i32.const 102) (i32.const 1)))
 (func $load (drop (i32.load16_u (i32.const 101))))
 (func $grow (drop (memory.grow (i32.const 1))))
 (func $above (i32.store (i32.const 65536) (i32.const 5)))
 (func (export "_start")
   (call $init) (call $fill) (call $copy) (call $host) (call $store8) (call $beside) (call $store64)
   (call $same) (call $load) (call $grow) (call $above)))"""


def functions(results: Results) -> list[str]:
    """Return where each `c` stopped."""
    stops = [re.findall(r"^(\w+) \(\) at", text, re.MULTILINE) for text in results.all("c")]
    return [where[-1] for where in stops if where]


WATCHES = {
    # three bytes at 100; which functions write them, change them, read them
    "watch": ["init", "fill", "copy", "host", "store8", "store64"],
    "rwatch": ["load"],
    "awatch": ["init", "fill", "copy", "host", "store8", "store64", "same", "load"],
}


@pytest.mark.parametrize("kind", WATCHES)
def test_every_access_of_some_bytes(kind: str, module: Maker) -> None:
    results = debug(module(MEMORY), [f"{kind} *(char (*)[3]) 100", *["c"] * 8])
    assert functions(results) == WATCHES[kind], results.text
    if kind == "watch":
        new = re.findall(r"New value = (.*)", results.text)
        assert [*new[:3], new[5]] == ['"pas"', '"***"', '"ve*"', r'"\003\002\001"']


def test_memory_is_watched_before_it_has_grown_to_be(module: Maker) -> None:
    results = debug(module(MEMORY), ["watch *(int *) 65536", "print *(int *) 65536", "c"])
    assert "Cannot access memory at address 0x10000" in results["print *(int *) 65536"]
    assert "Old value = <unreadable>\nNew value = 5" in results["c"]
    assert functions(results) == ["above"]


TRAP = """(module (memory 1) (table 2 funcref) (elem (i32.const 1) $load)
  (func $load (param i32) (result i64) (i64.load offset=8 (local.get 0)))
  (func $call (param i32) (drop (call_indirect (param i64) (result i64) (i64.const 7) (local.get 0))))
  (func (export "_start") {}))"""


@pytest.mark.parametrize(
    ("body", "words", "operands"),
    [
        (
            "(drop (call $load (i32.const 65530)))",
            "wasm trap: out of bounds memory access\n"
            "  i64.load offset=8: i32 65530 (0xfffa); the memory has 0x10000 bytes\n",
            "0: i32 65530 (0xfffa)",
        ),
        (
            "(call $call (i32.const 1))",
            "wasm trap: indirect call type mismatch\n"
            "  call_indirect (param i64) (result i64): i64 7 (0x7), i32 1 (0x1); slot 1 is load\n",
            "1: i32 1 (0x1)\n0: i64 7 (0x7)",
        ),
        (
            "(call $call (i32.const 9))",
            "wasm trap: undefined element: out of bounds table access\n"
            "  call_indirect (param i64) (result i64): i64 7 (0x7), i32 9 (0x9); the table has 2 slots\n",
            "1: i32 9 (0x9)\n0: i64 7 (0x7)",
        ),
    ],
)
def test_a_trap_is_told_with_its_operands_and_ends_the_guest_cleanly(
    body: str,
    words: str,
    operands: str,
    module: Maker,
) -> None:
    results = debug(module(TRAP.format(body)), ["c", "monitor stack", "c", "info threads"])
    first, last = results.all("c")
    assert words in first and "Program received signal SIGSEGV" in first
    assert results["monitor stack"] == operands
    assert last.startswith("Program terminated with signal SIGSEGV")
    assert results["info threads"] == "No threads."


WRITES = (
    *("break mul", "c", "up", "print *$vmctx->table0.elements@3"),
    *("set var $vmctx->table0.elements[1] = mul", "print $vmctx->table0.elements[1]"),
    *("set var $vmctx->table0.elements[2] = ops[0]", "set var $vmctx->table0.elements[2] = add"),
    *("print *$vmctx->table0.elements@3", "monitor set table 1 null", "monitor set table 0:1 mul"),
    *("print *$vmctx->table0.elements@3", "print $vmctx->__stack_pointer"),
    *("set var $vmctx->__stack_pointer += 16", "monitor set global 0 65000", "monitor globals"),
    *("print $vmctx->__stack_pointer", "print $wasm_depth", "monitor frames"),
)


def test_tables_and_globals_are_written(guest: Builder) -> None:
    results = debug(guest("features", folder=FOLDER), WRITES)
    tables = [re.sub(r"0x[0-9a-f]{2,} ", "", t.split(" = ")[1]) for t in results.all(WRITES[3])]
    assert tables == ["{0x0, <add>, <mul>}", "{0x0, <mul>, <add>}", "{0x0, <mul>, <add>}"]
    assert results["monitor set table 1 null"] == "1: null"
    assert re.fullmatch(r"1: function \d+ mul", results["monitor set table 0:1 mul"])
    assert results["monitor globals"] == "0 $__stack_pointer: mut i32 65000 (0xfde8)"
    assert results.all("print $vmctx->__stack_pointer")[1].endswith(" = 65000")
    assert f" = {len(results['monitor frames'].splitlines())}" in results["print $wasm_depth"]


def test_a_table_that_was_written_is_called_through(guest: Builder) -> None:
    commands = ("break swap", "c", "monitor set table 2 add", "break add", "c", "bt 2", "finish")
    results = debug(guest("features", folder=FOLDER), commands)
    assert results["bt 2"].startswith("#0  add (a=4, b=3)")
    assert results["finish"].splitlines()[-1] == "Value returned is $1 = 7"


def test_locals_and_operands_are_written(module: Maker) -> None:
    text = """(module (func $sum (param i32 f64) (result f64)
        (f64.add (local.get 1) (f64.convert_i32_s (local.get 0))))
      (func (export "_start") (drop (call $sum (i32.const 40) (f64.const 0.5)))))"""
    commands = (
        *("break sum", "c", "set var local1 = 1.25", "monitor set local 0 41"),
        *("maint flush dcache", "info args"),
        *("stepi", "stepi", "monitor stack", "monitor set stack 0 3.5", "stepi", "monitor stack"),
        *("finish", "monitor set local 9 1", "monitor set stack 9 1"),
    )
    results = debug(module(text), commands)
    assert results["info args"] == "local0 = 41\nlocal1 = 1.25"
    before, after = results.all("monitor stack")
    assert before.splitlines() == ["1: i32 41 (0x29)", "0: f64 1.25 (0x3ff4000000000000)"]
    assert after.splitlines()[1] == "0: f64 3.5 (0x400c000000000000)"
    assert "Value returned is $1 = 44.5" in results["finish"]
    assert "local index 9 is out of range" in results["monitor set local 9 1"]
    assert "operand index 9 is out of range" in results["monitor set stack 9 1"]


def test_the_listing_is_shown_in_the_text_interface(module: Maker) -> None:
    """`layout src`, on a terminal of our own, until it shows the op that was stepped to."""
    with serving(module(EXTEND)) as server:
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update(TERM="xterm", LINES="40", COLUMNS="120")
            os.execvp("gdb", ["gdb", "-nx", "-q"])
        commands = f"target remote 127.0.0.1:{server.port}|break extend|continue|layout src|stepi"
        for command in commands.split("|"):
            os.write(terminal, f"{command}\n".encode())
        shown = ""
        limit = time.monotonic() + 30
        while "i64.extend16_s" not in shown and time.monotonic() < limit:
            if select.select([terminal], [], [], 1)[0]:
                shown += os.read(terminal, 1 << 16).decode("latin-1")
        os.write(terminal, b"kill\ny\nquit\n")
        os.close(terminal)
        os.waitpid(child, 0)
    assert "sample.wat" in shown and "i64.extend16_s" in shown
