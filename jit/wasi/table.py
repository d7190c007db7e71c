"""The functions of `wasi_snapshot_preview1`: a row each, in the witx's order."""

from collections.abc import Callable
from dataclasses import dataclass

from jit.wasi import fd_calls as fd
from jit.wasi import path_calls as path
from jit.wasi import poll_calls as poll
from jit.wasi import process

MODULE = "wasi_snapshot_preview1"


@dataclass(frozen=True, slots=True)
class Row:
    """A function: its parameters (i: u32, I: u64, s: s64), whether it returns an errno."""

    name: str
    params: str
    function: Callable[..., None]
    returns: bool = True


# fmt: off
ROWS = (
    Row("args_get",                 "ii",        process.args_get),
    Row("args_sizes_get",           "ii",        process.args_sizes_get),
    Row("environ_get",              "ii",        process.environ_get),
    Row("environ_sizes_get",        "ii",        process.environ_sizes_get),
    Row("clock_res_get",            "ii",        process.clock_res_get),
    Row("clock_time_get",           "iIi",       process.clock_time_get),
    Row("fd_advise",                "iIIi",      fd.fd_advise),
    Row("fd_allocate",              "iII",       fd.fd_allocate),
    Row("fd_close",                 "i",         fd.fd_close),
    Row("fd_datasync",              "i",         fd.fd_datasync),
    Row("fd_fdstat_get",            "ii",        fd.fd_fdstat_get),
    Row("fd_fdstat_set_flags",      "ii",        fd.fd_fdstat_set_flags),
    Row("fd_fdstat_set_rights",     "iII",       fd.fd_fdstat_set_rights),
    Row("fd_filestat_get",          "ii",        fd.fd_filestat_get),
    Row("fd_filestat_set_size",     "iI",        fd.fd_filestat_set_size),
    Row("fd_filestat_set_times",    "iIIi",      fd.fd_filestat_set_times),
    Row("fd_pread",                 "iiiIi",     fd.fd_pread),
    Row("fd_prestat_get",           "ii",        fd.fd_prestat_get),
    Row("fd_prestat_dir_name",      "iii",       fd.fd_prestat_dir_name),
    Row("fd_pwrite",                "iiiIi",     fd.fd_pwrite),
    Row("fd_read",                  "iiii",      fd.fd_read),
    Row("fd_readdir",               "iiiIi",     fd.fd_readdir),
    Row("fd_renumber",              "ii",        fd.fd_renumber),
    Row("fd_seek",                  "isii",      fd.fd_seek),
    Row("fd_sync",                  "i",         fd.fd_sync),
    Row("fd_tell",                  "ii",        fd.fd_tell),
    Row("fd_write",                 "iiii",      fd.fd_write),
    Row("path_create_directory",    "iii",       path.path_create_directory),
    Row("path_filestat_get",        "iiiii",     path.path_filestat_get),
    Row("path_filestat_set_times",  "iiiiIIi",   path.path_filestat_set_times),
    Row("path_link",                "iiiiiii",   path.path_link),
    Row("path_open",                "iiiiiIIii", path.path_open),
    Row("path_readlink",            "iiiiii",    path.path_readlink),
    Row("path_remove_directory",    "iii",       path.path_remove_directory),
    Row("path_rename",              "iiiiii",    path.path_rename),
    Row("path_symlink",             "iiiii",     path.path_symlink),
    Row("path_unlink_file",         "iii",       path.path_unlink_file),
    Row("poll_oneoff",              "iiii",      poll.poll_oneoff),
    Row("proc_exit",                "i",         process.proc_exit, returns=False),
    Row("proc_raise",               "i",         process.proc_raise),
    Row("sched_yield",              "",          process.sched_yield),
    Row("random_get",               "ii",        process.random_get),
    Row("sock_accept",              "iii",       process.sock_accept),
    Row("sock_recv",                "iiiiii",    process.sock_recv),
    Row("sock_send",                "iiiii",     process.sock_send),
    Row("sock_shutdown",            "ii",        process.sock_shutdown),
)
# fmt: on

BY_NAME = {row.name: row for row in ROWS}
