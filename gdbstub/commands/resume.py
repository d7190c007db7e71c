"""Resuming: vCont with its actions a thread, and the plain packets lldb prefers."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from functools import lru_cache

from gdbstub.commands.outcome import Go, Outcome, Refused, Reply
from gdbstub.commands.parse import thread as parse_thread
from gdbstub.commands.state import Client
from gdbstub.rsp import FieldError, hex_number
from gdbstub.target import Address, Continue, RangeStep, Signal, Step, ThreadId

_ALL = -1
_SIGNALS = frozenset(Signal)


@dataclass(frozen=True, slots=True)
class Action:
    """One action of vCont: `letter` is c, s or r; `thread` -1 is all."""

    letter: str
    thread: int = _ALL
    signal: int = 0
    low: int = 0
    high: int = 0


def supported(client: Client, _: None) -> Outcome:
    """`vCont?`."""
    return Reply(b"vCont;c;C;s;S;r")


@lru_cache(maxsize=32)  # a client that steps says the same again and again
def parse_actions(rest: bytes) -> tuple[Action, ...]:
    """Take `action[:thread]` with semicolons between them."""
    return tuple(_parse_action(part) for part in rest.split(b";") if part)


def _parse_action(part: bytes) -> Action:
    text, colon, thread = part.partition(b":")
    number = parse_thread(thread) if colon else _ALL
    letter, fields = text[:1], text[1:]
    if letter in (b"c", b"s") and not fields:
        return Action(letter.decode(), number)
    if letter in (b"C", b"S"):
        return Action(letter.decode().lower(), number, parse_signal(fields))
    if letter == b"r":
        low, comma, high = fields.partition(b",")
        if comma:
            return Action("r", number, 0, hex_number(low), hex_number(high))
    raise FieldError(f"{part[:40]!r} is no action of vCont")


def resume(client: Client, actions: tuple[Action, ...]) -> Outcome:
    """`vCont`: the leftmost action that names a thread is that thread's.

    One thread runs at a time, so a thread that steps is the one resumed.
    """
    for action in actions:
        if action.thread > 0:
            client.find_thread(action.thread)
    chosen: Go | None = None
    for thread in client.target.threads():
        for action in actions:
            if action.thread in (_ALL, 0, thread.id):
                if action.letter != "c":
                    return _go(action, thread.id)
                if chosen is None or action.signal:
                    chosen = _go(action, thread.id)
                break
    if chosen is None:
        raise Refused(errno.EINVAL, "vCont resumes no thread")
    return chosen


def _go(action: Action, thread: ThreadId) -> Go:
    if action.letter == "r":
        return Go(RangeStep(thread, Address(action.low), Address(action.high), action.signal))
    if action.letter == "s":
        return Go(Step(thread, action.signal))
    return Go(Continue(thread, action.signal))


def parse_signal(rest: bytes) -> int:
    """Take a signal, and no address to resume at: no client sends one."""
    signal = hex_number(rest)
    if signal not in _SIGNALS:
        raise FieldError(f"there is no signal {signal}")
    return signal


def continue_(client: Client, _: None) -> Outcome:
    """`c`."""
    return Go(Continue(client.thread))


def continue_with(client: Client, signal: int) -> Outcome:
    """`C`."""
    return Go(Continue(client.thread, signal))


def step(client: Client, _: None) -> Outcome:
    """`s`."""
    return Go(Step(client.thread))


def step_with(client: Client, signal: int) -> Outcome:
    """`S`."""
    return Go(Step(client.thread, signal))
