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
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from gdbstub.target import Address, BreakpointKind, TargetError
from gdbstub.views.common.loops import Loops
from gdbstub.views.common.rendering import Point
from gdbstub.views.wasm.addresses import Kind, encode
from gdbstub.views.wasm.image import CodeImage
from jit import WasmtimeError
from jit.debug.debugger import Debugger
from jit.debug.errors import DebugError


@dataclass(slots=True)
class _Breakpoint:
    """One that the client inserted: `stands` are the PCs of its op, and of a loop's head if it is a loop.

    Past the last op of a function it stands nowhere.  `awaits` is the stack offset of the frame it is
    kept for, None for every frame.
    """

    address: int
    module: int
    pc: int
    stands: tuple[int, ...]
    awaits: int | None
    kinds: set[BreakpointKind] = field(default_factory=set)


class Breakpoints:
    """What the client inserted, by address."""

    def __init__(
        self,
        debugger: Debugger,
        image_at: Callable[[int], tuple[CodeImage, int] | None],
        loops: Loops,
    ) -> None:
        """`image_at` finds the module and PC of an address."""
        self._debugger = debugger
        self._image_at = image_at
        self._loops = loops
        self._inserted: dict[int, _Breakpoint] = {}
        self._standing: dict[tuple[int, int], list[_Breakpoint]] = {}
        self._removed: dict[int, int | None] = {}
        """Addresses removed since the guest last ran on, and what they awaited.

        To go on from a breakpoint, lldb removes it, steps, and inserts it again.
        """
        self._stepped = False
        self._set: Counter[tuple[int, int]] = Counter()
        """How often the engine was asked to stop at a PC."""

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
        # A step over a function's last line has its breakpoint behind the function.
        behind = awaits is not None and pc in found[0].code.ends
        inserted = _Breakpoint(
            address, module, pc, () if behind else self._stand(address, module, pc), awaits
        )
        self._inserted[address] = inserted
        for at in inserted.stands:
            self._standing.setdefault((module, at), []).append(inserted)
        return inserted

    def _stand(self, address: int, module: int, pc: int) -> tuple[int, ...]:
        try:
            op = self.set_goal(module, pc)
        except (DebugError, WasmtimeError) as error:
            raise TargetError(errno.EFAULT, f"0x{address:x}: {error}") from error
        head = self._loops.head(module, op)
        return (op,) if head is None else (op, self.set_goal(module, head))

    def remove(self, kind: BreakpointKind, address: int) -> None:
        """Remove one; none is no error."""
        known = self._inserted.get(address)
        if known is None:
            return
        known.kinds.discard(kind)
        if known.kinds:
            return
        del self._inserted[address]
        for asked, at in zip((known.pc, *known.stands[1:]), known.stands, strict=False):
            self.clear_goal(known.module, asked)
            others = self._standing[known.module, at]
            others.remove(known)
            if not others:
                del self._standing[known.module, at]
        self._removed[address] = known.awaits
        self._stepped = False

    def set_goal(self, module: int, pc: int) -> int:
        """Make the boundary at or after a PC stop the guest, and return where that is.

        The client knows nothing of it. To be undone as often as done.
        """
        stands = self._debugger.set_breakpoint(module, pc)
        self._set[module, pc] += 1
        return stands

    def clear_goal(self, module: int, pc: int) -> None:
        """Undo `set_goal`, with the same PC."""
        self._set[module, pc] -= 1
        if not self._set[module, pc]:
            del self._set[module, pc]
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
        self._set.clear()

    def kind(self, address: int) -> BreakpointKind | None:
        """Return the kind that a stop at `address` is reported as; None if the client has none there."""
        known = self._inserted.get(address)
        return None if known is None else min(known.kinds)

    def points(self, module: int, pc: int) -> tuple[Point, ...]:
        """Return the addresses a boundary is shown at; see `Rendering.points`."""
        own = encode(Kind.CODE, module, pc)
        standing = self._standing.get((module, pc))
        back = self._loops.come_back_to(module, pc) is not None
        if standing is None:
            return (Point(own, hit=False),)
        # One that was asked for at a loop's op is hit at its head by what comes back.
        hits = {
            known.address
            for known in standing
            if (back or known.stands[0] == pc) and self._is_hit(known)
        }
        return tuple(Point(Address(at), at in hits) for at in sorted({*hits, own}))

    def _is_hit(self, known: _Breakpoint) -> bool:
        if known.awaits is None:
            return True
        frame = self._debugger.frame(0)
        if frame is not None and frame.stack_offset > known.awaits:
            return False
        known.awaits = None
        return True
