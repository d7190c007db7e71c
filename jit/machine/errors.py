"""What can go wrong with a machine: one class, whose message says what was asked for."""


class MachineError(Exception):
    """A machine cannot do what was asked; `errno` is the system's number where it has one."""

    def __init__(self, message: str, errno: int = 0) -> None:
        super().__init__(message)
        self.errno = errno
