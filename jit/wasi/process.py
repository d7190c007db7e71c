"""args_*, environ_*, clock_*, random_get, sched_yield, proc_*, sock_*."""

import os
import time

from jit.runtime.errors import ExitTrap, HostCallInterrupted
from jit.wasi.context import Wasi
from jit.wasi.errors import Errno, WasiError
from jit.wasi.layout import Clock
from jit.wasi.memory import Guest

_RANDOM_CHUNK = 1 << 16

# fmt: off
_NOW = {
    Clock.REALTIME: time.time_ns,
    Clock.MONOTONIC: time.monotonic_ns,
    Clock.PROCESS_CPUTIME: time.process_time_ns,
    Clock.THREAD_CPUTIME: time.thread_time_ns,
}
_HOST_CLOCKS = {
    Clock.REALTIME: time.CLOCK_REALTIME,
    Clock.MONOTONIC: time.CLOCK_MONOTONIC,
    Clock.PROCESS_CPUTIME: time.CLOCK_PROCESS_CPUTIME_ID,
    Clock.THREAD_CPUTIME: time.CLOCK_THREAD_CPUTIME_ID,
}
# fmt: on


def clock(number: int) -> Clock:
    """Return a clock by its number; INVAL for none."""
    try:
        return Clock(number)
    except ValueError:
        raise WasiError(Errno.INVAL) from None


def now(which: Clock) -> int:
    """Read a clock, in nanoseconds."""
    return _NOW[which]()


def args_get(wasi: Wasi, guest: Guest, argv: int, argv_buf: int) -> None:
    _write_strings(guest, wasi.arguments, argv, argv_buf)


def args_sizes_get(wasi: Wasi, guest: Guest, argc: int, size: int) -> None:
    _write_sizes(guest, wasi.arguments, argc, size)


def environ_get(wasi: Wasi, guest: Guest, environ: int, environ_buf: int) -> None:
    _write_strings(guest, wasi.environment, environ, environ_buf)


def environ_sizes_get(wasi: Wasi, guest: Guest, count: int, size: int) -> None:
    _write_sizes(guest, wasi.environment, count, size)


def _write_sizes(guest: Guest, strings: tuple[bytes, ...], count: int, size: int) -> None:
    guest.write_u32(count, len(strings))
    guest.write_u32(size, sum(len(string) + 1 for string in strings))


def _write_strings(guest: Guest, strings: tuple[bytes, ...], pointers: int, buffer: int) -> None:
    for index, string in enumerate(strings):
        guest.write_u32(pointers + 4 * index, buffer)
        guest.write(buffer, string + b"\0")
        buffer += len(string) + 1


def clock_res_get(wasi: Wasi, guest: Guest, id_: int, resolution: int) -> None:
    nanoseconds = round(time.clock_getres(_HOST_CLOCKS[clock(id_)]) * 1e9)
    guest.write_u64(resolution, max(nanoseconds, 1))


def clock_time_get(wasi: Wasi, guest: Guest, id_: int, precision: int, result: int) -> None:
    guest.write_u64(result, now(clock(id_)))


def random_get(wasi: Wasi, guest: Guest, buffer: int, length: int) -> None:
    guest.check(buffer, length)
    for at in range(buffer, buffer + length, _RANDOM_CHUNK):
        if at > buffer and wasi.waiter.wait([], 0) is None:
            raise HostCallInterrupted  # what was written is as random as what will be
        guest.write(at, os.urandom(min(_RANDOM_CHUNK, buffer + length - at)))


def sched_yield(wasi: Wasi, guest: Guest) -> None:
    os.sched_yield()


def proc_exit(wasi: Wasi, guest: Guest, code: int) -> None:
    raise ExitTrap(code & 0xFF)


def proc_raise(wasi: Wasi, guest: Guest, signal: int) -> None:
    raise WasiError(Errno.NOTSUP)


def sock_accept(wasi: Wasi, guest: Guest, fd: int, flags: int, result: int) -> None:
    _no_socket(wasi, fd)


def sock_recv(
    wasi: Wasi,
    guest: Guest,
    fd: int,
    buffers: int,
    count: int,
    flags: int,
    size: int,
    out_flags: int,
) -> None:
    _no_socket(wasi, fd)


def sock_send(
    wasi: Wasi, guest: Guest, fd: int, buffers: int, count: int, flags: int, size: int
) -> None:
    _no_socket(wasi, fd)


def sock_shutdown(wasi: Wasi, guest: Guest, fd: int, how: int) -> None:
    _no_socket(wasi, fd)


def _no_socket(wasi: Wasi, fd: int) -> None:
    """Refuse: there is no way for a guest to get a socket."""
    wasi.descriptors.get(fd)
    raise WasiError(Errno.NOTSOCK)
