"""Stock gdb and lldb drive the toy: what they understand of the packets, end to end."""

import shutil
import subprocess
from functools import partial

import pytest
import trio

from tests.conformance.client import served
from tests.conformance.toy import BODY, MODULE_BASE, Toy

gdb = pytest.mark.skipif(shutil.which("gdb") is None, reason="no gdb on PATH")
lldb = pytest.mark.skipif(shutil.which("lldb-22") is None, reason="no lldb-22 on PATH")


async def _output(command: list[str]) -> str:
    run = partial(
        trio.run_process, command, capture_stdout=True, stderr=subprocess.STDOUT, check=False
    )
    return (await run()).stdout.decode()


async def _gdb(port: int, *commands: str) -> str:
    words = ["gdb", "-nx", "-batch", "-ex", f"target remote 127.0.0.1:{port}"]
    for command in commands:
        words += ["-ex", command]
    return await _output(words)


async def _lldb(port: int, *commands: str) -> str:
    words = ["lldb-22", "-b", "-x"]
    connect = f"process connect --plugin wasm connect://127.0.0.1:{port}"
    for command in (connect, *commands):
        words += ["-o", command]
    return await _output(words)


@gdb
async def test_gdb_steps_and_reads() -> None:
    toy = Toy(limit=20)
    async with served(toy) as server:
        text = await _gdb(
            server.port,
            "info registers rip",
            "stepi",
            "x/i $pc",
            "set var *(int*)0x2000 = 5",
            "x/4bx 0x2000",
            "monitor counter",
            "info threads",
            "kill",
        )
    assert "rip            0xe0000000          0xe0000000" in text
    assert "=> 0xe0000001:\tnop" in text
    assert "0x2000:\t0x05\t0x00\t0x00\t0x00" in text
    assert "counter = 5" in text
    assert '* 1    Thread 1.1 "toy"  0xe0000001 in ?? ()' in text
    assert "[Inferior 1 (process 1) killed]" in text


@gdb
async def test_gdb_conditions_watchpoints_and_exit() -> None:
    async with served(Toy(limit=20)) as server:
        text = await _gdb(
            server.port,
            "break *0xe0000001 if $rax == 5",
            "continue",
            "print $rax",
            "delete",
            "watch *(int*)0x2000",
            "continue",
            "delete",
            "continue",
        )
        await server.ended.wait()
    assert "Breakpoint 1, 0xe0000001 in ?? ()\n$1 = 5\n" in text
    assert "Old value = 5\nNew value = 6" in text
    assert "exited with code 07" in text


@gdb
async def test_gdb_prints_in_the_server() -> None:
    async with served(Toy(limit=3)) as server:
        text = await _gdb(
            server.port,
            "set dprintf-style agent",
            r'dprintf *0xe0000001,"at %d\n", $rax',
            "continue",
        )
    assert "at 0\nat 1\nat 2\n" in text
    assert "exited with code 07" in text


@gdb
async def test_gdb_sees_a_trap() -> None:
    async with served(Toy(traps=True)) as server:
        text = await _gdb(server.port, "continue", "continue")
    assert "wasm trap: the toy broke\n" in text
    assert "Program received signal SIGSEGV, Segmentation fault." in text
    assert "Program terminated with signal SIGSEGV" in text


@gdb
async def test_gdb_is_told_why_a_resume_is_refused() -> None:
    async with served(Toy()) as server:
        text = await _gdb(server.port, "print $rip = 0x1234", "stepi", "info registers rip")
    assert "cannot resume at 0x1234\n\nProgram stopped.\n" in text
    assert "rip            0xe0000000" in text


@gdb
async def test_gdb_detaches_and_attaches_again() -> None:
    toy = Toy(limit=1 << 31)
    async with served(toy) as server:
        first = await _gdb(server.port, "break *0xe0000001", "continue", "detach")
        second = await _gdb(server.port, "print $rax > 0", "kill")
    assert "[Inferior 1 (process 1) detached]" in first
    assert "$1 = 1\n" in second


@lldb
async def test_lldb_steps_and_reads() -> None:
    async with served(Toy(limit=20)) as server:
        text = await _lldb(
            server.port,
            "register read pc",
            "thread step-inst",
            "register read pc",
            "memory read 0x2000 0x2004",
            "memory region 0x2000",
            "process plugin packet monitor counter",
            "image list",
            "kill",
        )
    first = MODULE_BASE + BODY
    assert f"pc = 0x{first:x}\n" in text
    assert "stop reason = instruction step into" in text
    assert f"pc = 0x{first + 1:x}\n" in text
    assert "0x00002000: 00 00 00 00" in text
    assert "[0x0000000000000000-0x0000000000004000) rw- memory" in text
    assert "counter = 0\n" in text
    assert "toy-0 (0x4000000000000000)" in text
    assert "exited with status = 9 (0x00000009) killed" in text


@lldb
async def test_lldb_breaks_watches_and_exits() -> None:
    async with served(Toy(limit=20)) as server:
        text = await _lldb(
            server.port,
            f"breakpoint set -a 0x{MODULE_BASE + BODY + 2:x}",
            "continue",
            "breakpoint delete -f",
            "settings set target.language c",
            "watchpoint set expression -s 4 -- 0x2000",
            "continue",
            "watchpoint delete -f",
            "continue",
        )
        await server.ended.wait()
    assert "stop reason = breakpoint 1.1" in text
    assert "stop reason = watchpoint 1" in text
    assert "exited with status = 7" in text


@lldb
async def test_lldb_sees_a_trap() -> None:
    async with served(Toy(traps=True)) as server:
        text = await _lldb(server.port, "continue")
    assert "stop reason = wasm trap: the toy broke" in text


@lldb
async def test_lldb_detaches() -> None:
    async with served(Toy()) as server:
        text = await _lldb(server.port, "detach")
        await server.ended.wait()
    assert "Process 1 detached" in text
