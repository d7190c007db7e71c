"""Objects that can be closed, as those of the `wasmtime` package can: by `close`, or by a `with`."""

from typing import Self


class Closable:
    """Something that may be closed: what it holds goes when nothing refers to it any more."""

    closed = False

    def close(self) -> None:
        """Let all further use raise ValueError; once more has no effect."""
        self.closed = True

    def check_open(self) -> None:
        """Raise ValueError for what has been closed."""
        if self.closed:
            raise ValueError("already closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
