"""What written registers mean when the client resumes.

So far they may not mean anything: calls made by gdb, `return` and `jump` write the pc, and are
refused in words.  A register written back as it was has left no trace and needs no meaning.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping

from gdbstub.target import TargetError
from gdbstub.views.x32 import description as d


def check_resume(written: Mapping[int, bytes]) -> None:
    """Refuse to resume with registers changed; nothing of the guest has been changed by them."""
    if not written:
        return
    names = ", ".join(d.REGISTERS[number].name for number in sorted(written))
    if d.RIP in written:
        raise TargetError(
            errno.ENOTSUP,
            "the pc was changed: jump, return and calls of functions are not supported",
        )
    raise TargetError(
        errno.ENOTSUP,
        f"{names} changed: registers of this machine are only shown, change variables instead",
    )
