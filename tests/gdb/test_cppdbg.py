"""VS Code's C/C++ extension (cppdbg): the commands its MIEngine gives for `miDebuggerServerAddress`, in their order.

The file handed to gdb is the one docs/gdb.md has users fetch; every value is the one that the same commands give
with gdbserver and the native twin.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gdb.mi import Mi, MiError, mi
from tests.gdb.session import Gdb, plain, serving, serving_natively
from tests.guests.build import Guest
from tests.guests.fixtures import Builder


def fetched(guest: Guest, folder: Path) -> Path:
    """Fetch the file that gdb reads, as the page says."""
    path = folder / "session.elf"
    with serving(guest) as server:
        server.end_input()
        Gdb(server.port, [f"remote get /wasm/session.wasm {path}", "detach"]).results()
    return path


def launch(gdb: Mi, program: Path, port: int, folder: Path) -> None:
    """Do what is done between the start button and the first stop."""
    gdb("-gdb-set target-async on")
    gdb('-interpreter-exec console "set print thread-events off"')
    gdb("-enable-pretty-printing")
    gdb("-gdb-set auto-solib-add on")
    gdb(f'-environment-cd "{folder}"')
    gdb(f'-file-exec-and-symbols "{program}"')
    gdb('-interpreter-exec console "show architecture"')
    gdb(f"-target-select remote 127.0.0.1:{port}")
    gdb.stop()


def look(gdb: Mi) -> list[Any]:
    """Fill the panes of threads, of the call stack, of variables and of watched expressions."""
    seen: list[Any] = []
    threads = gdb("-thread-info 1")["threads"]
    seen.append([(thread["id"], thread["state"]) for thread in threads])
    depth = int(gdb("-stack-info-depth --thread 1 1000")["depth"])
    frames = gdb(f"-stack-list-frames --thread 1 0 {min(depth, 1000) - 1}")["stack"]
    shown = [(frame["level"], frame["func"], frame["line"]) for frame in frames if "line" in frame]
    seen.append(shown[: 1 + next(at for at, row in enumerate(shown) if row[1] == "main")])
    gdb("-stack-select-frame 0")
    arguments = gdb("-stack-list-arguments 0 0 0")["stack-args"][0]["args"]
    seen.append(arguments)
    for variable in gdb("-stack-list-variables --thread 1 --frame 0 0")["variables"]:
        made = gdb(f"-var-create - * {variable['name']}")
        seen.append((variable, made["type"], made["numchild"]))
        if "arg" in variable:
            seen.append(plain(made["value"]))
        if int(made["numchild"]):
            children = gdb(f"-var-list-children --simple-values {made['name']} 0 1000")
            seen.append(
                [(c["exp"], c["type"], plain(c.get("value", ""))) for c in children["children"]]
            )
        gdb(f"-var-delete {made['name']}")
    watched = gdb('-var-create - * "counter * 2"')
    seen.append((watched["value"], watched["type"]))
    with pytest.raises(MiError):
        gdb('-var-create - * "not_there"')
    return seen


def session(gdb: Mi, source: Path) -> list[Any]:
    """Set breakpoints, stop, look, step, change a value, pause at an expression, run to the end."""
    seen: list[Any] = []
    first = gdb(f'-break-insert -f "{source}:38"')["bkpt"]
    seen.append((first["type"], first["line"], first["enabled"]))
    gdb("-break-condition 1 n == 3")
    stop = gdb.resume("-exec-continue")
    seen.append((stop["reason"], stop["bkptno"], stop["frame"]["func"], stop["stopped-threads"]))
    seen += look(gdb)
    seen.append(gdb("-var-create v1 * n")["value"])
    seen.append(gdb("-var-assign v1 2")["value"])
    seen.append(gdb('-data-evaluate-expression "n + (*p).age"')["value"])
    gdb(f"-break-delete {first['number']}")
    for step in ("-exec-next", "-exec-next", "-exec-next", "-exec-step"):
        stop = gdb.resume(step)
        seen.append((stop["reason"], stop["frame"]["func"], stop["frame"]["line"]))
    seen += look(gdb)
    stop = gdb.resume("-exec-finish")
    seen.append((stop["reason"], stop["frame"]["func"], stop["return-value"]))
    gdb('-break-insert -f "sum_of_ages"')
    seen.append(gdb.resume("-exec-continue")["frame"]["func"])
    seen += look(gdb)
    gdb("-break-delete 2")
    stop = gdb.resume("-exec-continue")
    seen.append((stop["reason"], stop.get("exit-code")))
    return seen


def test_a_launch_and_a_session_are_as_with_gdbserver(
    guest: Builder, native_twin: Builder, tmp_path: Path
) -> None:
    program, twin = guest("session"), native_twin("session")
    source = program.source
    with serving(program, "exit", "5") as server, mi() as gdb:
        launch(gdb, fetched(program, tmp_path), server.port, tmp_path)
        ours = session(gdb, source)
    host = ("-iex", "set breakpoint condition-evaluation host")
    with serving_natively(twin, "exit", "5") as server, mi(*host) as gdb:
        launch(gdb, twin.program, server.port, tmp_path)
        theirs = session(gdb, source)
    assert len(ours) > 40
    assert ours == theirs


def test_the_file_is_an_elf_that_gdb_reads_alone(guest: Builder, tmp_path: Path) -> None:
    path = fetched(guest("session"), tmp_path)
    done = subprocess.run(
        ["gdb", "-nx", "-batch", "-ex", "info line fib", "-ex", "ptype struct person", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'Line 36 of "' in done.stdout and "double height;" in done.stdout
