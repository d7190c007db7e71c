"""A program and what it is given: loaded and linked, ready to be started, with or without a debugger."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gdbstub.target import Launch, TargetError
from jit import (
    Config,
    Engine,
    Func,
    FuncType,
    Linker,
    Module,
    Store,
    WasiConfig,
    WasmtimeError,
)

START = "_start"

_MAGIC = b"\0asm"
_GLANCE = 0x1000

MACHINES: Mapping[str, tuple[str, str | None]] = {
    "native": ("native", None),
    "emulated": ("emulated", None),
    "aarch64": ("emulated", "aarch64"),
}
"""What a user may call a machine: how code is run, and its instruction set if not this host's."""


class LoadError(Exception):
    """The program cannot be run: the user's mistake, told in one line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user says about a program.

    `folders` are pairs of a host path and the name the program sees; `machine` is a key of `MACHINES`,
    None for the best.  `preloads` are pairs of a name that the program imports from and the path of the
    module that offers what it exports; one may import from those before it.
    """

    path: str
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    machine: str | None = None
    preloads: tuple[tuple[str, str], ...] = ()


def settings_for(settings: Settings, launch: Launch) -> Settings:
    """Return what a client that starts the program wants. `TargetError` for another program."""
    if launch.program is not None and not _same_file(launch.program, settings.path):
        raise TargetError(errno.ENOENT, f"{launch.program} is not the program that is served")
    variables = dict(settings.variables)
    for name, value in launch.variables:
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    arguments = settings.arguments if launch.arguments is None else launch.arguments
    return replace(settings, arguments=arguments, variables=tuple(variables.items()))


def load_again(settings: Settings, launch: Launch) -> Program:
    """Load a program for a client that starts it. `TargetError` where that cannot be."""
    try:
        return load(settings_for(settings, launch), debug=True)
    except LoadError as error:
        raise TargetError(errno.ENOEXEC, str(error)) from None


def _same_file(name: str, path: str) -> bool:
    try:
        return os.path.samefile(name, path)
    except (OSError, ValueError):  # the latter for a null character
        return False


class Program:
    """A program that has been loaded and not yet started."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        linker: Linker,
        module: Module,
        preloaded: Mapping[str, Module],
    ) -> None:
        self.path = os.path.abspath(settings.path)
        self.name = os.path.basename(settings.path)
        self.arguments = (settings.path, *settings.arguments)
        self.store = store
        self._linker = linker
        self._module = module
        self._preloaded = preloaded
        self.paths: Mapping[object, str] = {
            module: self.path,
            **{preloaded[name]: os.path.abspath(path) for name, path in settings.preloads},
        }
        """Where each module was read from, absolute."""

    def start(self) -> None:
        """Instantiate the modules and call the program's `_start`; at its end its files are closed.

        Raises what the guest ends with: Trap, ExitTrap, InvalidFunction for a body that is invalid;
        LinkError for imports that do not fit what the other modules offer.
        """
        try:
            for name, module in self._preloaded.items():
                self._linker.define_module(self.store, name, module)
            start = self._linker.instantiate(self.store, self._module).exports(self.store)[START]
            assert isinstance(start, Func)
            start(self.store)
        finally:
            self.store.end_wasi()


def load(settings: Settings, debug: bool) -> Program:
    """Load a program, checking all but its functions' bodies. Raises `LoadError`."""
    config = Config()
    config.guest_debug = debug
    if settings.machine is not None:
        config.machine, config.target = MACHINES[settings.machine]
    engine = Engine(config)
    module = _read(engine, settings.path)
    preloaded: dict[str, Module] = {}
    for name, path in settings.preloads:
        if name in preloaded:
            raise LoadError(f"{path}: there is another module for imports from {name}")
        preloaded[name] = _read(engine, path)
    start = next((e.type for e in module.exports if e.name == START), None)
    if not isinstance(start, FuncType):
        raise LoadError(f"{settings.path}: not a program: it exports no function {START}")
    if start.params:
        raise LoadError(f"{settings.path}: not a program: its {START} has parameters")
    try:
        return _link(settings, engine, module, preloaded)
    except WasmtimeError as error:
        raise LoadError(f"{settings.path}: {error}") from None


def _read(engine: Engine, path: str) -> Module:
    try:
        with open(path, "rb") as file:
            data = file.read(_GLANCE)
            if data.startswith(_MAGIC):  # nothing else is worth reading: it may have no end
                data += file.read()
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror}") from None
    try:
        return Module.deferred(engine, data)
    except WasmtimeError as error:
        raise LoadError(f"{path}: {error}") from None


def _link(
    settings: Settings, engine: Engine, module: Module, preloaded: Mapping[str, Module]
) -> Program:
    linker = Linker(engine)
    linker.define_wasi()
    store = Store(engine)
    # The program is the first of the modules, although others are instantiated before it.
    store.code.module(module)
    offered: dict[tuple[str, str], object] = {}
    for name, path in settings.preloads:
        _check_imports(path, store, linker, preloaded[name], offered)
        for item, type_ in _exports(preloaded[name]):
            if _wasi(store, linker, name, item) is not None:
                raise LoadError(f"{path}: {name}.{item} is WASI's")
            offered[name, item] = type_
    _check_imports(settings.path, store, linker, module, offered)
    wasi = WasiConfig()
    wasi.argv = (settings.path, *settings.arguments)
    wasi.env = settings.variables
    for host, guest in settings.folders:
        wasi.preopen_dir(host, guest)
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    store.set_wasi(wasi)
    return Program(settings, store, linker, module, preloaded)


def _exports(module: Module) -> Iterator[tuple[str, object]]:
    """List what a preloaded module offers; one that is a program offers functions alone."""
    exports = module.exports
    is_program = any(e.name == START and isinstance(e.type, FuncType) for e in exports)
    for export in exports:
        if isinstance(export.type, FuncType) or not is_program:
            yield export.name, export.type


def _check_imports(
    path: str,
    store: Store,
    linker: Linker,
    module: Module,
    offered: Mapping[tuple[str, str], object],
) -> None:
    """Tell of an import that there is nothing for; limits of what is no function are not compared."""
    for wanted in module.imports:
        name = wanted.name or ""
        found = offered.get((wanted.module, name)) or _wasi(store, linker, wanted.module, name)
        if found is None:
            raise LoadError(
                f"{path}: its import {wanted.module}.{name} is none of WASI preview 1"
                + (", nor of a preloaded module" if offered else "")
            )
        if type(found) is not type(wanted.type) or (
            isinstance(found, FuncType) and found != wanted.type
        ):
            raise LoadError(f"{path}: its import {wanted.module}.{name} is of another type")


def _wasi(store: Store, linker: Linker, module: str, name: str) -> FuncType | None:
    try:
        item = linker.get(store, module, name)
    except WasmtimeError:
        return None
    return item.type(store) if isinstance(item, Func) else None
