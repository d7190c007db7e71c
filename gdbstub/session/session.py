"""One connection's state machine: bytes and stops in, bytes and actions out.

Between a resume and its stop the client is owed exactly one reply. Meanwhile only an interrupt and a
kill are taken; other packets wait, as with gdbserver, until the guest stands still.

The output of a command is sent as it is made (`talk`). An interrupt ends it with a reply; any other packet
means that the client has given up on that reply, as gdb (13) does at Ctrl-C, and it gets none. If it has not
read all that was sent, it takes that for the reply to its packet, which therefore gets none either.

A client that asked for extended mode (GDB manual, `!`) is kept when its guest has ended or was let go:
it can have the program started again.
"""

from __future__ import annotations

import enum
import errno
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TypeAlias

from gdbstub.commands import (
    EMPTY,
    OK,
    Attach,
    Client,
    Decisions,
    Detach,
    Go,
    Kill,
    NoAcks,
    Outcome,
    Quit,
    Refused,
    Reply,
    Run,
    Text,
    console_packet,
    console_text,
    error_reply,
    exit_reply,
    find,
    split_suffix,
    stop_reply,
)
from gdbstub.rsp import Event, FieldError, Interrupt, Link, Overlong, Packet
from gdbstub.session.detect import detect
from gdbstub.target import (
    Dialect,
    Exit,
    Signal,
    Signalled,
    StopReason,
    Target,
    TargetError,
)

Action: TypeAlias = Go | Kill | Detach | Interrupt | Run | Attach | Quit

_packets = logging.getLogger("gdbstub.packets")

_OUR_BUG = 0x99
_KILLS = (b"k", b"vKill;")
_WAITING_LIMIT = 256
_MUCH_TEXT, _LONGEST_TEXT = 0x3000, 0x3800
"""Characters that are worth a packet, and that fit in one: of up to four bytes, two digits each."""


class State(enum.Enum):
    """Where the conversation stands."""

    STOPPED = "stopped"  # the guest stands still, the client asks
    RUNNING = "running"  # the client waits for a stop
    IDLE = "idle"  # the client has no guest: it has ended, or was let go
    CLOSED = "closed"  # nothing more will be said


class Happening(enum.Enum):
    """What changes the state."""

    RESUME = "resume"
    STOP = "stop"
    EXIT = "exit"
    LET_GO = "let go"
    CLOSE = "close"


_NEXT: dict[State, dict[Happening, State]] = {
    State.STOPPED: {
        Happening.RESUME: State.RUNNING,
        Happening.EXIT: State.IDLE,
        Happening.LET_GO: State.IDLE,
        Happening.CLOSE: State.CLOSED,
    },
    State.RUNNING: {
        Happening.STOP: State.STOPPED,
        Happening.EXIT: State.IDLE,
    },
    State.IDLE: {
        Happening.RESUME: State.RUNNING,
        Happening.EXIT: State.IDLE,
        Happening.CLOSE: State.CLOSED,
    },
    State.CLOSED: {},
}


