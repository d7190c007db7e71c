"""gdb's machine interface, in the order editors use it: every value is the one the native twin shows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.gdb.mi import Mi, MiError, mi, parse_record
from tests.gdb.session import plain, serving, serving_natively
from tests.guests.fixtures import Builder

LOGGING = ["--log-packets"]
HOST_CONDITIONS = ("-iex", "set breakpoint condition-evaluation host")
"""gdbserver 13 gets locations in clang's frames wrong."""

RECORDS = [
    ("^done", ("", "^", "done", {})),
    ('12^error,msg="no \\"x\\"\\n"', ("12", "^", "error", {"msg": 'no "x"\n'})),
    (
        '*stopped,reason="end",frame={args=[{name="n",value="1"}],level="0"},ids=["a","b"],none=[]',
        ("", "*", "stopped", {"reason": "end", "frame": {"args": [{"name": "n", "value": "1"}], "level": "0"},
                              "ids": ["a", "b"], "none": []}),
    ),
    ('=x,stack=[frame={level="0"},frame={level="1"}]', ("", "=", "x", {"stack": [{"level": "0"}, {"level": "1"}]})),
    ('^done,text="\\303\\251"', ("", "^", "done", {"text": "\u00c3\u00a9"})),
]  # fmt: skip


@pytest.mark.parametrize(("line", "record"), RECORDS)
def test_records(line: str, record: tuple[Any, ...]) -> None:
    parsed = parse_record(line)
    assert parsed is not None
    assert (parsed.token, parsed.kind, parsed.name, parsed.values) == record


@pytest.mark.parametrize("line", ['~"text\\n"', "(gdb) ", "noise", '@"x"'])
def test_what_is_no_record(line: str) -> None:
    assert parse_record(line) is None


def names(values: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(value["name"], plain(value.get("value", ""))) for value in values]


def browse(gdb: Mi) -> list[Any]:
    """Do what an editor does when its user looks around; give what is seen."""
    seen: list[Any] = []
    bkpt = gdb("-break-insert -f session.c:38")["bkpt"]
    seen.append((bkpt["func"], bkpt["line"], bkpt["times"]))
    stop = gdb.resume("-exec-continue")
    seen.append(
        (stop["reason"], stop["bkptno"], stop["frame"]["func"], names(stop["frame"]["args"]))
    )
    frames = gdb("-stack-list-frames 0 1")["stack"]
    seen.append([(frame["level"], frame["func"], frame["line"]) for frame in frames])
    seen.append(
        names(gdb("-stack-list-arguments --thread 1 --all-values 0 0")["stack-args"][0]["args"])
    )
    locals_ = gdb("-stack-list-variables --thread 1 --frame 0 --simple-values")["variables"]
    seen.append([(value["name"], value["type"]) for value in locals_])

    person = gdb('-var-create person * "*p"')
    seen.append((person["type"], person["numchild"], person["value"]))
    children = gdb("-var-list-children --all-values person")["children"]
    seen.append([(child["exp"], child["type"], plain(child["value"])) for child in children])
    at = gdb("-var-list-children --all-values person.at")["children"]
    seen.append([(child["exp"], child["value"]) for child in at])
    seen.append(gdb("-var-info-path-expression person.at.x")["path_expr"])
    seen.append(gdb("-var-assign person.age 37")["value"])
    seen.append(gdb("-var-assign person.height 2.5")["value"])
    seen.append(gdb("-var-set-format person.age hexadecimal")["value"])
    seen.append(gdb('-data-evaluate-expression "ada.age + 1"')["value"])
    seen.append(gdb("-data-evaluate-expression greeting[1]")["value"])
    seen.append(gdb("-data-evaluate-expression sizeof(ada.at)")["value"])

    number = gdb("-var-create - * n")["name"]
    gdb(f"-var-assign {number} 3")
    seen.append(gdb.resume("-exec-next")["reason"])
    changes = gdb("-var-update --all-values *")["changelist"]
    seen.append(sorted((change["value"], change["in_scope"]) for change in changes))
    memory = gdb("-data-read-memory-bytes &counter 4")["memory"][0]
    seen.append(memory["contents"])
    gdb("-data-write-memory-bytes &counter 2a000000")
    seen.append(gdb("-data-evaluate-expression counter")["value"])

    gdb("-break-delete 1")
    gdb('-break-insert -t -c "x > 1.5" scale')
    stop = gdb.resume("-exec-continue")
    seen.append((stop["reason"], stop["disp"], stop["frame"]["func"], names(stop["frame"]["args"])))
    seen.append(gdb.resume("-exec-step")["reason"])
    stop = gdb.resume("-exec-finish")
    seen.append((stop["reason"], stop["return-value"], stop["frame"]["func"]))
    with pytest.raises(MiError) as refused:
        gdb("-data-evaluate-expression nothing_of_this_name")
    seen.append(str(refused.value))
    threads = gdb("-thread-info")
    seen.append((threads["current-thread-id"], [thread["state"] for thread in threads["threads"]]))
    stop = gdb.resume("-exec-continue")
    seen.append((stop["reason"], stop.get("exit-code")))
    return seen


