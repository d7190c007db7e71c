"""Objects that can be closed, as those of the `wasmtime` package can: by `close`, or by a `with`."""

from typing import Self


class Closable:
    """Something that needs no closing: what it holds goes when nothing refers to it any more."""

    __slots__ = ()

    def close(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
