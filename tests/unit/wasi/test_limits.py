"""What a guest asks too much of: memory, descriptors, names that the host's locale has no letters for."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from jit import Engine, Store, WasiConfig
from jit.runtime.errors import HostCallInterrupted, WasmtimeError
from jit.wasi.call import caller
from jit.wasi.context import Wasi
from jit.wasi.descriptors import FEWEST_DESCRIPTORS
from jit.wasi.errors import Errno, WasiError
from jit.wasi.memory import MAX_PATH, Guest
from jit.wasi.table import BY_NAME
from jit.wasi.waiting import Waiter
from tests.unit.wasi.system import RESULT, system


class Vast:
    """A memory of 4 GiB, of which nobody may read much at once."""

    size = 1 << 32

    def read(self, address: int, length: int) -> bytes:
        assert length <= MAX_PATH
        return bytes(length)

    def write(self, address: int, data: bytes) -> None:
        raise AssertionError("nothing is written")


def test_a_path_that_is_too_long_is_not_read() -> None:
    with pytest.raises(WasiError) as refused:
        Guest(Vast()).path(0, Vast.size)
    assert refused.value.errno is Errno.NAMETOOLONG


def test_no_more_is_gathered_than_is_written() -> None:
    buffers = [(0, 10), (0, Vast.size), (0, Vast.size)]
    assert len(Guest(Vast()).gather(buffers, 15)) == 15


def test_the_host_keeps_descriptors_for_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (70, 4096))
    with system(root) as sys_:
        for _ in range(FEWEST_DESCRIPTORS - 4):
            sys_.opened("file")
        assert sys_.open("file")[0] is Errno.MFILE
        assert sys_.call("fd_close", 5) is Errno.SUCCESS
        assert sys_.opened("file") == 5


def test_a_gigabyte_of_random_bytes_can_be_interrupted(root: Path) -> None:
    class Counting(Vast):
        written = 0

        def write(self, address: int, data: bytes) -> None:
            self.written += len(data)

    memory = Counting()
    with system(root) as sys_:
        wake, notify = os.pipe()
        os.write(notify, b"x")
        sys_.wasi.waiter = Waiter(wake)
        with pytest.raises(HostCallInterrupted):
            caller(BY_NAME["random_get"])(sys_.wasi, memory, (0, 1 << 30))
        os.close(wake)
        os.close(notify)
    assert memory.written == 0x10000


def test_folders_that_are_too_many_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (70, 4096))
    config = WasiConfig()
    for _ in range(FEWEST_DESCRIPTORS):
        config.preopen_dir(str(root), "/")
    with pytest.raises(WasmtimeError, match="cannot start the program: MFILE"):
        config.start(0)


def test_the_end_of_a_program_closes_its_files(root: Path) -> None:
    store = Store(Engine())
    config = WasiConfig()
    config.preopen_dir(str(root), "/")
    store.set_wasi(config)
    assert isinstance(store.wasi, Wasi)
    host = store.wasi.descriptors.folder(3).fd
    store.end_wasi()
    with pytest.raises(OSError):
        os.fstat(host)
    store.end_wasi()


def test_a_folder_may_have_any_name(root: Path) -> None:
    config = WasiConfig()
    config.preopen_dir(str(root), os.fsdecode(b"\xff"))
    with system(root, config=config) as sys_:
        assert sys_.call("fd_prestat_dir_name", 3, RESULT, 1) is Errno.SUCCESS
        assert sys_.memory.read(RESULT, 1) == b"\xff"


MAKE_FOLDER = """
import sys
from pathlib import Path
from tests.unit.wasi.system import system
with system(Path(sys.argv[1])) as sys_:
    sys.exit(sys_.call("path_create_directory", 3, *sys_.text("\\u00e9")))
"""


def test_names_are_utf8_whatever_the_locale(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAKE_FOLDER, str(root)],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        cwd=Path(__file__).parents[3],
        timeout=60,
        check=False,
    )
    assert done.returncode == Errno.SUCCESS
    assert "\u00e9".encode() in os.listdir(os.fsencode(root))
