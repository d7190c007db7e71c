"""A program and what it is given: loaded and linked, ready to be started, with or without a debugger."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
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
    None for the best.
    """

    path: str
    arguments: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    machine: str | None = None


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
    except OSError:
        return False


class Program:
    """A program that has been loaded and not yet started."""

    def __init__(self, settings: Settings, store: Store, linker: Linker, module: Module) -> None:
        self.path = os.path.abspath(settings.path)
        self.name = os.path.basename(settings.path)
        self.arguments = (settings.path, *settings.arguments)
        self.store = store
        self._linker = linker
        self._module = module

    def start(self) -> None:
        """Instantiate the module and call its `_start`.

        Raises what the guest ends with: Trap, ExitTrap, InvalidFunction for a body that is invalid.
        """
        start = self._linker.instantiate(self.store, self._module).exports(self.store)[START]
        assert isinstance(start, Func)
        start(self.store)


def load(settings: Settings, debug: bool) -> Program:
    """Load a program, checking all but its functions' bodies. Raises `LoadError`."""
    try:
        with open(settings.path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise LoadError(f"cannot read {settings.path}: {error.strerror}") from None
    try:
        return _link(settings, data, debug)
    except WasmtimeError as error:
        raise LoadError(f"{settings.path}: {error}") from None


def _link(settings: Settings, data: bytes, debug: bool) -> Program:
    config = Config()
    config.guest_debug = debug
    if settings.machine is not None:
        config.machine, config.target = MACHINES[settings.machine]
    engine = Engine(config)
    module = Module.deferred(engine, data)
    if not any(e.name == START and isinstance(e.type, FuncType) for e in module.exports):
        raise LoadError(f"{settings.path}: not a program: it exports no function {START}")
    linker = Linker(engine)
    linker.define_wasi()
    store = Store(engine)
    _check_imports(settings.path, store, linker, module)
    wasi = WasiConfig()
    wasi.argv = (settings.path, *settings.arguments)
    wasi.env = settings.variables
    for host, guest in settings.folders:
        wasi.preopen_dir(host, guest)
    store.set_wasi(wasi)
    return Program(settings, store, linker, module)


def _check_imports(path: str, store: Store, linker: Linker, module: Module) -> None:
    for wanted in module.imports:
        try:
            offered = linker.get(store, wanted.module, wanted.name or "")
        except WasmtimeError:
            offered = None
        if not isinstance(offered, Func) or offered.type(store) != wanted.type:
            raise LoadError(
                f"{path}: its import {wanted.module}.{wanted.name} is none of WASI preview 1"
            )
