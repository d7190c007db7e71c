"""A guest program under the server: raw events of `jit.debug` become `Gate` events and verdicts.

A boundary that a view shows at several addresses is gone through here one address after the other,
while the guest stands still.  A request to interrupt that comes while an event is being decided is
served right after it; the engine's own stop for it, coming later, is a boundary like any other.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gdbstub.target import (
    Address,
    Dialect,
    Exit,
    Exited,
    Gate,
    RawKind,
    Signal,
    SystemCall,
    Target,
    TargetError,
    Terminated,
    Verdict,
)
from gdbstub.views.common.names import shown_name
from gdbstub.views.common.rendering import Interruption, RenderingFactory, Stage
from gdbstub.views.common.stops import Fault, Standing, fault_of
from gdbstub.views.common.syscalls import system_call
from jit import ExitTrap, InvalidFunction, Trap, WasmtimeError
from jit.debug import events
from jit.debug.debugger import Debugger

_HARMLESS = frozenset(
    {Signal.NONE, Signal.TRAP, Signal.CHLD, Signal.CONT, Signal.URG, Signal.WINCH}
)
"""Signals that do not end a process that handles none; TRAP is the debugger's own."""

INVALID = 2
"""The exit code of a guest whose code is not valid: the command line's for a mistake."""

_log = logging.getLogger("gdbstub.guest")


class _Delivered(BaseException):
    """Unwinds a guest that its client ended with a signal."""


