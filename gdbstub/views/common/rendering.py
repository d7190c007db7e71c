"""What the guest asks of the view that is in use, besides its being a `Target`; and what it gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from gdbstub.target import Address, Reader, Target, Verdict
from gdbstub.views.common.stops import Standing
from jit.debug.debugger import Debugger


class Interruption:
    """A request to stop: made on any thread, served by any stop that a client is told of."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self.wanted = False

    def request(self) -> None:
        """Ask for a stop."""
        self.wanted = True
        self._debugger.interrupt()

    def served(self) -> None:
        """Forget the request. A stop of the engine that still comes for it means nothing."""
        self.wanted = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What a view stands on. `name` is the program's, for lists of threads and of files.

    `path` is where the first module was read from, absolute; None if it came from no file.
    `arguments` are those of the program, its name first; `paths` are those of all modules that were read
    from files, absolute, the program's first; `complete`: there will never be other modules.
    A view calls `interruption.served()` whenever it describes a stop.
    """

    debugger: Debugger
    interruption: Interruption
    name: str
    path: str | None = None
    arguments: tuple[str, ...] = ()
    paths: Mapping[object, str] = field(default_factory=dict)
    complete: bool = False

    @property
    def alone(self) -> bool:
        """Whether the program's module is the only one there will ever be."""
        return self.complete and len(self.paths) <= 1


class CallAbandoned(BaseException):
    """Unwinds the calls made by a client from a level on: it has gone back to where it made them.

    `verdict` is how the guest goes on there.
    """

    def __init__(self, level: int, verdict: Verdict) -> None:
        super().__init__()
        self.level = level
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Point:
    """One address at which a boundary is shown; `hit` if a breakpoint was inserted for it."""

    address: Address
    hit: bool


class Rendering(Target, Reader, Protocol):
    """A view as the guest drives it. Called on the worker thread, the guest standing still."""

    def points(self, module: int, pc: int) -> Sequence[Point]:
        """Return the addresses that the boundary at `pc` is shown at, in order; the last is the op's.

        Each is a stop of its own: the guest takes them one after the other without moving. None at
        all: the guest goes on whatever was asked of it.
        """
        ...

    @property
    def coasting(self) -> bool:
        """Whether the step under way goes on at full speed until a boundary is hit; asked after `points`."""
        ...

    def quiet(self, low: Address, high: Address) -> tuple[int, Sequence[range]] | None:
        """Return where a step over [low, high) need not stop: a module and PCs of it.

        Asked when it begins, the guest standing where it does so; None: it stops everywhere.
        """
        ...

    def address(self, module: int, pc: int) -> Address:
        """Return the address of a PC."""
        ...

    def outside(self) -> Address:
        """Return the address shown while no guest code is on the stack."""
        ...

    def divert(self, verdict: Verdict) -> Verdict | Address:
        """Run the guest function that the client asked for, if it did, before the guest goes on.

        Return how to go on, or the address at which the function has returned and the client is to
        be told.  Whatever ends or unwinds the guest passes through.
        """
        ...

    def stand(self, standing: Standing) -> None:
        """Take note of a new raw event: what was known of frames and registers is out of date."""
        ...


RenderingFactory: TypeAlias = Callable[[Stage], Rendering]
