"""The command line: what its words mean, and one line and status 2 for every mistake."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gdbstub.cli import MISTAKE, TRAPPED, Address, Command, UsageError, main, parse, parse_address
from gdbstub.target import Dialect
from jit import wat2wasm

HEADER = b"\0asm\1\0\0\0"
TYPES = b"\1\4\1\x60\0\0"
FUNCTIONS = b"\3\2\1\0"
START = b"\7\x0a\1\6_start\0\0"
NAMES = b"\0\x10\4name\1\x09\1\0\6_start"


def program(body: bytes) -> bytes:
    """Give a module whose `_start` has this body."""
    code = bytes([len(body) + 1, 0]) + body
    return HEADER + TYPES + FUNCTIONS + START + bytes([10, len(code) + 1, 1]) + code + NAMES


NOTHING = program(b"\x0b")
UNREACHABLE = program(b"\0\x0b")
INVALID = program(b"\x6a\x0b")
NO_START = HEADER
OTHER = program(b"\x0b").replace(b"_start", b"offer_")
"""Offers `offer_` to others."""
IMPORTING = (
    HEADER + TYPES + b"\2\x0c\1\1e\6offer_\0\0" + FUNCTIONS + b"\7\x0a\1\6_start\0\1"
    b"\x0a\6\1\4\0\x10\0\x0b"
)
WITH_PARAMETER = NOTHING.replace(TYPES, b"\1\5\1\x60\1\x7f\0")
HUGE_TABLE = NOTHING.replace(START, b"\4\x08\1\x70\0\xff\xff\xff\xff\x0f" + START)
UNKNOWN_IMPORT = HEADER + TYPES + b"\2\7\1\1e\1f\0\0" + START


STREAMS = """(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
  (func (export "_start")
    (call $exit (i32.add
      (i32.add
        (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))))"""
"""Reads from 0, writes two null characters to 1 and to 2."""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return tmp_path / "prog.wasm"


def parsed(line: str) -> Command:
    command = parse(line.split())
    assert command is not None
    return command


@pytest.mark.parametrize(
    ("word", "address"),
    [
        (":1234", Address("127.0.0.1", 1234)),
        ("localhost:0", Address("localhost", 0)),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535)),
        ("[::1]:80", Address("::1", 80)),
        ("-", Address(stdio=True)),
    ],
)
def test_addresses(word: str, address: Address) -> None:
    assert parse_address(word) == address


@pytest.mark.parametrize("word", ["prog.wasm", ":", ":x", ":65536", ":-1", "host:1.5"])
def test_what_is_no_address(word: str) -> None:
    with pytest.raises(UsageError):
        parse_address(word)


def test_everything_after_the_program_is_the_guests() -> None:
    command = parsed(":1 prog.wasm --once --view x -- run")
    assert command.program == "prog.wasm"
    assert command.arguments == ("--once", "--view", "x", "--", "run")
    assert not command.options.once


def test_options_stand_before_the_address_or_the_program() -> None:
    command = parsed("--once :1 --view=lldb --no-listing --env A=b --env=C=d prog.wasm")
    assert command.options.once
    assert command.options.no_listing
    assert command.options.view is Dialect.LLDB
    assert command.options.variables == [("A", "b"), ("C", "d")]


def test_run_has_no_address() -> None:
    command = parsed("run --machine emulated prog.wasm 1 2")
    assert command.address is None
    assert command.options.machine == "emulated"
    assert command.arguments == ("1", "2")


def test_as_lldbs_platform_launches_it() -> None:
    command = parsed("--gdb=43115 /abs/prog.wasm 6 seven")
    assert command.address == Address("127.0.0.1", 43115)
    assert (command.program, command.arguments) == ("/abs/prog.wasm", ("6", "seven"))
    assert command.options.once


def test_folders_have_the_name_the_guest_sees(tmp_path: Path) -> None:
    command = parsed(f"--dir {tmp_path}::/data --dir {tmp_path} :1 prog.wasm")
    assert command.options.folders == [(str(tmp_path), "/data"), (str(tmp_path), str(tmp_path))]


@pytest.mark.parametrize(
    "line",
    [
        "",
        ":1",
        "run",
        "--no-such-option :1 prog.wasm",
        "--once=yes :1 prog.wasm",
        "--view :1",
        "--view dbx :1 prog.wasm",
        "--machine z80 :1 prog.wasm",
        "--dir /no/such/folder :1 prog.wasm",
        "--env =x :1 prog.wasm",
        "--preload lib.wasm :1 prog.wasm",
        "--preload =lib.wasm :1 prog.wasm",
        "--preload lib :1 prog.wasm",
        "--dir",
        "nonsense prog.wasm",
        ":99999 prog.wasm",
        ":0 /no/such/file.wasm",
        "run /no/such/file.wasm",
        "run /tmp",
        "run /dev/zero",
        ":" + "9" * 5000,
        "demo --no-such-option",
    ],
)
def test_a_mistake_is_one_line_and_status_2(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == MISTAKE
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1 and streams.err.endswith("\n")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "failed to parse"),
        (b"(module)", "not as text"),
        (HEADER + b"\x0e", "failed to parse"),
        (NO_START, "exports no function _start"),
        (UNKNOWN_IMPORT, "import e.f"),
        (WITH_PARAMETER, "_start has parameters"),
    ],
)
@pytest.mark.parametrize("words", [["run"], [":0"]])
def test_a_wrong_module_is_one_line(
    words: list[str], data: bytes, text: str, module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module.write_bytes(data)
    assert main([*words, str(module)]) == MISTAKE
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1


def test_a_module_offers_what_it_exports(module: Path, tmp_path: Path) -> None:
    module.write_bytes(IMPORTING)
    other = tmp_path / "other.wasm"
    other.write_bytes(OTHER)
    assert parsed(f"--preload=e={other} :1 p.wasm").options.preloads == [("e", str(other))]
    assert main(["run", "--preload", f"e={other}", str(module)]) == 0


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("e", None, "cannot read"),
        ("e", b"", "failed to parse"),
        ("f", OTHER, "import e.offer_ is none of WASI preview 1, nor of a preloaded module"),
        ("e", OTHER.replace(b"\4\1\x60\0\0", b"\5\1\x60\0\1\x7f"), "import e.offer_ is of another"),
        ("e", UNKNOWN_IMPORT, "other.wasm: its import e.f is none"),
    ],
)
@pytest.mark.parametrize("words", [["run"], [":0"]])
def test_a_preload_that_does_not_fit_is_one_line(
    words: list[str],
    name: str,
    data: bytes | None,
    text: str,
    module: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module.write_bytes(IMPORTING)
    other = tmp_path / "other.wasm"
    if data is not None:
        other.write_bytes(data)
    options = ["--preload", f"{name}={other}"]
    at = words.index("run") + 1 if "run" in words else 0
    assert main([*words[:at], *options, *words[at:], str(module)]) == MISTAKE
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1


def test_two_modules_of_one_name_are_refused(
    module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module.write_bytes(OTHER)
    options = ["--preload", f"e={module}"] * 2
    assert main(["run", *options, str(module)]) == MISTAKE
    assert "another module for imports from e" in capsys.readouterr().err


def test_a_port_in_use_is_one_line(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module.write_bytes(NOTHING)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main([f"127.0.0.1:{port}", str(module)]) == MISTAKE
    error = capsys.readouterr().err
    assert str(port) in error and error.count("\n") == 1


@pytest.mark.parametrize("host", ["a..b", "a" * 300, "\x80.."])
def test_what_is_no_name_of_a_host_is_one_line(
    host: str, module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module.write_bytes(NOTHING)
    assert main([f"{host}:0", str(module)]) == MISTAKE
    error = capsys.readouterr().err
    assert "cannot listen" in error and error.count("\n") == 1


@pytest.mark.parametrize("words", [["run"], [":0"]])
def test_a_program_that_cannot_start_is_one_line(
    words: list[str], module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module.write_bytes(HUGE_TABLE)
    assert main([*words, str(module)]) == MISTAKE
    error = capsys.readouterr().err.splitlines()
    assert error[-1] == "gdbstub: prog.wasm: a table of 4294967295 elements is too large"
    assert [line.partition(" ")[0] for line in error[:-1]] == ["Listening"] * (words == [":0"])


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_what_is_closed_is_no_file_of_ours_to_the_guest(closed: str, module: Path) -> None:
    """Exits with the sum of what reading and writing said; the pipes of ours would wait, or be hurt."""
    module.write_bytes(wat2wasm(STREAMS))
    words = [sys.executable, "-m", "gdbstub", "run", str(module)]
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *words]
    done = subprocess.run(shell, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0


def test_help_needs_no_standard_output() -> None:
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "gdbstub", "--help"]
    done = subprocess.run(shell, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_mistake_without_standard_error_has_its_status() -> None:
    shell = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-m", "gdbstub", "--nonsense"]
    assert subprocess.run(shell, timeout=60, check=False).returncode == MISTAKE


def test_run_gives_the_guests_status(module: Path) -> None:
    module.write_bytes(NOTHING)
    assert main(["run", str(module)]) == 0


def test_a_trap_is_told_with_a_backtrace(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module.write_bytes(UNREACHABLE)
    assert main(["run", str(module)]) == TRAPPED
    error = capsys.readouterr().err
    assert "_start" in error and "unreachable" in error


def test_an_invalid_body_is_one_line(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module.write_bytes(INVALID)
    assert main(["run", str(module)]) == MISTAKE
    error = capsys.readouterr().err
    assert "_start" in error and "offset 0x" in error and error.count("\n") == 1


def test_run_loads_neither_the_server_nor_an_emulator(module: Path) -> None:
    module.write_bytes(NOTHING)
    code = (
        "import sys; from gdbstub.cli import main; main(sys.argv[1:]);"
        "sys.exit(bool({'trio', 'unicorn', 'gdbstub.server'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", code, "run", "--machine", "native", str(module)]
    assert subprocess.run(words, timeout=30, check=False).returncode == 0


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: gdbstub")
