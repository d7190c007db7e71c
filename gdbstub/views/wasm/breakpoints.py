"""Breakpoints at code addresses: where each stands, and at which addresses a boundary is shown.

A breakpoint may be asked for anywhere in a function's body.  It stands at the first op from there on
and is reported where it was asked for, because lldb (22) takes a stop at any other address for a stray
signal.  lldb asks for addresses before the first op: a function's symbol is its declarations of locals.

lldb cannot tell frames of one function apart (see `intent`), so that in recursion a step over or out of
a call would end in whichever frame comes by first.  Hence a breakpoint that lldb inserts to that end is
for one frame: frames inside it do not hit it, until it has been hit once.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, field

from gdbstub.target import Address, BreakpointKind, TargetError
from gdbstub.views.common.rendering import Point
from gdbstub.views.wasm.addresses import Kind, encode
from gdbstub.views.wasm.image import CodeImage
from jit import WasmtimeError
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError


@dataclass(slots=True)
class _Breakpoint:
    """One that the client inserted: `stands` is the PC of its op.

    `awaits` is the stack offset of the frame it is kept for, None for every frame.
    """

    address: int
    module: int
    pc: int
    stands: int
    awaits: int | None
    kinds: set[BreakpointKind] = field(default_factory=set)


class Breakpoints:
    """What the client inserted, by address."""

    def __init__(
        self,
        debugger: Debugger,
        image_at: Callable[[int], tuple[CodeImage, int] | None],
    ) -> None:
        """`image_at` finds the module and PC of an address."""
        self._debugger = debugger
        self._image_at = image_at
        self._inserted: dict[int, _Breakpoint] = {}
        self._standing: dict[tuple[int, int], list[_Breakpoint]] = {}
        self._removed: dict[int, int | None] = {}
        """Addresses removed since the guest last ran on, and what they awaited.

        To go on from a breakpoint, lldb removes it, steps, and inserts it again.
        """
        self._stepped = False

    def insert(
        self, kind: BreakpointKind, address: int, awaits: int | None = None, *, fresh: bool = True
    ) -> None:
        """Insert one for every frame or for that at stack offset `awaits`; twice is once.

        Unless it is known to be `fresh`, one that was only stepped off is for whom it was before.
        `TargetError` outside functions.
        """
        known = self._inserted.get(address)
        if known is None:
            if not fresh and self._stepped and address in self._removed:
                awaits = self._removed[address]
            known = self._insert(address, awaits)
        known.kinds.add(kind)

    def _insert(self, address: int, awaits: int | None) -> _Breakpoint:
        found = self._image_at(address)
        if found is None:
            raise TargetError(errno.EFAULT, f"0x{address:x} is no code address")
        module, pc = found[0].code.module.index, found[1]
        try:
            stands = self._debugger.set_breakpoint(module, pc)
        except (DebugError, WasmtimeError) as error:
            raise TargetError(errno.EFAULT, f"0x{address:x}: {error}") from error
        inserted = _Breakpoint(address, module, pc, stands, awaits)
        self._inserted[address] = inserted
        self._standing.setdefault((module, stands), []).append(inserted)
        return inserted

    def remove(self, kind: BreakpointKind, address: int) -> None:
        """Remove one; none is no error."""
        known = self._inserted.get(address)
        if known is None:
            return
        known.kinds.discard(kind)
        if known.kinds:
            return
        del self._inserted[address]
        self._debugger.clear_breakpoint(known.module, known.pc)
        others = self._standing[known.module, known.stands]
        others.remove(known)
        if not others:
            del self._standing[known.module, known.stands]
        self._removed[address] = known.awaits
        self._stepped = False

    def set_goal(self, module: int, pc: int) -> None:
        """Make a boundary stop the guest, unknown to the client."""
        self._debugger.set_breakpoint(module, pc)

    def clear_goal(self, module: int, pc: int) -> None:
        """Undo `set_goal`."""
        if encode(Kind.CODE, module, pc) not in self._inserted:
            self._debugger.clear_breakpoint(module, pc)

    def resumes(self, *, stepping: bool) -> None:
        """Take note that the guest is resumed."""
        self._stepped = stepping
        if not stepping:
            self._removed.clear()

    def clear(self) -> None:
        """Remove all."""
        self._debugger.clear_breakpoints()
        self._inserted.clear()
        self._standing.clear()
        self._removed.clear()

    def kind(self, address: int) -> BreakpointKind | None:
        """Return the kind that a stop at `address` is reported as; None if the client has none there."""
        known = self._inserted.get(address)
        return None if known is None else min(known.kinds)

    def points(self, module: int, pc: int) -> tuple[Point, ...]:
        """Return the addresses a boundary is shown at; see `Rendering.points`."""
        address = encode(Kind.CODE, module, pc)
        standing = self._standing.get((module, pc))
        if standing is None:
            return (Point(address, hit=False),)
        hits = {known.address for known in standing if self._is_hit(known)}
        return tuple(Point(Address(at), at in hits) for at in sorted({*hits, address}))

    def _is_hit(self, known: _Breakpoint) -> bool:
        if known.awaits is None:
            return True
        frame = self._debugger.frame(0)
        if frame is not None and frame.stack_offset > known.awaits:
            return False
        known.awaits = None
        return True
