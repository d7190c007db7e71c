"""Documents and files that a client reads from its target."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


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


@runtime_checkable
class ServedFiles(Protocol):
    """Files the view makes up, served read-only (`vFile`): never the host's."""

    def served_file(self, path: str) -> bytes:
        """Return a file's whole contents; `TargetError(ENOENT)` for any other path."""
        ...
