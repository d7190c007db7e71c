"""The command line: what the words mean, and which exit status an ending gets.

    gdbstub [OPTIONS] [HOST]:PORT PROG.wasm [ARGS...]     serve a program to gdb or lldb
    gdbstub [OPTIONS] - PROG.wasm [ARGS...]               the same, over standard input and output
    gdbstub [OPTIONS] --gdb=PORT PROG.wasm [ARGS...]      the same, as lldb's platform launches it
    gdbstub run [OPTIONS] PROG.wasm [ARGS...]             run it without a debugger
    gdbstub demo [--drive]                                the bundled program

Everything after PROG.wasm belongs to the guest.  What the user got wrong is one line and status 2.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from gdbstub.target import Dialect, Launch, TargetError
from gdbstub.views.common.guest import ProgramGuest
from gdbstub.views.common.program import (
    MACHINES,
    LoadError,
    Program,
    Settings,
    load,
    load_again,
)
from gdbstub.views.common.rendering import RenderingFactory
from gdbstub.views.wasm import WasmView
from gdbstub.views.x32 import x32_view
from jit import ExitTrap, Trap, WasmtimeError
from jit.debug.debugger import Debugger

USAGE = """\
usage: gdbstub [OPTIONS] [HOST]:PORT PROG.wasm [ARGS...]   serve a program to gdb or lldb
       gdbstub [OPTIONS] - PROG.wasm [ARGS...]             the same, over standard input and output
       gdbstub run [OPTIONS] PROG.wasm [ARGS...]           run it without a debugger
       gdbstub demo [--drive]                              show it on a bundled program

  --once                  end after the first client instead of waiting for the next
  --view auto|gdb|lldb    which debugger is at the other end (auto: seen from its first packets)
  --dir HOST[::GUEST]     let the program use a folder, under the name GUEST; may be repeated
  --env NAME[=VALUE]      set a variable for the program, or pass one on; may be repeated
  --preload NAME=PATH.wasm
                          let the program import from NAME what this module exports; may be repeated
  --machine native|emulated|aarch64
                          where its code runs (native, where there is a native machine; aarch64 is
                          emulated code of that instruction set)
  --no-listing            show gdb modules without debug information as such, without a listing
  --log-packets           write every packet to stderr
  --help                  show this text

Everything after PROG.wasm belongs to the program. Its exit status is the command's; a trap gives 134,
a mistake in the command 2.
"""

VIEWS: Mapping[Dialect, RenderingFactory] = {Dialect.GDB: x32_view, Dialect.LLDB: WasmView}

_STDIO = "-"
_PORT = re.compile("[0-9]{1,9}")

MISTAKE = 2
TRAPPED = 134
"""As a shell shows a process ended by SIGABRT; what other engines' command lines give."""
INTERRUPTED = 130
"""As a shell shows one ended by SIGINT."""


class UsageError(Exception):
    """The user's mistake, in one line."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to wait for clients; port 0 is any free one. With `stdio` there is one, who is here."""

    host: str = "127.0.0.1"
    port: int = 0
    stdio: bool = False


@dataclass(slots=True)
class Options:
    """What was said before the program."""

    once: bool = False
    view: Dialect | None = None
    folders: list[tuple[str, str]] = field(default_factory=list)
    variables: list[tuple[str, str]] = field(default_factory=list)
    preloads: list[tuple[str, str]] = field(default_factory=list)
    machine: str | None = None
    no_listing: bool = False
    log_packets: bool = False
    listen: Address | None = None
    silent: bool = False
    help: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed command line. Without an address, the program is run without a debugger."""

    options: Options
    address: Address | None
    program: str
    arguments: tuple[str, ...]


def main(argv: Sequence[str] | None = None, waiting: socket.socket | None = None) -> int:
    """Do what the command line says; return the exit status.

    `waiting` listens already, where the command line says, or is of no use.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    _open_standard_descriptors()
    try:
        return _main(words, waiting)
    except (UsageError, LoadError, WasmtimeError) as mistake:
        _tell(f"gdbstub: {mistake}\n")
        return MISTAKE
    except KeyboardInterrupt:
        return INTERRUPTED


def _open_standard_descriptors() -> None:
    """See that 0, 1 and 2 are open: what is opened later would become the guest's standard streams."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _tell(text: str) -> None:
    """Write to standard error, if it takes it."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _show_usage() -> None:
    try:
        sys.stdout.write(USAGE)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise UsageError(f"cannot write to standard output: {error.strerror}") from None


def _main(words: list[str], waiting: socket.socket | None) -> int:
    if words[:1] == ["demo"]:
        from gdbstub.demo import main as demo  # noqa: PLC0415

        return demo(words[1:])
    command = parse(words)
    if command is None:
        _show_usage()
        return 0
    settings = Settings(
        command.program,
        command.arguments,
        tuple(command.options.variables),
        tuple(command.options.folders),
        command.options.machine,
        tuple(command.options.preloads),
    )
    if command.address is None:
        return run(load(settings, debug=False))
    return serve(settings, command.address, command.options, waiting)


# What the words mean


def parse(words: Sequence[str]) -> Command | None:
    """Read a command line; None when help is asked for. Raises `UsageError`."""
    rest = list(words)
    options = Options()
    running = rest[:1] == ["run"]
    if running:
        del rest[0]
    _take_options(rest, options)
    if options.help:
        return None
    address = options.listen
    if not running and address is None:
        if not rest:
            raise UsageError("no address to listen on; see gdbstub --help")
        address = parse_address(rest.pop(0))
        _take_options(rest, options)
    if not rest:
        raise UsageError("no program; see gdbstub --help")
    return Command(options, None if running else address, rest[0], tuple(rest[1:]))


