"""What lldb is about to do, told from the order of its packets.

lldb's Wasm plugin gives every frame the same call frame address, so that lldb cannot tell frames of one
function apart, nor a call from a return.  Where the server knows better it can put that right, if it
knows whether a breakpoint or a step is the user's or part of lldb's own stepping.  lldb (22):

    finish             qMemoryRegionInfo of the return address, then Z0 there
    n, s, first        reads code from where it stands (for the next branch), then Z0, or vCont;s;
                       if it has read that code before, only the register pc before Z0
    n, s, from then on Z0 or vCont;s at a stop that it did not show, or it had asked jThreadsInfo
    thread until       the register pc, then Z0 where frame 0 returns to, then Z0 at each op to stop at
    a breakpoint, si   none of these, but `disassemble` may have read code before: a whole function, or
                       the pc is asked for between
"""

from __future__ import annotations

from gdbstub.target import Address, RawKind

_OWN = frozenset({RawKind.BREAKPOINT, RawKind.STEP})
"""Stops that a step of lldb's can go on from without showing them."""


class Intent:
    """What has been asked since the last stop, as far as it tells."""

    def __init__(self) -> None:
        self._kind = RawKind.ENTRY
        self._told = 0
        self._code_read = False
        self._disassembled = False
        self._returning: Address | None = None
        self._pc_read = False
        self._until = False

    def stopped(self, kind: RawKind) -> None:
        """The guest stopped."""
        self._kind = kind
        self._told = 0
        self.else_asked()

    def told(self) -> None:
        """The stop was described: first as the answer to the resume, then because it is shown."""
        self._told += 1
        self.else_asked()

    def code_read(self, *, function: bool) -> None:
        """Code was read, of exactly a `function` or not."""
        self.else_asked()
        self._code_read = True
        self._disassembled = function

    def register_read(self) -> None:
        """The register pc was read."""
        self._disassembled = self._code_read
        self._pc_read = not self._code_read

    def region_asked(self, address: Address) -> None:
        """The region of an address was asked for."""
        self.else_asked()
        self._returning = address

    def else_asked(self) -> None:
        """Anything else was asked."""
        self._code_read = self._disassembled = self._pc_read = self._until = False
        self._returning = None

    def inserted(self, *, until: bool) -> None:
        """A breakpoint was inserted, as part of a run until some line or not."""
        self.else_asked()
        self._until = until

    @property
    def may_step(self) -> bool:
        """Whether a breakpoint that comes may be part of a step over or into lines."""
        return self._code_read or self._going_on

    @property
    def steps(self) -> bool:
        """Whether a step that comes is part of one over or into lines."""
        return (self._code_read and not self._disassembled) or self._going_on

    @property
    def _going_on(self) -> bool:
        return self._told < 2 and self._kind in _OWN

    def until(self, *, returning: bool) -> bool:
        """Say whether a breakpoint that comes may be part of a run until some line.

        The first of these is where the innermost frame is `returning` to.
        """
        return self._until or (self._pc_read and returning)

    def finishing_at(self, address: int) -> bool:
        """Say whether a breakpoint here is part of a return to the caller."""
        return self._returning == address
