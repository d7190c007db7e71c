"""The guest as a process: run again with other arguments and variables, its system calls, its signals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from tests.gdb.session import Gdb, Results, Server, debug, debug_natively, plain, serving
from tests.guests.fixtures import Builder

RUNS = (
    "break main",
    "c",
    "print argc",
    "set args one 'two words'",
    "set environment COLOUR green",
    "run",
    "print argc",
    "print argv[2]",
    "next",
    "print colour",
    "c",
    "set args",
    "unset environment COLOUR",
    "set environment HOME /nowhere",
    "start",
    "print argc",
    "info breakpoints",
    "delete",
    "c",
    "info inferiors",
)


@contextmanager
def extended(
    server: Server, commands: Sequence[str], end: str = "monitor exit"
) -> Iterator[Results]:
    """Give the results of a session in extended mode, which ends the server."""
    server.end_input()
    yield Gdb(server.port, [*commands, end], target="extended-remote").results()


def test_runs_with_other_arguments_and_variables(guest: Builder) -> None:
    options = ["--env", "HOME=/home/guest"]
    with (
        serving(guest("process"), "a", "b", "c", options=options) as server,
        extended(server, RUNS) as results,
    ):
        output = server.output()
    assert results.all("print argc") == ["$1 = 4", "$2 = 3", "$5 = 1"]
    assert plain(results["print argv[2]"]) == '$3 = "two words"'
    assert plain(results["print colour"]) == '$4 = "green"'
    assert "main (argc=1" in results["start"]
    assert "[Inferior 1 (process 1) exited with code 03]" in results.all("c")[1]
    assert "[Inferior 1 (process 1) exited with code 01]" in results.all("c")[2]
    assert "<null>" in results["info inferiors"]
    assert output.splitlines() == [
        "one",
        "two words",
        "colour green, home /home/guest, total 4950, written 14, read 0",
        "colour none, home /nowhere, total 4950, written 0, read 0",
    ]


def test_addresses_are_those_of_the_run_before(guest: Builder) -> None:
    commands = ["break count", "c", "print $pc", "print &total", "run", "print $pc", "print &total"]
    with serving(guest("process")) as server, extended(server, commands) as results:
        pass
    pcs = [text.split(" = ")[1] for text in results.all("print $pc")]
    totals = [text.split(" = ")[1] for text in results.all("print &total")]
    assert pcs[0] == pcs[1] and totals[0] == totals[1]


def test_killed_and_run_again(guest: Builder) -> None:
    commands = [
        "break count if step==3",
        "c",
        "kill",
        "info inferiors",
        "run",
        "print step",
        "kill",
    ]
    with serving(guest("process")) as server, extended(server, commands) as results:
        pass
    assert "killed" in results.all("kill")[0]
    assert "<null>" in results["info inferiors"]
    assert results["print step"] == "$1 = 3"


def test_let_go_and_attached_to_again(guest: Builder) -> None:
    """What runs on in between is a read that waits."""
    commands = ["break main", "c", "delete", "detach", "attach 1", "bt", "print total", "kill"]
    with serving(guest("process")) as server:
        results = Gdb(server.port, [*commands, "monitor exit"], target="extended-remote").results()
    assert "detached" in results["detach"]
    assert "main (argc=1" in results["bt"]


def test_the_program_ends_and_the_server_stays(guest: Builder) -> None:
    with serving(guest("process"), once=False) as server:
        server.end_input()
        first = Gdb(server.port, ["c"], target="extended-remote").results()
        second = Gdb(
            server.port,
            ["file target:/wasm/process.wasm", "break count", "run", "print step", "monitor exit"],
            target="extended-remote",
        ).results()
    assert "exited with code 01" in first["c"]
    assert second["print step"] == "$1 = 0"


def test_what_the_process_is(guest: Builder) -> None:
    commands = ["info proc", "info proc mappings", "info threads", "info files", "compare-sections"]
    results = debug(guest("process"), commands, "x", "y z")
    program = guest("process").program
    assert results["info proc"].splitlines() == [
        "process 1",
        f"cmdline = '{program} x y z'",
        "cwd = '/'",
        f"exe = '{program}'",
    ]
    rows = [line.split() for line in results["info proc mappings"].splitlines()[4:]]
    assert [row[-1] for row in rows] == [
        "[memory]",
        "process.wasm",
        "[links]",
        "[frames]",
        "[vmctx]",
        "[host]",
    ]
    assert [row[4] for row in rows] == ["rw-p", "r-xp", "r--p", "rw-p", "rw-p", "r-xp"]
    assert int(rows[1][2], 16) == program.stat().st_size
    assert 'Thread 1.1 "process.wasm"' in results["info threads"]
    assert "file type elf32-x86-64" in results["info files"]
    assert "warning" not in results["info files"]
    assert results["compare-sections"].endswith("matched.")
    assert "Entry point: 0xffff0000" in results["info files"]


def test_the_one_thread_and_the_one_program(guest: Builder) -> None:
    asked = (
        *("info threads", "thread", "thread 1", "thread apply all print total", "thread 2"),
        *("info inferiors", "info program", "info sharedlibrary", "info symbol 0xffff0008"),
        *("info proc cmdline", "info proc exe", "info proc cwd", "info auxv", "print $_thread"),
        *("thread name guest", "info threads"),
    )
    results = debug(guest("process"), ["break count if step == 2", "c", *asked, "delete", "c"])
    first, renamed = results.all("info threads")
    assert first.splitlines()[1].startswith('* 1    Thread 1.1 "process.wasm" count (step=2')
    assert 'Thread 1.1 "guest"' in renamed
    assert results["thread"] == "[Current thread is 1 (Thread 1.1)]"
    assert results["thread 1"].startswith("[Switching to thread 1 (Thread 1.1)]\n#0  count (step=2")
    assert results["thread apply all print total"].endswith("$1 = 1")
    assert results["thread 2"] == "Unknown thread 2."
    assert "process 1" in results["info inferiors"]
    assert "It stopped at breakpoint 1." in results["info program"]
    assert results["info sharedlibrary"] == "No shared libraries loaded at this time."
    assert results["info symbol 0xffff0008"].startswith("__wasm_host + 8")
    assert results["info proc cmdline"].endswith(f"cmdline = '{guest('process').program}'")
    assert results["info proc exe"].endswith(f"exe = '{guest('process').program}'")
    assert results["info proc cwd"].endswith("cwd = '/'")
    assert results["info auxv"].startswith("No auxiliary vector found")
    assert "exited with code 01" in results["c"]


CATCHES = ("catch syscall write", "c", "print total", "c", "c", "delete", "c")


def test_system_calls_are_caught_where_the_native_twin_makes_them(
    guest: Builder, native_twin: Builder
) -> None:
    ours = debug(guest("process"), CATCHES, "text")
    theirs = debug_natively(native_twin("process"), CATCHES, "text")
    for index in range(3):
        head, _, place = plain(ours.all("c")[index]).partition("), ")
        assert head == plain(theirs.all("c")[index]).partition("), ")[0]
        assert "__wasi_fd_write (fd=1," in place
    assert "call to syscall write" in ours.all("c")[0]
    assert "returned from syscall write" in ours.all("c")[1]
    assert ours["print total"] == theirs["print total"] == "$1 = 0"


def test_the_calls_at_a_catchpoint_have_a_backtrace_to_the_program(guest: Builder) -> None:
    commands = ["catch syscall read", "c", "bt", "finish", "up", "up", "print total"]
    results = debug(guest("process"), commands)
    assert "call to syscall read" in results["c"]
    assert "__wasi_fd_read (fd=0" in results["bt"] and "main (argc=1" in results["bt"]
    assert "returned from syscall read" in results["finish"]


def test_any_call_is_caught_by_its_number(guest: Builder) -> None:
    results = debug(guest("process"), ["catch syscall 1002", "c"])
    assert "Catchpoint 1 (call to syscall 1002)" in results.all("c")[0]
    assert "__wasi_args_sizes_get" in results.all("c")[0]


def test_the_exit_is_a_call(guest: Builder) -> None:
    results = debug(guest("process"), ["catch syscall exit_group", "c", "print total", "c"])
    assert "call to syscall exit_group" in results.all("c")[0]
    assert results["print total"] == "$1 = 4950"
    assert "exited with code 01" in results.all("c")[1]


def test_an_interrupted_call_is_told_once(guest: Builder) -> None:
    commands = ["catch syscall read", "c", "c", "bt", "c", "delete", "c"]
    with serving(guest("process"), options=["--log-packets"]) as server:
        gdb = Gdb(server.port, commands)
        server.wait_for_resumes(2)
        gdb.interrupt()
        server.wait_for_resumes(1)
        server.send("line\n")
        results = gdb.results()
        output = server.output()
    told = results.all("c")
    assert "call to syscall read" in told[0]
    assert "SIGINT" in told[1]
    assert "returned from syscall read" in told[2]
    assert "read 5" in output


SIGNALS = [
    (["handle SIGFPE nostop noprint pass", "c"], "Program terminated with signal SIGFPE"),
    (["handle SIGFPE nostop print pass", "c"], "Program received signal SIGFPE"),
    (["handle SIGFPE nopass", "c", "c"], "Program terminated with signal SIGFPE"),
    (["break main", "c", "signal SIGTERM"], "Program terminated with signal SIGTERM"),
    (["break crash", "c", "signal 0"], "Program received signal SIGFPE"),
    (["break main", "c", "queue-signal SIGUSR1", "c"], "Program terminated with signal SIGUSR1"),
    (["info signals SIGSEGV"], "SIGSEGV       Yes\tYes\tYes\t\tSegmentation fault"),
]


@pytest.mark.parametrize(("commands", "text"), SIGNALS, ids=lambda value: str(value)[:50])
def test_signals_are_handled_as_the_user_says(
    guest: Builder, commands: list[str], text: str
) -> None:
    results = debug(guest("session"), commands, "divide")
    assert text in results[commands[-1]]
    if "nostop" in commands[0]:
        assert "terminated with signal SIGFPE" in results["c"]


DPRINTF = (
    "set dprintf-style agent",
    'dprintf count,"step %d of %d\\n", step, total',
    "condition 1 step > 96",
    "c",
)


def test_what_the_server_prints_for_a_breakpoint(guest: Builder) -> None:
    results = debug(guest("process"), DPRINTF)
    totals = [sum(range(step)) for step in (97, 98, 99)]
    lines = [line for line in results["c"].splitlines() if line.startswith("step ")]
    assert lines == [
        f"step {step} of {total}" for step, total in zip((97, 98, 99), totals, strict=True)
    ]
    assert "exited with code 01" in results["c"]


def test_strings_are_printed_by_the_server(guest: Builder) -> None:
    commands = ["set dprintf-style agent", 'dprintf say,"%s|%5.2s|%c\\n", text, text, text[0]', "c"]
    results = debug(guest("process"), commands, "hello")
    assert "hello|   he|h\n" in results["c"]