def test_an_editor_sees_what_it_sees_of_the_native_twin(
    guest: Builder, native_twin: Builder
) -> None:
    with serving(guest("session"), "exit", "5") as server, mi() as gdb:
        gdb(f"-target-select remote 127.0.0.1:{server.port}")
        gdb.stop()
        ours = browse(gdb)
    with (
        serving_natively(native_twin("session"), "exit", "5") as server,
        mi(*HOST_CONDITIONS) as gdb,
    ):
        gdb(f"-target-select remote 127.0.0.1:{server.port}")
        gdb.stop()
        theirs = browse(gdb)
    assert len(ours) >= 25
    assert ours == theirs


def test_the_stop_at_a_call_that_is_stepped_into_and_out_of(guest: Builder) -> None:
    with serving(guest("session")) as server, mi() as gdb:
        gdb(f"-target-select remote 127.0.0.1:{server.port}")
        gdb.stop()
        gdb("-break-insert main")
        gdb.resume("-exec-continue")
        gdb.resume("-exec-next")
        gdb.resume("-exec-next")
        stop = gdb.resume("-exec-step")
        assert (stop["frame"]["func"], stop["frame"]["args"][0]) == (
            "fib",
            {"name": "n", "value": "6"},
        )
        address = int(stop["frame"]["addr"], 16)
        instructions = gdb('-data-disassemble -s $pc -e "$pc+4" -- 0')["asm_insns"]
        assert int(instructions[0]["address"], 16) == address
        stop = gdb.resume("-exec-step-instruction")
        assert int(stop["frame"]["addr"], 16) > address
        assert gdb.resume("-exec-finish")["return-value"] == "8"


def test_watching_with_variables_through_frames(guest: Builder) -> None:
    with serving(guest("session")) as server, mi() as gdb:
        gdb(f"-target-select remote 127.0.0.1:{server.port}")
        gdb.stop()
        gdb('-break-insert -c "n == 2" fib')
        gdb.resume("-exec-continue")
        frames = gdb("-stack-list-frames")["stack"]
        values = [
            gdb(f"-data-evaluate-expression --thread 1 --frame {frame['level']} n")["value"]
            for frame in frames
            if frame["func"] == "fib"
        ]
        assert values == ["2", "3", "4", "5", "6"]
        outer = gdb("-var-create --thread 1 --frame 2 outer * n")
        assert outer["value"] == "4"
        gdb("-var-assign outer 40")
        assert gdb("-data-evaluate-expression --thread 1 --frame 2 n")["value"] == "40"


@pytest.mark.parametrize("asynchronous", ["on", "off"])
def test_interrupting_as_an_editor_does(guest: Builder, asynchronous: str) -> None:
    """Without mi-async an editor sends gdb a SIGINT; with it, the command."""
    with serving(guest("session"), "loop", options=LOGGING) as server, mi() as gdb:
        gdb(f"-gdb-set mi-async {asynchronous}")
        gdb(f"-target-select remote 127.0.0.1:{server.port}")
        gdb.stop()
        gdb("-break-insert spin")
        gdb.resume("-exec-continue")
        gdb("-exec-continue")
        server.wait_for_resumes(2)
        if asynchronous == "on":
            gdb("-exec-interrupt")
        else:
            gdb.interrupt()
        stop = gdb.stop()
        assert (stop["reason"], stop["signal-name"]) == ("signal-received", "SIGINT")
        assert stop["frame"]["func"] == "spin"
        assert int(gdb("-data-evaluate-expression turns")["value"]) % 3 == 0
        gdb("-gdb-set var running=0")
        gdb("-exec-continue")
        assert gdb.stop()["reason"] == "exited-normally"


def test_a_trap_is_told(guest: Builder) -> None:
    with serving(guest("session"), "divide") as server, mi() as gdb:
        gdb(f"-target-select remote 127.0.0.1:{server.port}")
        gdb.stop()
        stop = gdb.resume("-exec-continue")
        assert (stop["reason"], stop["signal-name"]) == ("signal-received", "SIGFPE")
        assert (stop["frame"]["func"], stop["frame"]["args"][1]) == (
            "crash",
            {"name": "zero", "value": "0"},
        )
        assert re.search("wasm trap: integer divide by zero", "".join(gdb.shown))
        stop = gdb.resume("-exec-continue")
        assert (stop["reason"], stop["signal-name"]) == ("exited-signalled", "SIGFPE")


def test_running_again(guest: Builder) -> None:
    """As an editor's restart button: the same program, the same symbols."""
    with serving(guest("session"), options=LOGGING) as server, mi() as gdb:
        gdb(f"-target-select extended-remote 127.0.0.1:{server.port}")
        gdb.stop()
        gdb("-break-insert main")
        gdb("-exec-arguments exit 9")
        for _ in range(2):
            stop = gdb.resume("-exec-run")
            assert stop["frame"]["args"][0] == {"name": "argc", "value": "3"}
            assert gdb("-data-evaluate-expression argv[2]")["value"].endswith('"9"')
        stop = gdb.resume("-exec-continue")
        assert (stop["reason"], stop["exit-code"]) == ("exited", "011")
