"""The Linux system calls that WASI's functions stand for: gdb knows calls by their numbers on x86-64.

A function that no system call is like has a number above those of Linux; gdb shows it as such. One that
takes a vector is given the plain call's number, by which users ask for it.
"""

from __future__ import annotations

_MODULE = "wasi_snapshot_preview1."

# fmt: off
_NUMBERS = {
    "fd_read": 0, "fd_write": 1, "fd_close": 3, "fd_filestat_get": 5, "poll_oneoff": 7, "fd_seek": 8, "fd_tell": 8,
    "fd_pread": 17, "fd_pwrite": 18, "sched_yield": 24, "fd_renumber": 33, "sock_send": 44, "sock_recv": 45,
    "sock_shutdown": 48, "proc_raise": 62, "fd_fdstat_get": 72, "fd_fdstat_set_flags": 72, "fd_sync": 74,
    "fd_datasync": 75, "fd_filestat_set_size": 77, "fd_readdir": 217, "fd_advise": 221, "clock_time_get": 228,
    "clock_res_get": 229, "proc_exit": 231, "path_open": 257, "path_create_directory": 258,
    "path_filestat_get": 262, "path_unlink_file": 263, "path_remove_directory": 263, "path_rename": 264,
    "path_link": 265, "path_symlink": 266, "path_readlink": 267, "path_filestat_set_times": 280,
    "fd_filestat_set_times": 280, "fd_allocate": 285, "sock_accept": 288, "random_get": 318,
    "args_get": 1001, "args_sizes_get": 1002, "environ_get": 1003, "environ_sizes_get": 1004,
    "fd_fdstat_set_rights": 1005, "fd_prestat_get": 1006, "fd_prestat_dir_name": 1007,
}
# fmt: on


def system_call(function: str) -> int | None:
    """Return the number of the call that a host function (`module.name`) stands for, None for none."""
    return _NUMBERS.get(function.removeprefix(_MODULE)) if function.startswith(_MODULE) else None