class ProgramGuest:
    """One run of one program: a `gdbstub.target.Guest`."""

    def __init__(
        self,
        debugger: Debugger,
        start: Callable[[], object],
        name: str,
        renderings: Mapping[Dialect, RenderingFactory],
        dialect: Dialect = Dialect.GDB,
        path: str | None = None,
        arguments: tuple[str, ...] = (),
        paths: Mapping[object, str] | None = None,
        complete: bool = False,
    ) -> None:
        """Prepare to run `start`, which executes guest code in the debugger's store.

        `dialect` is the one whose addresses events carry until a client comes; `path` is the
        absolute one of the program's file, `arguments` what it is given, its name first; `paths` are
        those of all modules read from files, `complete` if there will never be others.
        """
        self._debugger = debugger
        self._start = start
        self._interruption = Interruption(debugger)
        stage = Stage(
            debugger, self._interruption, shown_name(name), path, arguments, paths or {}, complete
        )
        self._renderings = {key: factory(stage) for key, factory in renderings.items()}
        self._dialect = dialect
        self._view = self._renderings[dialect]
        self._standing = Standing(RawKind.ENTRY, self._view.outside())
        self._gate: Gate
        self._hits: dict[Address, Standing] = {}
        self._quiet: tuple[int, Sequence[range]] | None = None
        self._indices: dict[object, int] = {}
        self._entered = False
        self._killer = Signal.NONE

    def run(self, gate: Gate) -> Exit:
        """Run the program to its end; see `Guest`. `TargetError` where it cannot even start."""
        self._gate = gate
        self._debugger.step(True)
        try:
            return self._run()
        except _Delivered:
            return Terminated(self._killer)

    def _run(self) -> Exit:
        try:
            self._debugger.run(self._start, self._handle)
        except ExitTrap as end:
            return Exited(end.code & 0xFF)
        except InvalidFunction as error:
            _log.error("%s", error)
            self._fault(Fault(Signal.ILL, str(error)))
            return Exited(INVALID)
        except WasmtimeError as error:
            if not self._entered:
                raise TargetError(errno.ENOEXEC, str(error)) from None
            _log.error("%s", error)
            self._fault(Fault(Signal.ABRT, str(error)))
            return Terminated(Signal.ABRT)
        except Trap as trap:
            if self._killer is Signal.NONE:  # no event told of it: no guest code ran yet
                self._fault(fault_of(self._debugger, events.Trap(trap.trap_code, trap.reason)))
            return Terminated(self._killer)
        return Exited(0)

    def interrupt(self) -> None:
        """Make a running guest stop; see `Guest`."""
        self._interruption.request()

    def view(self, dialect: Dialect) -> Target:
        """Return the view for a client and speak its addresses from now on; see `Guest`."""
        view = self._renderings[dialect]
        self._dialect = dialect
        if view is not self._view:
            self._view = view
            view.stand(replace(self._standing, address=self._address()))
        return view

    # Events, on the worker thread

    def _handle(self, event: events.DebugEvent) -> None:
        match event:
            case events.Breakpoint(module=module, pc=pc):
                place = self._index_of(module), pc
                self._boundary(place, None if self._entered else RawKind.ENTRY)
            case events.Interrupt(in_host_call=False):
                kind = RawKind.INTERRUPT if self._interruption.wanted else None
                self._boundary(self._place(), kind)
            case events.Interrupt():
                if self._interruption.wanted:
                    self._in_host_call(Standing(RawKind.INTERRUPT, self._address()))
            case events.Watched(hits=hits):
                standing = Standing(RawKind.WATCH, self._address(), hits=hits)
                self._go_on(self._ask(standing))
            case events.HostCall(name=name, returned=returned):
                number = system_call(name)
                if number is not None:
                    call = SystemCall(number, returned)
                    kind = RawKind.SYSTEM_CALL
                    self._in_host_call(Standing(kind, self._address(), call=call))
            case events.ModuleRegistered():
                if self._entered:
                    self._in_host_call(Standing(RawKind.LIBRARY, self._address()))
            case events.HostcallError(error=ExitTrap()):
                pass  # the guest ends itself: no fault
            case events.Trap() | events.HostcallError():
                self._fault(fault_of(self._debugger, event))

    def _boundary(self, place: tuple[int, int] | None, first: RawKind | None) -> None:
        """Go through the addresses of a boundary; `first` is what the first of them is at least."""
        if place is None:
            return
        view = self._view
        stepping = self._debugger.stepping
        verdict: Verdict | None = None
        points = view.points(*place)
        at = 0
        while at < len(points):
            point = points[at]
            at += 1
            if first is not RawKind.ENTRY and point.hit:
                kind = RawKind.BREAKPOINT
            elif first is not None:
                kind = first
            elif stepping:
                kind = RawKind.STEP
            else:
                continue
            first = None
            self._entered = True
            verdict = self._ask(self._standing_at(kind, point.address))
            stepping = verdict.stepping
            if self._view is not view:
                break  # the new client has been shown the op's own address
            if verdict.parked:  # breakpoints may have come and gone
                points = view.points(*place)
                at = sum(other.address <= point.address for other in points)
        if verdict is not None:
            self._go_on(verdict)
            if not (verdict.stepping or verdict.parked):
                self._pass([point.address for point in points if point.hit])
        elif view.coasting:
            self._debugger.step(False)

    def _pass(self, hits: Sequence[Address]) -> None:
        """Have the engine ask for a condition that was false: it comes by again, often soon."""
        passes = self._gate.passing(hits[0], self._view) if len(hits) == 1 else None
        if passes is None:
            return
        standing = self._standing_at(RawKind.BREAKPOINT, hits[0])
        stand = self._view.stand

        def passed() -> bool:
            stand(standing)
            return passes()

        self._debugger.pass_while(passed)

    def _go_on(self, verdict: Verdict) -> None:
        """Step or run as a verdict says: at full speed where its steps need not be reported."""
        if verdict.parked:
            self._debugger.pass_nothing()
            low, high = verdict.quiet_low, verdict.quiet_high
            self._quiet = self._view.quiet(Address(low), Address(high)) if high else None
        stepping = verdict.stepping and not self._view.coasting
        self._debugger.step(stepping, self._quiet if stepping else None)

    def _standing_at(self, kind: RawKind, address: Address) -> Standing:
        """Return a standing without more to it; breakpoints with false conditions come by often."""
        if kind is not RawKind.BREAKPOINT:
            return Standing(kind, address)
        standing = self._hits.get(address)
        if standing is None:
            standing = self._hits[address] = Standing(kind, address)
        return standing

    def _in_host_call(self, standing: Standing) -> None:
        self._go_on(self._ask(standing))

    def _fault(self, fault: Fault) -> None:
        address = self._address()
        if not self._entered:
            self._entered = True
            self._event(Standing(RawKind.ENTRY, address))
        verdict = self._ask(Standing(RawKind.TRAP, address, fault))
        self._killer = Signal(verdict.signal) if verdict.signal else fault.signal

    def _ask(self, standing: Standing) -> Verdict:
        """Pass an event to the gate, and an interruption that was asked for meanwhile."""
        verdict = self._event(standing)
        if self._interruption.wanted and not verdict.parked:
            verdict = self._event(replace(standing, kind=RawKind.INTERRUPT))
        return verdict

    def _event(self, standing: Standing) -> Verdict:
        if standing.kind is RawKind.INTERRUPT:
            self._interruption.served()
        self._standing = standing
        self._view.stand(standing)
        verdict = self._gate.event(standing.kind, standing.address, self._view)
        if verdict.parked:
            verdict = self._divert(verdict, standing)
        if standing.kind is not RawKind.TRAP and verdict.signal not in _HARMLESS:
            self._killer = Signal(verdict.signal)
            raise _Delivered
        return verdict

    def _divert(self, verdict: Verdict, standing: Standing) -> Verdict:
        """Run what the client calls, each call ending in a stop of its own where the guest stands."""
        while not isinstance(onward := self._view.divert(verdict), Verdict):
            self._standing = replace(standing, kind=RawKind.BREAKPOINT, fault=None)
            self._view.stand(self._standing)
            verdict = self._gate.event(RawKind.BREAKPOINT, onward, self._view)
        return onward

    def _index_of(self, module: object) -> int:
        """Return a module's number in order of registration."""
        index = self._indices.get(module)
        if index is None:
            self._indices = {known.module: known.index for known in self._debugger.modules()}
            index = self._indices[module]
        return index

    def _place(self) -> tuple[int, int] | None:
        """Return the innermost frame's module and PC; None where no guest code is on the stack."""
        frame = self._debugger.frame(0)
        if frame is None:
            return None
        place = frame.wasm_function_index_and_pc()
        return None if place is None else (self._debugger.module_of(frame).index, place[1])

    def _address(self) -> Address:
        place = self._place()
        return self._view.outside() if place is None else self._view.address(*place)