def parse_address(word: str) -> Address:
    """Read `[HOST]:PORT`, or `-`; without a host it is this machine's loopback address."""
    if word == _STDIO:
        return Address(stdio=True)
    host, colon, port = word.rpartition(":")
    if not colon:
        raise UsageError(f"{word!r} is neither [HOST]:PORT nor -, run or demo")
    if not _PORT.fullmatch(port) or int(port) > 0xFFFF:
        raise UsageError(f"{word!r}: the port is to be a number from 0 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return Address(host or "127.0.0.1", int(port))


def _take_options(rest: list[str], options: Options) -> None:
    """Take the options that `rest` begins with."""
    while rest and rest[0].startswith("-") and rest[0] != _STDIO:
        word = rest.pop(0)
        if word == "--":
            return
        name, equals, value = word.partition("=")
        if name in _FLAGS:
            if equals:
                raise UsageError(f"{name} takes no value")
            setattr(options, _FLAGS[name], True)
        elif name in _VALUED:
            if not equals:
                if not rest:
                    raise UsageError(f"{name} needs a value")
                value = rest.pop(0)
            _VALUED[name](options, value)
        else:
            raise UsageError(f"there is no option {name}; see gdbstub --help")


def _view(options: Options, value: str) -> None:
    views = {"auto": None, "gdb": Dialect.GDB, "lldb": Dialect.LLDB}
    if value not in views:
        raise UsageError(f"--view {value!r}: it is auto, gdb or lldb")
    options.view = views[value]


def _machine(options: Options, value: str) -> None:
    if value not in MACHINES:
        raise UsageError(f"--machine {value!r}: it is one of {', '.join(MACHINES)}")
    options.machine = value


def _dir(options: Options, value: str) -> None:
    host, separator, guest = value.partition("::")
    if not os.path.isdir(host):
        raise UsageError(f"--dir {value!r}: there is no folder {host!r}")
    options.folders.append((host, guest if separator else host))


def _env(options: Options, value: str) -> None:
    name, equals, text = value.partition("=")
    if not name:
        raise UsageError(f"--env {value!r}: no name")
    if equals:
        options.variables.append((name, text))
    elif name in os.environ:
        options.variables.append((name, os.environ[name]))


def _preload(options: Options, value: str) -> None:
    name, equals, path = value.partition("=")
    if not name or not equals:
        raise UsageError(f"--preload {value!r}: it is NAME=PATH.wasm")
    options.preloads.append((name, path))


def _gdb(options: Options, value: str) -> None:
    options.listen = parse_address(value if ":" in value else f":{value}")
    options.once = True
    options.silent = True


_FLAGS = {
    "--once": "once",
    "--no-listing": "no_listing",
    "--log-packets": "log_packets",
    "--help": "help",
    "-h": "help",
}
_VALUED: dict[str, Callable[[Options, str], None]] = {
    "--view": _view,
    "--dir": _dir,
    "--env": _env,
    "--preload": _preload,
    "--machine": _machine,
    "--gdb": _gdb,
}


# What is done


def run(program: Program) -> int:
    """Run a program without a debugger; return its exit status."""
    # Python's own handler would wait until the guest's code comes back.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        program.start()
    except ExitTrap as end:
        return end.code & 0xFF
    except Trap as trap:
        _tell(f"gdbstub: {program.name}: {trap.message}\n")
        return TRAPPED
    except WasmtimeError as mistake:
        raise UsageError(f"{program.name}: {mistake}") from None
    return 0


def serve(
    settings: Settings, address: Address, options: Options, waiting: socket.socket | None = None
) -> int:
    """Serve a program to debuggers until it has ended; return its exit status.

    A client may have it started again, with arguments and variables of its own. `waiting` listens at
    the address already, if at any.
    """
    program = load(settings, debug=True)
    # Not loaded by `run`: the server's stack takes longer to import than a small program to run.
    from gdbstub.server import ListenError, exit_status  # noqa: PLC0415
    from gdbstub.server import run as run_server  # noqa: PLC0415

    if options.log_packets:
        packets = logging.getLogger("gdbstub.packets")
        packets.addHandler(logging.StreamHandler())
        packets.setLevel(logging.DEBUG)

    loaded = [program]
    views = VIEWS
    if options.no_listing:
        views = {**VIEWS, Dialect.GDB: partial(x32_view, listed=False)}

    def make_guest(launch: Launch) -> ProgramGuest:
        run = loaded.pop() if loaded else load_again(settings, launch)
        return ProgramGuest(
            Debugger(run.store),
            run.start,
            run.name,
            views,
            path=run.path,
            paths=run.paths,
            complete=True,
            arguments=run.arguments,
        )

    # What there is now stays; looking through it for garbage would make one stop in many late.
    gc.freeze()
    try:
        ending = run_server(
            make_guest,
            host=address.host,
            port=address.port,
            stdio=address.stdio,
            waiting=waiting,
            once=options.once,
            view=options.view,
            on_listening=None if options.silent else _announce,
        )
    except ListenError as mistake:
        raise UsageError(str(mistake)) from None
    except TargetError as mistake:
        raise UsageError(f"{program.name}: {mistake.text}") from None
    return exit_status(ending)


def _announce(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    _tell(
        f"Listening on {shown}:{port}"
        f" (gdb: target remote {shown}:{port};"
        f" lldb: process connect --plugin wasm connect://{shown}:{port})\n"
    )
