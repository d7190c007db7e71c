"""What an embedder gives a WASI program: names and meanings of the `wasmtime` package's `WasiConfig`.

Standard streams that nothing is said about are empty, and swallow what is written.
"""

import os
import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from jit.runtime.errors import WasmtimeError
from jit.wasi.context import Wasi
from jit.wasi.descriptors import Descriptor, DescriptorTable, directory, nothing, stream
from jit.wasi.errors import WasiError
from jit.wasi.layout import FILE_RIGHTS, STREAM_RIGHTS, WRITE_RIGHTS, Rights
from jit.wasi.waiting import Waiter

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]
Output = Callable[[bytes], int | None]
Opener = Callable[[], Descriptor]

_READS = STREAM_RIGHTS & ~WRITE_RIGHTS
_WRITES = STREAM_RIGHTS & ~Rights.FD_READ


@dataclass(frozen=True, slots=True)
class _Preopen:
    path: str
    guest_path: str
    mutable: bool


class WasiConfig:
    """Arguments, environment, standard streams and folders of one program.

    A setting that cannot be had raises WasmtimeError at once.
    """

    def __init__(self) -> None:
        self._argv: list[str] = []
        self._env: list[tuple[str, str]] = []
        self._streams: list[Opener] = [lambda: nothing(_READS), *[lambda: nothing(_WRITES)] * 2]
        self._preopens: list[_Preopen] = []

    @property
    def argv(self) -> Sequence[str]:
        """The program's arguments, its name first."""
        return tuple(self._argv)

    @argv.setter
    def argv(self, argv: Sequence[str]) -> None:
        self._argv = [_checked(argument) for argument in argv]

    def inherit_argv(self) -> None:
        """Give the program this process's arguments."""
        self._argv = list(sys.argv)

    @property
    def env(self) -> Iterable[tuple[str, str]]:
        """The program's environment: pairs of name and value."""
        return tuple(self._env)

    @env.setter
    def env(self, pairs: Iterable[Iterable[str]]) -> None:
        self._env = [(_checked(name), _checked(value)) for name, value in pairs]

    def inherit_env(self) -> None:
        """Give the program this process's environment."""
        self._env = list(os.environ.items())

    def _set_stdin_file(self, path: Path) -> None:
        self._streams[0] = _file(path, os.O_RDONLY, "stdin")

    def _set_stdout_file(self, path: Path) -> None:
        self._streams[1] = _file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "stdout")

    def _set_stderr_file(self, path: Path) -> None:
        self._streams[2] = _file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "stderr")

    def _set_stdout_custom(self, callback: Output) -> None:
        self._streams[1] = lambda: nothing(_WRITES, callback)

    def _set_stderr_custom(self, callback: Output) -> None:
        self._streams[2] = lambda: nothing(_WRITES, callback)

    stdin_file = property(None, _set_stdin_file, doc="A file to read standard input from.")
    stdout_file = property(None, _set_stdout_file, doc="A file that standard output is written to.")
    stderr_file = property(None, _set_stderr_file, doc="A file that standard error is written to.")
    stdout_custom = property(
        None,
        _set_stdout_custom,
        doc="A function that gets what is written to standard output, and says how much it took.",
    )
    stderr_custom = property(
        None,
        _set_stderr_custom,
        doc="A function that gets what is written to standard error, and says how much it took.",
    )

    def inherit_stdin(self) -> None:
        """Let the program read this process's standard input."""
        self._streams[0] = _inherited(0)

    def inherit_stdout(self) -> None:
        """Let the program write to this process's standard output."""
        self._streams[1] = _inherited(1)

    def inherit_stderr(self) -> None:
        """Let the program write to this process's standard error."""
        self._streams[2] = _inherited(2)

    def preopen_dir(self, path: str, guest_path: str, fs_mutable: bool = True) -> None:
        """Let the program use the folder `path`, as `guest_path`; only read it unless `fs_mutable`."""
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except (OSError, ValueError) as error:
            raise WasmtimeError(f"cannot open folder {path!r}: {error}") from error
        self._preopens.append(_Preopen(path, _checked(guest_path), fs_mutable))

    def start(self, wake: int) -> Wasi:
        """Open everything for one program, which waits on `wake` wherever it waits.

        What it has open is closed with the object that is returned.
        Raise WasmtimeError for a file or folder that cannot be opened any more.
        """
        table = DescriptorTable()
        try:
            for opener in self._streams:
                table.add(opener())
            for preopen in self._preopens:
                fd = os.open(preopen.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                table.add(directory(fd, mutable=preopen.mutable, guest_path=preopen.guest_path))
        except (OSError, WasiError) as error:
            table.close()
            raise WasmtimeError(f"cannot start the program: {error}") from error
        wasi = Wasi(
            tuple(argument.encode(errors="surrogateescape") for argument in self._argv),
            tuple(f"{name}={value}".encode(errors="surrogateescape") for name, value in self._env),
            table,
            Waiter(wake),
        )
        weakref.finalize(wasi, table.close)
        return wasi


def _checked(text: str) -> str:
    if "\0" in text:
        raise WasmtimeError(f"a null character in {text!r}")
    return text


def _inherited(fd: int) -> Opener:
    def open_() -> Descriptor:
        rights = FILE_RIGHTS & (_READS if fd == 0 else _WRITES)
        try:
            return stream(fd, owned=False, rights=rights)
        except OSError:
            return nothing(rights)

    return open_


def _file(path: Path, flags: int, what: str) -> Opener:
    """Open a file now, so that a wrong path is told now, and again for each program."""

    def open_() -> Descriptor:
        fd = os.open(path, flags | os.O_CLOEXEC, 0o666)
        return stream(fd, owned=True, rights=_READS if what == "stdin" else _WRITES)

    try:
        open_().close()
    except (OSError, ValueError) as error:
        raise WasmtimeError(f"cannot open {path!r} as {what}: {error}") from error
    return open_
