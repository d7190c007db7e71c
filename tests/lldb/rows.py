"""What a user does in lldb, a row each, tried on our server and on the peer; and the table of both.

`python -m tests.lldb.rows` writes the table into docs/lldb.md.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peer import MissingPeer, version
from tests.guests.build import SOURCES, Guest, build_guest
from tests.guests.modules import two_modules
from tests.lldb.peer import peer_serving
from tests.lldb.session import (
    ENDED,
    LANGUAGE,
    TIME_LIMIT,
    Results,
    connecting,
    frames,
    lldb,
    terminal,
)
from tests.serving import serving

DOCUMENT = Path(__file__).parents[2] / "docs" / "lldb.md"
FOLDERS = {
    "steps": Path(__file__).parent,
    "branches": Path(__file__).parent,
    "watch": Path(__file__).parents[1] / "gdb",
}
"""Where the programs are that lie not among the guests."""
_BEGIN, _END = "<!-- rows -->\n", "<!-- end of rows -->\n"


@dataclass(frozen=True)
class Row:
    """One thing to do: what is said to lldb, and whether what it answers is right."""

    name: str
    commands: tuple[str, ...]
    right: Callable[[Results], bool]
    program: str = "session"
    opt: str = "O0"
    arguments: tuple[str, ...] = ()

    def is_right(self, port: int, patience: float) -> bool:
        """Try it on a server."""
        try:
            return self.right(lldb([*LANGUAGE, connecting(port), *self.commands]))
        except (AssertionError, StopIteration):
            return False  # lldb said nothing of the kind, or died

    def guest(self) -> Guest:
        """Build the program."""
        if self.program == "modules":
            return two_modules(self.opt)[0]
        return build_guest(self.program, self.opt, folder=FOLDERS.get(self.program, SOURCES))

    def preloads(self) -> tuple[str, ...]:
        """Give the options for its other modules, which are the same for the peer."""
        return two_modules(self.opt)[1] if self.program == "modules" else ()


@dataclass(frozen=True)
class Typed:
    """One thing to do while the guest runs: what is typed, and what lldb shows on it."""

    name: str
    dialogue: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]

    def guest(self) -> Guest:
        """Build the program."""
        return build_guest("session")

    def preloads(self) -> tuple[str, ...]:
        """Give no options."""
        return ()

    def is_right(self, port: int, patience: float) -> bool:
        """Try it on a server, waiting so many seconds for what is to be shown."""
        with terminal(port, r"stop reason = [^$]*?frame #0") as debugger:
            try:
                for typed, shown in self.dialogue:
                    if typed == _GO_ON:
                        debugger.go_on()
                    elif typed == _CTRL_C:
                        debugger.interrupt(shown, patience)
                    else:
                        debugger.say(typed, shown, patience)
            except AssertionError:
                return False
        return True


_GO_ON, _CTRL_C = "go on", "Ctrl-C"
_PEERS_PATIENCE = 6.0
"""Seconds, in which the peer does none of it; ours has all the time it needs."""


def _stops(*places: tuple[str, int]) -> Callable[[Results], bool]:
    return lambda results: results.stops()[-len(places) :] == list(places)


def _says(command: str, *texts: str) -> Callable[[Results], bool]:
    return lambda results: all(text in results[command] for text in texts)


def _shows(text: str) -> Callable[[Results], bool]:
    return lambda results: text in results.events


def _in_step(results: Results) -> bool:
    text = results["disassemble"]
    first = next((line for line in text.splitlines() if "global.get" in line), "")
    return "unknown" not in text and "<+3>" in first


def _regions(results: Results) -> bool:
    return "rw-" in results["memory region --all"] and "r-x" in results["memory region --all"]


def _walk(results: Results) -> bool:
    names = [name for name, _ in frames(results["bt"])]
    return names[:2] == ["fib", "main"]


def _over_both(results: Results) -> bool:
    return [name for name, _ in frames(results["bt"])][:3] == ["put", "record", "main"]


def _own_globals(results: Results) -> bool:
    return (results["p entries[0].value"], results["p calls"]) == ("(int) 10", "(int) 3")


FIB, FIB_2 = ("b fib", "c"), ("breakpoint set -n fib -c n==2", "c", "breakpoint delete -f")
RUN, STOP = (_GO_ON, ""), (_CTRL_C, "stop reason = signal")
WATCH_COUNTER = ("b main", "c", "watchpoint set variable counter")
# fmt: off
ROWS = (
    Row("breakpoint by name",                FIB,                              _stops(("fib", 38))),
    Row("breakpoint by name, -O2",           FIB,                              _stops(("fib", 38)), opt="O2"),
    Row("breakpoint by line",                ("b session.c:43", "c"),          _stops(("fib", 43))),
    Row("breakpoint by line, -O2",           ("b session.c:50", "c"),          _stops(("sum_of_ages", 50)), opt="O2"),
    Row("breakpoint by regular expression",  ("breakpoint set -r ^sum_", "c"), _stops(("sum_of_ages", 48))),
    Row("breakpoint by source text",         ("breakpoint set -f session.c -p 'double scaled'", "c"), _stops(("scale", 58))),
    Row("tbreak",                            ("tbreak widen", "c"),            _stops(("widen", 64))),
    Row("breakpoint, ignored at first",      ("breakpoint set -n fib -i 3", "c", "p n"), _says("p n", "(int) 3")),
    Row("condition",                         (*FIB_2, "p n"),                  _says("p n", "(int) 2")),
    Row("hit count, -O2",                    (*FIB, "c", "breakpoint list"),   _says("breakpoint list", "hit count = 2"), opt="O2"),
    Row("breakpoint at an address",          ("b spin", "breakpoint set -a spin+26", "c"), _stops(("spin", 70)), arguments=("loop",)),
    Row("bt",                                (*FIB, "bt"),                     _walk),
    Row("bt, -O2",                           (*FIB, "bt"),                     _walk, opt="O2"),
    Row("variables",                         (*FIB, "frame variable n"),       _says("frame variable n", "(int) n = 6")),
    Row("variables, -O2",                    (*FIB, "frame variable n"),       _says("frame variable n", "(int) n = 6"), opt="O2"),
    Row("struct behind a pointer",           (*FIB, "p *p"),                   _says("p *p", '"Ada"', "age = 36", "height = 1.7", "y = 2")),
    Row("global",                            (*FIB, "c", "p counter"),         _says("p counter", "(int) 1")),
    Row("string",                            (*FIB, "p greeting"),             _says("p greeting", '"hello, wasm"')),
    Row("arithmetic",                        (*FIB, "p n * 2 + p->at.y"),      _says("p n * 2 + p->at.y", "(int) 14")),
    Row("up, frame variable",                (*FIB, "up", "frame variable argc"), _says("frame variable argc", "(int) argc = 1")),
    Row("expr n = 4",                        (*FIB, "expr n = 4", "p n"),      _says("p n", "(int) 4")),
    Row("expr of a global",                  (*FIB, "expr counter = 9", "p counter"), _says("p counter", "(int) 9")),
    Row("memory read",                       (*FIB, "memory read -c 11 greeting"), _says("memory read -c 11 greeting", "hello, wasm")),
    Row("memory write",                      (*FIB, "memory write `&counter` 7", "p counter"), _says("p counter", "(int) 7")),
    Row("watchpoint set variable",           (*WATCH_COUNTER, "c", "c"),       _shows("old value: 1\nnew value: 2"), program="watch"),
    Row("watchpoint of a local",             ("b sum", "c", "n", "watchpoint set variable total", "c", "c"), _shows("old value: 5\nnew value: 7"), program="watch"),
    Row("watchpoint, condition",             (*WATCH_COUNTER, "watchpoint modify -c 'counter == 2'", "c"), _shows("new value: 2"), program="watch"),
    Row("watchpoint -w read",                ("b main", "c", "watchpoint set variable -w read quiet", "c"), _says("c", "seen = quiet"), program="watch"),
    Row("watchpoint -w read_write",          ("b main", "c", "watchpoint set variable -w read_write quiet", "c", "c"), _says("c", "quiet = seen + 1"), program="watch"),
    Row("memory region --all",               (*FIB, "memory region --all"),    _regions),
    Row("n",                                 (*FIB, "n"),                      _stops(("fib", 38), ("fib", 39))),
    Row("n over recursion",                  ("b session.c:41", "c", "breakpoint delete -f", "n", "p n"), _says("p n", "(int) 6")),
    Row("n over a call at the line's end",   ("b steps.c:33", "c", "n"),       _stops(("main", 33), ("main", 34)), program="steps"),
    Row("s into a function, its arguments",  ("b session.c:105", "c", "s", "p n"), _says("p n", "(int) 6")),
    Row("n over a switch",                   ("b choose", "c", "n"),           _stops(("choose", 38), ("choose", 44)), program="branches"),
    Row("n over a switch, -O2",              ("b choose", "c", "n"),           _stops(("choose", 38), ("choose", 44)), program="branches", opt="O2"),
    Row("breakpoint in a loop, -O2",         ("b branches.c:66", "c", "c"),    _stops(("main", 66), ("main", 66)), program="branches", opt="O2"),
    Row("s over a function without lines",   ("b main", "c", "s", "s"),        _stops(("main", 30), ("main", 31)), program="steps"),
    Row("si",                                (*FIB, "si", "register read pc"), _says("register read pc", "00000299")),
    Row("ni",                                (*FIB, "ni", "register read pc"), _says("register read pc", "00000299")),
    Row("finish",                            ("b widen", "c", "finish"),       _stops(("widen", 64), ("main", 108))),
    Row("finish in recursion",               (*FIB_2, "finish", "finish", "p n"), _says("p n", "(int) 4")),
    Row("thread until",                      ("b main", "c", "thread until 108"), _stops(("main", 103), ("main", 108))),
    Row("thread until in recursion",         ("b session.c:41", "c", "breakpoint delete -f", "thread until 43", "p n"), _says("p n", "(int) 6")),
    Row("disassemble",                       (*FIB, "disassemble"),            _in_step),
    Row("image list: the file",              ("image list",),                  _says("image list", "session.wasm")),
    Row("thread name",                       ("thread list",),                 _says("thread list", "name = 'session.wasm'")),
    Row("two modules: image list",           ("image list",),                  _says("image list", "modules.wasm", "store.wasm"), program="modules"),
    Row("two modules: bt over both",         ("b put", "c", "bt"),             _over_both, program="modules"),
    Row("two modules: the globals of each",  ("b put", "c", "c", "p entries[0].value", "up", "b modules.c:14", "c", "p calls"), _own_globals, program="modules"),
    Row("trap in words",                     ("c",),                           _says("c", "wasm trap: integer divide by zero"), arguments=("divide",)),
    Row("the line of a trap",                ("c",),                           _stops(("crash", 88)), arguments=("null",)),
    Row("after a trap, the end",             ("c", "c"),                       _says("c", "exited with status = 134"), arguments=("unreachable",)),
    Row("exit code",                         ("c",),                           _says("c", "exited with status = 200 "), arguments=("exit", "200")),
    Row("kill",                              (*FIB, "kill", *ENDED, "process status"), _says("process status", "exited with status = 9")),
    Row("register write pc is refused",      (*FIB, "register write pc 0"),    _says("register write pc 0", "error")),
    Row("detach",                            (*FIB, "detach", *ENDED, "target list"), _says("target list", "state=detached")),
    Typed("Ctrl-C",                          (RUN, STOP, ("bt", "_start")),      ("loop",)),
    Typed("Ctrl-C in a sleep",               (RUN, STOP, ("bt", "_start")),     ("sleep", "1000")),
    Typed("a breakpoint set while it runs",  (RUN, ("b session.c:72", "stop reason = breakpoint 1.1")), ("loop",)),
    Typed("detach while it runs",            (RUN, ("detach", "Process 1 detached")), ("loop",)),
    Typed("kill while it runs",              (RUN, ("kill", "exited with status = 9")), ("loop",)),
    Row("monitor commands",                  (*FIB, "process plugin packet monitor stack"), _says("process plugin packet monitor stack", "(empty)")),
)
# fmt: on


def try_ours(row: Row | Typed) -> bool:
    """Try a row on our server."""
    options = ("--once", *row.preloads())
    with serving(row.guest(), *row.arguments, options=options) as server:
        return row.is_right(server.port, TIME_LIMIT)


def try_peer(row: Row | Typed) -> bool:
    """Try a row on the peer. Raises `MissingPeer`."""
    with peer_serving(row.guest(), *row.arguments, options=row.preloads()) as (port, _):
        return row.is_right(port, _PEERS_PATIENCE)


def table(results: dict[str, tuple[bool, bool]]) -> str:
    """Write the table."""
    lines = [
        f"| | wasm-gdbstub | {version().partition(' (')[0]} |",
        "|---|---|---|",
    ]
    for name, (ours, peer) in results.items():
        lines.append(f"| {name} | {_mark(ours)} | {_mark(peer)} |")
    return "\n".join(lines) + "\n"


def _mark(right: bool) -> str:
    return "yes" if right else "-"


def documented() -> dict[str, tuple[bool, bool]]:
    """Read the table of the document."""
    text = DOCUMENT.read_text()
    rows = text[text.index(_BEGIN) : text.index(_END)]
    found = re.findall(r"^\| ([^|]+) \| (yes|-) \| (yes|-) \|$", rows, re.MULTILINE)
    return {name: (ours == "yes", peer == "yes") for name, ours, peer in found}


def write() -> None:
    """Try every row on both, and write the table into the document."""
    results = {row.name: (try_ours(row), try_peer(row)) for row in ROWS}
    text = DOCUMENT.read_text()
    before, after = text[: text.index(_BEGIN)], text[text.index(_END) :]
    DOCUMENT.write_text(f"{before}{_BEGIN}{table(results)}{after}")


if __name__ == "__main__":
    try:
        write()
    except MissingPeer as missing:
        sys.exit(str(missing))
