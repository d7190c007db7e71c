"""What a debugger can do wrong: the package's error tree, and what ends a guest on its behalf."""

from jit.runtime.errors import WasmtimeError


class DebugError(WasmtimeError):
    """A request to the debug interface that cannot be fulfilled; nothing has been changed."""


class StaleFrame(DebugError):
    """A frame handle was used after its store executed something."""

    def __init__(self) -> None:
        super().__init__("Frame handle is no longer valid")


class ForeignStore(DebugError):
    """Something was used with a store that it does not belong to."""

    def __init__(self, what: str = "Frame handle") -> None:
        super().__init__(f"{what} belongs to another store")


class ForeignModule(DebugError):
    """A breakpoint in a module of another engine, which the store cannot run."""

    def __init__(self) -> None:
        super().__init__("the module belongs to another engine")


class OutOfRange(DebugError, IndexError):
    """An index of a local, an operand, a global or a memory that does not exist."""

    def __init__(self, what: str, index: int, count: int) -> None:
        super().__init__(f"{what} index {index} is out of range: there are {count}")
        self.index = index
        self.count = count


class NotWritable(DebugError):
    """A value that this point of the code keeps in no place that could be written."""


class WrongType(DebugError, TypeError):
    """A value of another type than the place it is written to."""


class NoCode(DebugError):
    """A PC that lies in no function's code; `pc` is an offset in the module's bytes."""

    def __init__(self, pc: int) -> None:
        super().__init__(f"no function's code at offset {pc:#x} of the module")
        self.pc = pc


class CannotDivert(DebugError):
    """The guest cannot go on where its debugger wants it to; nothing has been changed."""


class Killed(BaseException):
    """Unwinds a guest that its debugger has killed, through all its activations."""
