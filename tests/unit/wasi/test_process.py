"""Arguments, environment, clocks, randomness, the end of the program, and what was configured."""

import errno
import time
from pathlib import Path

import pytest

from jit.runtime.errors import ExitTrap, WasmtimeError
from jit.wasi.config import WasiConfig
from jit.wasi.errors import FROM_HOST, Errno
from jit.wasi.layout import Clock, FileType
from jit.wasi.table import ROWS
from tests.unit.wasi.system import BUFFER, RESULT, System, system


def strings(sys_: System, family: str) -> list[bytes]:
    """Fetch argv or the environment as a C library does."""
    assert sys_.call(f"{family}_sizes_get", RESULT, RESULT + 4) is Errno.SUCCESS
    count, size = sys_.u32(), sys_.u32(RESULT + 4)
    assert sys_.call(f"{family}_get", RESULT, BUFFER) is Errno.SUCCESS
    pointers = [sys_.u32(RESULT + 4 * index) for index in range(count)]
    data = sys_.memory.read(BUFFER, size)
    assert data.count(b"\0") == count
    return [data[at - BUFFER : data.index(b"\0", at - BUFFER)] for at in pointers]


def test_arguments_and_environment(tmp_path: Path) -> None:
    config = WasiConfig()
    config.argv = ["prog", "", "ünï"]
    config.env = [("A", "1"), ("EMPTY", "")]
    with system(tmp_path, config=config) as sys_:
        assert strings(sys_, "args") == [b"prog", b"", "ünï".encode()]
        assert strings(sys_, "environ") == [b"A=1", b"EMPTY="]


def test_clocks(sys_: System) -> None:
    before = time.time_ns()
    assert sys_.call("clock_time_get", Clock.REALTIME, 0, RESULT) is Errno.SUCCESS
    assert before <= sys_.u64() <= time.time_ns()
    sys_.call("clock_time_get", Clock.MONOTONIC, 0, RESULT)
    first = sys_.u64()
    sys_.call("clock_time_get", Clock.MONOTONIC, 0, RESULT)
    assert sys_.u64() >= first
    for which in Clock:
        assert sys_.call("clock_res_get", which, RESULT) is Errno.SUCCESS
        assert sys_.u64() >= 1
    assert sys_.call("clock_time_get", 4, 0, RESULT) is Errno.INVAL


def test_random_bytes_fill_exactly_the_buffer(sys_: System) -> None:
    sys_.memory.write(BUFFER, bytes(64))
    assert sys_.call("random_get", BUFFER, 32) is Errno.SUCCESS
    assert any(sys_.memory.read(BUFFER, 32)) and not any(sys_.memory.read(BUFFER + 32, 32))


@pytest.mark.parametrize("code", [0, 1, 126, 255])
def test_exit_ends_the_program_with_its_code(sys_: System, code: int) -> None:
    with pytest.raises(ExitTrap) as end:
        sys_.call("proc_exit", code)
    assert end.value.code == code


def test_signals_and_yields(sys_: System) -> None:
    assert sys_.call("proc_raise", 2) is Errno.NOTSUP
    assert sys_.call("sched_yield") is Errno.SUCCESS


def test_the_table_has_every_function_of_the_witx_once() -> None:
    assert len(ROWS) == len({row.name for row in ROWS}) == 46


def test_host_errors_have_their_counterparts() -> None:
    assert FROM_HOST[errno.ENOENT] is Errno.NOENT
    assert FROM_HOST[errno.E2BIG] is Errno.TOOBIG
    assert FROM_HOST[errno.EOPNOTSUPP] is Errno.NOTSUP
    assert Errno.NOTCAPABLE not in FROM_HOST.values()


def test_streams_to_files_and_functions(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("input")
    taken: list[bytes] = []
    config = WasiConfig()
    config.stdin_file = tmp_path / "in"
    config.stdout_file = str(tmp_path / "out")
    config.stderr_custom = taken.append
    with system(tmp_path, config=config) as sys_:
        assert sys_.read(0, 100) == b"input"
        assert sys_.write(1, b"output") is Errno.SUCCESS
        assert sys_.write(2, b"error") is Errno.SUCCESS
        assert sys_.write(0, b"x") is Errno.BADF
        sys_.call("fd_filestat_get", 2, RESULT)
        assert sys_.memory.read(RESULT + 16, 1)[0] == FileType.UNKNOWN
    assert (tmp_path / "out").read_text() == "output"
    assert taken == [b"error"]


def test_a_function_may_take_a_part(tmp_path: Path) -> None:
    config = WasiConfig()
    config.stdout_custom = lambda data: 3
    with system(tmp_path, config=config) as sys_:
        assert sys_.write(1, b"output") is Errno.SUCCESS
        assert sys_.u32() == 3


def test_a_closed_standard_stream_leaves_the_processs_open(sys_: System) -> None:
    for fd in (0, 1, 2):
        assert sys_.call("fd_close", fd) is Errno.SUCCESS
    with open(1, "wb", closefd=False) as out:
        out.flush()


@pytest.mark.parametrize("setting", ["stdin_file", "stdout_file", "stderr_file"])
def test_a_file_that_cannot_be_opened_is_told_at_once(tmp_path: Path, setting: str) -> None:
    with pytest.raises(WasmtimeError, match="cannot open"):
        setattr(WasiConfig(), setting, tmp_path / "missing" / "file")


def test_a_folder_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(WasmtimeError, match="cannot open folder"):
        WasiConfig().preopen_dir(str(tmp_path / "missing"), "/")


def test_a_null_in_an_argument_is_refused() -> None:
    with pytest.raises(WasmtimeError, match="null character"):
        WasiConfig().argv = ["a\0b"]
