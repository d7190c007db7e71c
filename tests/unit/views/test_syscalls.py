"""WASI's functions and the system calls they stand for, against the kernel's own table."""

import re
from pathlib import Path

import pytest

from gdbstub.views.common.syscalls import system_call
from jit.wasi.table import MODULE, ROWS

HEADERS = [
    Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    Path("/usr/include/asm/unistd_64.h"),
]

# fmt: off
LIKE = {
    "fd_read": "read", "fd_write": "write", "path_open": "openat", "proc_exit": "exit_group", "fd_close": "close",
    "fd_pread": "pread64", "fd_pwrite": "pwrite64", "fd_seek": "lseek", "fd_tell": "lseek", "fd_readdir": "getdents64",
    "fd_filestat_get": "fstat", "path_filestat_get": "newfstatat", "path_unlink_file": "unlinkat",
    "path_remove_directory": "unlinkat", "path_rename": "renameat", "path_link": "linkat", "path_symlink": "symlinkat",
    "path_readlink": "readlinkat", "path_create_directory": "mkdirat", "poll_oneoff": "poll", "random_get": "getrandom",
    "clock_time_get": "clock_gettime", "clock_res_get": "clock_getres", "sched_yield": "sched_yield",
    "fd_sync": "fsync", "fd_datasync": "fdatasync", "fd_filestat_set_size": "ftruncate", "fd_allocate": "fallocate",
    "fd_advise": "fadvise64", "fd_renumber": "dup2", "fd_fdstat_get": "fcntl", "fd_fdstat_set_flags": "fcntl",
    "fd_filestat_set_times": "utimensat", "path_filestat_set_times": "utimensat", "proc_raise": "kill",
    "sock_accept": "accept4", "sock_recv": "recvfrom", "sock_send": "sendto", "sock_shutdown": "shutdown",
}
# fmt: on


def test_every_function_has_a_number() -> None:
    numbers = {row.name: system_call(f"{MODULE}.{row.name}") for row in ROWS}
    assert None not in numbers.values()
    others = [number for name, number in numbers.items() if name not in LIKE]
    assert all(number is not None and number > 1000 for number in others)
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(("function", "call"), LIKE.items())
def test_numbers_are_those_of_linux(function: str, call: str) -> None:
    header = next((path for path in HEADERS if path.is_file()), None)
    if header is None:
        pytest.skip("the kernel's headers are not installed")
    number = re.search(rf"^#define __NR_{call} (\d+)$", header.read_text(), re.MULTILINE)
    assert number is not None
    assert system_call(f"{MODULE}.{function}") == int(number[1])


@pytest.mark.parametrize("name", ["", "fd_write", "env.fd_write", f"{MODULE}.no_such"])
def test_what_is_none_of_wasi_has_no_number(name: str) -> None:
    assert system_call(name) is None
