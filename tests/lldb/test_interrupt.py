"""Ctrl-C at an interactive lldb: in a loop, in a blocked read, in a sleep; the guest then goes on.

A Ctrl-C has its own reason only once the guest runs on: lldb first steps off a breakpoint, and
shows that step's stop if it comes then.
"""

from __future__ import annotations

from tests.guests.fixtures import Builder
from tests.lldb.session import TIME_LIMIT, terminal
from tests.serving import serving

LOGGING = ("--once", "--log-packets")
INTERRUPTED = "stop reason = signal SIGINT"


def test_in_a_loop(guest: Builder) -> None:
    with (
        serving(guest("session"), "loop", options=LOGGING) as server,
        terminal(server.port) as lldb,
    ):
        lldb.say("b spin", "Breakpoint 1: where")
        lldb.say("c", "stop reason = breakpoint 1.1")
        server.wait_for("c")
        for _ in range(3):
            lldb.go_on()
            server.wait_for("c")
            lldb.interrupt(INTERRUPTED)
        frames = lldb.say("bt", "frame #2.*main_void")
        assert "spin(start=0)" in frames and "__main_argc_argv(argc=2" in frames
        lldb.say("expr running = 0", r"\$0 = 0")
        lldb.say("c", "exited with status = 0")
        assert "looped" in server.output()


def test_in_a_blocked_read(guest: Builder) -> None:
    with (
        serving(guest("session"), "read", options=LOGGING) as server,
        terminal(server.port) as lldb,
    ):
        lldb.say("b read_line", "Breakpoint 1: where")
        lldb.say("c", "stop reason = breakpoint 1.1")
        server.wait_for("c")
        for _ in range(2):
            lldb.go_on()
            server.wait_for("c")
            lldb.interrupt(INTERRUPTED)
        frames = lldb.say("bt", "main_void")
        assert "read_line(" in frames and "__main_argc_argv(argc=2" in frames
        lldb.go_on()
        server.wait_for("c")
        server.send("four\n")
        lldb.expect("exited with status = 0")
        assert "read 4: four" in server.output()


def test_in_a_sleep(guest: Builder) -> None:
    with (
        serving(guest("session"), "sleep", "1000", options=LOGGING) as server,
        terminal(server.port) as lldb,
    ):
        lldb.say("b sleep", "Breakpoint 1: where")
        lldb.say("c", "stop reason = breakpoint 1.1")
        server.wait_for("c")
        lldb.go_on()
        server.wait_for("c")
        lldb.interrupt(INTERRUPTED)
        assert "__main_argc_argv(argc=3" in lldb.say("bt", "main_void")
        lldb.say("kill", "exited with status = 9")


def test_a_breakpoint_set_while_the_guest_runs(guest: Builder) -> None:
    with (
        serving(guest("session"), "loop", options=LOGGING) as server,
        terminal(server.port) as lldb,
    ):
        lldb.say("b spin", "Breakpoint 1: where")
        lldb.say("c", "stop reason = breakpoint 1.1")
        server.wait_for("c")
        lldb.go_on()
        server.wait_for("c")
        # The stop may be shown before the breakpoint is.
        stop = lldb.say("b session.c:72", r"stop reason = breakpoint 2\.1[^>]*->")
        assert "spin(start=0) at session.c:72" in stop
        lldb.say("detach", "detached")


def test_detaching_while_the_guest_runs(guest: Builder) -> None:
    with (
        serving(guest("session"), "read", options=LOGGING) as server,
        terminal(server.port) as lldb,
    ):
        lldb.say("b read_line", "Breakpoint 1: where")
        lldb.say("c", "stop reason = breakpoint 1.1")
        server.wait_for("c")
        lldb.go_on()
        server.wait_for("c")
        lldb.say("detach", "detached")
        server.send("on my own\n")
        assert "read 9: on my own" in server.output()


def test_killing_while_the_guest_runs(guest: Builder) -> None:
    with (
        serving(guest("session"), "loop", options=LOGGING) as server,
        terminal(server.port) as lldb,
    ):
        lldb.go_on()
        server.wait_for("c")
        lldb.say("kill", "exited with status = 9")
        assert server.process.wait(timeout=TIME_LIMIT) == 137
