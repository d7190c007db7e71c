"""The state of one WASI program: its arguments, its descriptors, how it waits.

What a function does is in the modules that are named after its family; all of them take this.
"""

from dataclasses import dataclass, field

from jit.wasi.descriptors import DescriptorTable
from jit.wasi.waiting import Waiter


@dataclass(slots=True, weakref_slot=True, eq=False)
class Wasi:
    """One program's view of its system; `arguments` and `environment` end without a null."""

    arguments: tuple[bytes, ...]
    environment: tuple[bytes, ...]
    descriptors: DescriptorTable
    waiter: Waiter
    interrupted_sleep: tuple[bytes, int] | None = field(default=None)
    """The subscriptions of a poll that was interrupted, and the monotonic time it began at."""
