"""Documents and files that a client reads from its target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gdbstub.target import Address


@runtime_checkable
class Features(Protocol):
    """A target description (`qXfer:features:read`)."""

    def features_xml(self, annex: str) -> bytes:
        """Return the XML of an annex, `target.xml` first; `TargetError` for an unknown one."""
        ...


@runtime_checkable
class ExecFile(Protocol):
    """The path of the program (`qXfer:exec-file:read`), to be opened through `ServedFiles`."""

    def exec_file(self) -> str:
        """Return the absolute path, as the client shall name it."""
        ...


@runtime_checkable
class Libraries(Protocol):
    """The modules loaded (`qXfer:libraries:read`)."""

    def libraries_xml(self) -> bytes:
        """Return the `<library-list>` document."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedObject:
    """A module besides the program's first, as gdb is told of a shared library on Linux.

    `path` is to be opened through `ServedFiles`; `bias` is added to the addresses in that file.
    `link_map` is an address of the object's own, never 0; the client only compares it.
    """

    path: str
    link_map: Address
    bias: int = 0


@runtime_checkable
class LoadedObjects(Protocol):
    """The further modules (`qXfer:libraries-svr4:read`), in order of registration.

    A stop after which there are more is told with the field `library`.
    """

    def loaded_objects(self) -> Sequence[LoadedObject]:
        """List the modules but for the program's first."""
        ...


@runtime_checkable
class ServedFiles(Protocol):
    """Files the view makes up, served read-only (`vFile`): never the host's."""

    def served_file(self, path: str) -> bytes:
        """Return a file's whole contents; `TargetError(ENOENT)` for any other path."""
        ...
