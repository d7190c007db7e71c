"""The facade a debugger's views stand on: one guest, its stops, and everything they may ask for.

All but `interrupt` is called while the guest stands still: from the handler that `run` was given, or
from another thread while that handler waits for it, or when nothing runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jit.debug.boundaries import BoundaryKind
from jit.debug.core import DebugCore
from jit.debug.errors import Killed, OutOfRange
from jit.debug.events import DebugEvent
from jit.debug.frames import FrameHandle
from jit.runtime.instance import Instance
from jit.runtime.memory import Memory
from jit.runtime.module import Module
from jit.runtime.store import Store
from jit.wasm.module import ModuleInfo
from jit.wasm.types import GlobalType

Result = TypeVar("Result")
Handler = Callable[[DebugEvent], None]

OWNER = "debugger"
"""The owner of the facade's breakpoints; an embedder's own are not touched by it."""


@dataclass(frozen=True, slots=True)
class RegisteredModule:
    """A module of the store; `index` counts in registration order and never changes."""

    index: int
    module: Module
    info: ModuleInfo


class Debugger:
    """One store under a debugger.

    `module` arguments are indices in registration order, `pc` offsets in that module's bytes.
    """

    def __init__(self, store: Store) -> None:
        """Attach to a store whose engine has guest debugging on; DebugError otherwise."""

    # Running

    def run(self, call: Callable[[], Result], handler: Handler) -> Result:
        """Call `call`, which runs guest code in the store, on this thread; return what it returns.

        `handler` gets every event; the guest goes on when it returns. What `handler` raises unwinds
        the guest. `Killed` passes through; so do the guest's Trap and ExitTrap.
        """

    @property
    def event(self) -> DebugEvent | None:
        """The event the guest stands at; None while it runs and when nothing runs."""

    def step(self, on: bool) -> None:
        """Switch single-step mode: a Breakpoint event at every boundary, function entries included."""

    @property
    def stepping(self) -> bool:
        """Whether single-step mode is on."""

    def interrupt(self) -> None:
        """Make a running guest stop with an Interrupt event. From any thread.

        When nothing runs, the next run stops at its first boundary.
        """

    def kill(self) -> None:
        """Make the guest end instead of going on: `run` raises Killed when the handler returns.

        From any thread; a guest that runs is stopped first, without an event.
        """

    # Modules

    def modules(self) -> Sequence[RegisteredModule]:
        """Return the store's modules in registration order; a list that only ever grows."""

    def module_of(self, frame: FrameHandle) -> RegisteredModule:
        """Return the module of a frame."""

    def instances(self) -> Sequence[Instance]:
        """Return the store's instances, in order of creation."""

    # Code

    def boundary_kind(self, module: int, pc: int) -> BoundaryKind | None:
        """Say what lies at a PC; None outside every function's code."""

    def boundary(self, module: int, pc: int) -> int | None:
        """Return the first op boundary at or after a PC within its function; None outside functions."""

    def boundaries(self, module: int, defined_index: int) -> Sequence[int]:
        """Return the PCs of a function's ops, ascending, dead code included."""

    def function_at(self, module: int, pc: int) -> int | None:
        """Return the defined index of the function whose code holds a PC."""

    def set_breakpoint(self, module: int, pc: int) -> int:
        """Set a breakpoint and return where it stands: `pc`, or the next boundary of its function.

        Twice is once. NoCode outside every function.
        """

    def clear_breakpoint(self, module: int, pc: int) -> None:
        """Remove the breakpoint that was asked for at `pc`; none is no error."""

    def clear_breakpoints(self) -> None:
        """Remove all breakpoints that were set here."""

    # Frames

    def frames(self) -> Iterator[FrameHandle]:
        """Walk the frames, innermost first, from activation to activation."""

    def frame(self, index: int) -> FrameHandle | None:
        """Return frame `index`, 0 the innermost; None past the outermost.

        Costs the walk to the farthest frame asked for since the guest last ran, once, without an
        object a frame.
        """

    def depth(self) -> int:
        """Count the frames. Costs the walk of them all."""

    # State

    def read_memory(self, instance: Instance, index: int, address: int, length: int) -> bytes:
        """Read a memory of an instance: up to `length` bytes, fewer where the memory ends."""

    def write_memory(self, instance: Instance, index: int, address: int, data: bytes) -> None:
        """Write all of `data`; OutOfRange, and nothing written, where it does not fit."""

    def memory(self, instance: Instance, index: int) -> Memory:
        """Return a memory by its index, imports first, exported or not; OutOfRange for none."""

    def global_type(self, instance: Instance, index: int) -> GlobalType:
        """Return a global's type; OutOfRange for none."""

    def global_bits(self, instance: Instance, index: int) -> int:
        """Return the bit pattern of a global; of a reference, the word that stands for it."""

    def set_global_bits(self, instance: Instance, index: int, bits: int) -> None:
        """Write the bit pattern of a number global, immutable ones too."""