class Session:
    """A connection to a guest that stands still when it is made, or has ended as `exit_` says.

    `attach` gives the view for a dialect. `view` overrides which view a client gets; its dialect
    still decides how it is spoken to.
    """

    def __init__(
        self,
        attach: Callable[[Dialect], Target],
        decisions: Decisions,
        view: Dialect | None = None,
        exit_: Exit | None = None,
    ) -> None:
        self.state = State.STOPPED if exit_ is None else State.IDLE
        self._attach = attach
        self._decisions = decisions
        self._view = view
        self._link = Link()
        self._client: Client | None = None
        self._waiting: deque[Event] = deque()
        self._exit = exit_
        self._end_told = False
        self._silent = False  # the guest being started has no reply
        self._text: Iterator[str] | None = None  # the output of a command that is not over
        self._said: list[str] = []  # of it, what is not sent yet
        self._length = 0  # of that
        self._misled = False  # the client takes that output for the reply to its packet
        self.unread = False  # it has not read all of what was sent

    @property
    def target(self) -> Target | None:
        """The view attached, None before the first packet."""
        return self._client.target if self._client is not None else None

    @property
    def extended(self) -> bool:
        """Whether the client asked for extended mode."""
        return self._client is not None and self._client.extended

    @property
    def over(self) -> bool:
        """Whether the client can only go: it has been told of the end, and starts nothing else."""
        ended = self.state is State.IDLE and self._end_told and not self.extended
        return ended or self.state is State.CLOSED

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived."""
        self._waiting.extend(self._link.receive(data))

    @property
    def overrun(self) -> bool:
        """Whether the client piles up packets without waiting for replies: it is to be dropped."""
        return len(self._waiting) > _WAITING_LIMIT

    def next_event(self) -> Event | None:
        """Return what is to be handled next in the present state, None if there is nothing."""
        if self.state is State.CLOSED:
            self._waiting.clear()
            self.hush()
        if self.state is not State.RUNNING:
            return self._waiting.popleft() if self._waiting else None
        for event in self._waiting:
            if isinstance(event, Interrupt) or (
                isinstance(event, Packet) and event.contents.startswith(_KILLS)
            ):
                self._waiting.remove(event)
                return event
        return None

    @property
    def talking(self) -> bool:
        """Whether the output of a command is not over."""
        return self._text is not None

    def talk(self) -> bool:
        """Make the next piece of a command's output; say whether there is a packet full of it.

        Exceptions are as those of `handle`.
        """
        assert self._text is not None, "something is to be said"
        try:
            piece = next(self._text, None)
        except TargetError as error:
            self._end_text(error.text + "\n")
        else:
            if piece is None:
                self._end_text("")
            else:
                self._said.append(piece)
                self._length += len(piece)
        return self._length >= _MUCH_TEXT

    def _end_text(self, last: str) -> None:
        """End the output of a command with a last piece and the reply."""
        self._said.append(last)
        self.hush()
        self._send(OK)

    def hush(self) -> None:
        """Leave off the output of a command, if one is under way: nobody wants it."""
        text, self._text = self._text, None
        if isinstance(text, Generator):
            text.close()

    def take_output(self) -> bytes:
        """Return the bytes to be written, once."""
        self._say()
        return self._link.take_output()

    def handle(self, event: Event) -> Action | None:
        """Handle one event; what it returns is to be done to the guest.

        An exception that is not the client's fault passes; `fail` then answers for it.
        """
        self._misled = False
        if self._text is not None:
            if isinstance(event, Interrupt):
                self._end_text("(interrupted)\n")
                return None
            self.hush()
            self._misled = self.unread and not _shows_text(event)
        if isinstance(event, Interrupt):
            return event if self.state is State.RUNNING else None
        if isinstance(event, Overlong):
            text = f"a packet of more than {event.limit} bytes"
            self._send(error_reply(self._client, errno.E2BIG, text))
            return None
        if _packets.isEnabledFor(logging.DEBUG):
            _packets.debug("> %s", _shown(event.contents))
        return self._handle_packet(event.contents)

    def fail(self) -> None:
        """Answer a packet whose handler failed by a fault of ours: never leave it unanswered."""
        if self.state is State.RUNNING:
            self._go(Happening.STOP)
        self.hush()
        self._send(error_reply(self._client, _OUR_BUG, "internal error; see the server's log"))

    def started(self, attach: Callable[[Dialect], Target], decisions: Decisions) -> None:
        """Take the guest that a `Run` or an `Attach` gave the client, standing still.

        `stopped` or `exited` is to follow.
        """
        self._attach, self._decisions = attach, decisions
        client = self._attached()
        client.restarted(attach(self._view or client.peer), decisions)
        self._exit = None
        self._end_told = False

    def refused(self, error: TargetError) -> None:
        """Tell the client that what it wanted to run or to attach to is not to be had."""
        self._go(Happening.EXIT)
        self._answer(error_reply(self._client, error.code, error.text))

    def stopped(self, reason: StopReason | None = None) -> None:
        """Tell the client that the guest it resumed stands still again; `reason` overrides why."""
        client = self._attached()
        self._go(Happening.STOP)
        stop = client.target.stop()
        if reason is not None:
            stop = replace(stop, reason=reason, text=None)
        client.stopped(stop.thread)
        text = console_text(client, stop)
        self._answer(Reply(stop_reply(client, stop)), text)

    def exited(self, exit_: Exit, text: str | None = None) -> None:
        """Tell the client that the guest it resumed has ended, with a text for the user if any."""
        self._exit = exit_
        owed = self.state is State.RUNNING
        self._go(Happening.EXIT)
        if owed:
            self._end_told = True
            self._answer(Reply(exit_reply(self._attached(), exit_)), text)

    def output(self, text: str) -> None:
        """Show text on the client's console; lost while no reply is owed, for then it can't be."""
        if self.state is State.RUNNING:
            self._send(console_packet(text))

    def _handle_packet(self, packet: bytes) -> Action | None:
        client = self._client
        try:
            if client is None:
                client = self._client = self._make_client(packet)
            packet = split_suffix(client, packet)
            outcome = self._run(client, packet)
        except FieldError as error:
            outcome = error_reply(client, errno.EINVAL, str(error))
        except (TargetError, Refused) as error:
            outcome = error_reply(client, error.code, error.text)
        return self._apply(outcome)

    def _run(self, client: Client, packet: bytes) -> Outcome:
        command = find(client, packet)
        if self.state is State.IDLE:
            if packet == b"?" and self._exit is not None:
                self._end_told = True
                return Reply(exit_reply(client, self._exit))
            if command is not None and not command.idle:
                raise Refused(
                    errno.ESRCH, "there is no program: it has ended, or was detached from"
                )
        return EMPTY if command is None else command.run(client, packet)

    def _make_client(self, packet: bytes) -> Client:
        peer = detect(packet)
        target = self._attach(self._view or peer)
        return Client(target, self._decisions, peer, lambda text: self._send(console_packet(text)))

    def _apply(self, outcome: Outcome) -> Action | None:
        match outcome:
            case Reply():
                if not self._misled:
                    self._send(outcome)
                return None
            case Text():
                self._text = outcome.texts
                return None
            case NoAcks():
                self._send(OK)
                self._link.acks = False
                return None
            case Go():
                return self._resume(outcome)
            case Detach():
                return self._detach(outcome)
            case Kill():
                self._end_told = True
                self._go(Happening.EXIT)
                self._send(Reply(outcome.reply))
                return outcome
            case Run():
                self._silent = outcome.silent
                self._go(Happening.RESUME)
                return outcome
            case Attach():
                return self._attach_again(outcome)
            case Quit():
                self._send(OK)
                self._go(Happening.CLOSE)
                return outcome

    def _detach(self, detach: Detach) -> Action | None:
        had_guest = self.state is State.STOPPED
        self._go(Happening.LET_GO if self.extended and had_guest else Happening.CLOSE)
        self._send(OK)
        return detach if had_guest else None

    def _attach_again(self, attach: Attach) -> Action | None:
        if self.state is State.STOPPED:
            self._send(error_reply(self._client, errno.EBUSY, "this client has the guest already"))
            return None
        self._go(Happening.RESUME)
        return attach

    def _resume(self, go: Go) -> Action | None:
        target = self._attached().target
        try:
            target.prepare_resume(go.request)
        except TargetError as error:
            self._go(Happening.RESUME)
            self.output(error.text + "\n")
            gdb = self._attached().peer is Dialect.GDB  # lldb wants a signal with every stop
            self.stopped(Signalled(Signal.NONE if gdb else Signal.TRAP))
            return None
        self._go(Happening.RESUME)
        return go

    def _answer(self, reply: Reply, text: str | None = None) -> None:
        """Send the reply that was owed, after a text for the user."""
        silent, self._silent = self._silent, False
        if not silent:
            if text is not None:
                self._send(console_packet(text))
            self._send(reply)

    def _attached(self) -> Client:
        assert self._client is not None, "a guest is resumed by a client"
        return self._client

    def _go(self, happening: Happening) -> None:
        self.state = _NEXT[self.state][happening]

    def _say(self) -> None:
        """Send what there is of a command's output, in as few packets as it takes."""
        text = "".join(self._said)
        self._said.clear()
        self._length = 0
        for start in range(0, len(text), _LONGEST_TEXT):
            self._send(console_packet(text[start : start + _LONGEST_TEXT]))

    def _send(self, reply: Reply) -> None:
        if self._said:
            self._say()
        if _packets.isEnabledFor(logging.DEBUG):
            _packets.debug("< %s", _shown(reply.contents))
        self._link.send(reply.contents)


def _shows_text(event: Event) -> bool:
    """Say whether a client that waits for the reply to a packet shows the text that comes before it."""
    return isinstance(event, Packet) and event.contents.startswith((b"vCont;", b"qRcmd,"))


def _shown(contents: bytes) -> str:
    text = contents[:400].decode("ascii", "backslashreplace")
    return text if len(contents) <= 400 else f"{text}... ({len(contents)} bytes)"
