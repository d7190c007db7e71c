"""Which raw events a client hears of: false conditions, steps within a range and stale interrupts
it does not, nor anything while no client is attached.

`decide` runs on the worker thread at every raw event, thousands of times a second while a condition
is false or a line is stepped over, so it makes no values of its own. Everything else is called on
the server's thread while the guest stands still, but for the flags `attached` and `interrupting`,
which are set at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from gdbstub.agent import AgentError, Command, Condition
from gdbstub.target import (
    Address,
    BreakpointKind,
    RangeStep,
    RawKind,
    Reader,
    ResumeRequest,
    Step,
    TargetError,
    Verdict,
)

_log = logging.getLogger("gdbstub.policy")

GO_ON = Verdict(stepping=False)
STEP_ON = Verdict(stepping=True)
_BREAKPOINT, _STEP, _INTERRUPT = RawKind.BREAKPOINT, RawKind.STEP, RawKind.INTERRUPT

_Site: TypeAlias = tuple[tuple[Condition, ...], tuple[Command, ...]]


class Policy:
    """Decides for one guest. `show` takes the text that breakpoint commands print."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self.attached = True  # a client is there to hear of stops
        self.interrupting = False  # an INTERRUPT is wanted
        self._show = show
        self._sites: dict[Address, dict[BreakpointKind, _Site]] = {}
        self._onward = GO_ON  # how to go on when nobody is told

    def insert(
        self,
        kind: BreakpointKind,
        address: Address,
        conditions: tuple[Condition, ...],
        commands: tuple[Command, ...],
    ) -> None:
        """Set what decides at a breakpoint, instead of what was set before."""
        self._sites.setdefault(address, {})[kind] = conditions, commands

    def remove(self, kind: BreakpointKind, address: Address) -> None:
        """Forget a breakpoint; one that is not there is no error."""
        site = self._sites.get(address)
        if site is not None and site.pop(kind, None) is not None and not site:
            del self._sites[address]

    def clear(self) -> None:
        """Forget all breakpoints."""
        self._sites.clear()

    def begin(self, request: ResumeRequest) -> Verdict:
        """Take a resume request, and return how the parked guest starts."""
        if isinstance(request, RangeStep):
            self._onward = Verdict(True, quiet_low=request.low, quiet_high=request.high)
        else:
            self._onward = STEP_ON if isinstance(request, Step) else GO_ON
        self.interrupting = False
        return replace(self._onward, parked=True, signal=request.signal)

    def decide(self, kind: RawKind, pc: Address, reader: Reader) -> Verdict | None:
        """Return how the guest goes on, or None: it stops and the client is told."""
        if not self.attached:
            return GO_ON
        if kind is _BREAKPOINT:
            if self._hit(pc, reader):
                return None
        elif kind is _INTERRUPT:
            return None if self.interrupting else self._onward
        elif kind is not _STEP:
            return None
        # A step has ended here, whether at a breakpoint whose condition is false or not.
        onward = self._onward
        if onward.stepping and not onward.quiet_low <= pc < onward.quiet_high:
            return None
        return onward

    def passing(self, pc: Address, reader: Reader) -> Callable[[], bool] | None:
        """Return what says whether a breakpoint's hit comes to nothing now; see `Gate`."""
        kinds = tuple(self._sites.get(pc, {}).values())
        if len(kinds) != 1 or not kinds[0][0] or kinds[0][1]:
            return None
        conditions = kinds[0][0]
        if len(conditions) > 1:
            return lambda: not self._any_true(conditions, reader)
        condition = conditions[0]

        def passes() -> bool:
            try:
                return not condition(reader)
            except (AgentError, TargetError):
                return False  # the event comes, and finds out again

        return passes

    def _hit(self, pc: Address, reader: Reader) -> bool:
        site = self._sites.get(pc)
        if site is None:
            return True
        stops = False
        for conditions, commands in site.values():
            if not conditions or self._any_true(conditions, reader):
                if not commands:
                    stops = True
                for command in commands:
                    self._run(command, reader)
        return stops

    @staticmethod
    def _any_true(conditions: tuple[Condition, ...], reader: Reader) -> bool:
        for condition in conditions:
            try:
                if condition(reader):
                    return True
            except (AgentError, TargetError):
                return True  # as gdbserver does: gdb evaluates it again and reports the error
        return False

    def _run(self, command: Command, reader: Reader) -> None:
        try:
            text = command(reader)
        except (AgentError, TargetError) as error:
            _log.info("a breakpoint's command failed: %s", error)
            text = f"(cannot print: {error})\n"
        if text:
            self._show(text)
