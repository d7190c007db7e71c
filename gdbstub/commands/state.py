"""What one client has set up: mutable, and reset with its connection."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Protocol

from gdbstub.agent import Command, Condition
from gdbstub.target import Address, BreakpointKind, Dialect, Target, TargetError, Thread, ThreadId

PROCESS = 1  # the number of the guest's process, the same in every run


class Decisions(Protocol):
    """Breakpoints as the worker decides on them; called while the guest stands still."""

    def insert(
        self,
        kind: BreakpointKind,
        address: Address,
        conditions: tuple[Condition, ...],
        commands: tuple[Command, ...],
    ) -> None:
        """Set what decides at a breakpoint, instead of what was set before.

        Without conditions, or when one is true, it is hit; with commands it then runs these and
        goes on, else it stops.
        """
        ...

    def remove(self, kind: BreakpointKind, address: Address) -> None:
        """Forget a breakpoint; one that is not there is no error."""
        ...


class OpenFile:
    """A file that the client reads. How much it gets at once grows while it reads on where it stood.

    gdb always asks for a whole packet and keeps just the last one; to find out what a file is, it reads
    a few bytes here and there, over and over.
    """

    first = 0x1000

    def __init__(self, contents: bytes) -> None:
        self.contents = contents
        self._next = 0
        self._window = self.first

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes, none at the end."""
        self._window = 2 * self._window if offset == self._next else self.first
        data = self.contents[offset : offset + min(count, self._window)]
        self._next = offset + len(data)
        return data


class Client:
    """The settings of a connection, and the target they are about.

    `packet_size` bounds what either side puts into one packet. `console` shows text to the user.
    """

    packet_size = 0x20000

    def __init__(
        self,
        target: Target,
        decisions: Decisions,
        peer: Dialect,
        console: Callable[[str], None],
    ) -> None:
        self.target = target
        self.decisions = decisions
        self.peer = peer
        self.console = console
        self.error_strings = False  # lldb's `E01;hex text`
        self.error_message = False  # gdb 16's `E.text`
        self.break_reasons = peer is Dialect.LLDB  # `swbreak:;` in stop replies
        self.multiprocess = False  # `p1.1` for threads, `;process:1` in exits
        self.extended = False
        self.created = False  # the guest was started by this client
        self.arguments: tuple[str, ...] | None = None  # of the runs it starts
        self.variables: dict[str, str | None] = {}
        self.thread_suffix = False
        self.list_threads = False
        self.documents: dict[bytes, bytes] = {}  # qXfer objects being read
        self.files: dict[int, OpenFile] = {}  # by vFile descriptor
        self._forget_threads()

    def restarted(self, target: Target, decisions: Decisions) -> None:
        """Take another guest. Files stay open: gdb goes on reading symbols from them."""
        self.target = target
        self.decisions = decisions
        self._forget_threads()

    def _forget_threads(self) -> None:
        self.suffix: ThreadId | None = None  # of the packet being handled
        self._selected: ThreadId | None = None
        self._stopped: ThreadId | None = None
        self._last_named: ThreadId | None = None

    def thread_text(self, thread: ThreadId) -> str:
        """Write a thread's id as this client reads it."""
        return f"p{PROCESS:x}.{thread:x}" if self.multiprocess else f"{thread:x}"

    def stopped(self, thread: ThreadId) -> None:
        """Take note of a stop: its thread is the selected one, as both debuggers expect."""
        self._stopped = self._selected = self._last_named = thread
        self.suffix = None

    def select(self, thread: ThreadId) -> None:
        """Select the thread that later packets are about."""
        self._selected = self._last_named = thread

    @property
    def thread(self) -> ThreadId:
        """The thread a packet is about: its suffix's, the selected one, or that of the stop."""
        if self.suffix is not None:
            self._last_named = self.suffix
            return self.suffix
        return self._selected or self.stop_thread

    @property
    def stop_thread(self) -> ThreadId:
        """The thread of the last stop, before any the first."""
        return self._stopped or self.target.threads()[0].id

    @property
    def last_named(self) -> ThreadId:
        """The thread named last: lldb's frame packets carry none and mean that one."""
        return self._last_named or self.stop_thread

    def find_thread(self, number: int) -> Thread:
        """Look up a thread; raises `TargetError` for one that does not exist."""
        for thread in self.target.threads():
            if thread.id == number:
                return thread
        raise TargetError(errno.ESRCH, f"no thread {number}")
