"""Calls that wait: for data, for room, for time; and what an interrupt makes of them."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jit.runtime.errors import HostCallInterrupted
from jit.wasi.config import WasiConfig
from jit.wasi.descriptors import stream
from jit.wasi.errors import Errno
from jit.wasi.layout import (
    EVENT,
    FD_READWRITE_HANGUP,
    STREAM_RIGHTS,
    SUBSCRIPTION,
    SUBSCRIPTION_CLOCK,
    SUBSCRIPTION_CLOCK_ABSTIME,
    SUBSCRIPTION_FD,
    SUBSCRIPTION_SIZE,
    Clock,
    EventType,
    FdFlags,
)
from tests.unit.wasi.system import BUFFER, RESULT, System

MILLISECOND = 1_000_000
SUBSCRIPTIONS = 0x6000
EVENTS = 0x7000


class Wired(System):
    """A system with the ends of two pipes as descriptors 0 (to read) and 1 (to write), and an alarm."""

    def __init__(self) -> None:
        self.wake, self.alarm = os.pipe()
        super().__init__(WasiConfig(), self.wake)
        self.input, self.feed = os.pipe()
        self.drain, self.output = os.pipe()
        table = self.wasi.descriptors
        table.remove(0)
        table.remove(1)
        table.add(stream(self.input, owned=False, rights=STREAM_RIGHTS))
        table.add(stream(self.output, owned=False, rights=STREAM_RIGHTS))

    def ring(self) -> None:
        os.write(self.alarm, b"!")

    def silence(self) -> None:
        os.read(self.wake, 1)

    def fill(self) -> int:
        """Fill the output pipe; return how many bytes it took."""
        os.set_blocking(self.output, False)
        total = 0
        try:
            while True:
                total += os.write(self.output, bytes(4096))
        except BlockingIOError:
            pass
        os.set_blocking(self.output, True)
        return total

    def poll(self, *subscriptions: bytes) -> list[tuple[int, ...]]:
        """Return (userdata, errno, type, bytes, flags) of the events."""
        self.memory.write(SUBSCRIPTIONS, b"".join(subscriptions))
        errno = self.call("poll_oneoff", SUBSCRIPTIONS, EVENTS, len(subscriptions), RESULT)
        assert errno is Errno.SUCCESS
        return list(EVENT.iter_unpack(self.memory.read(EVENTS, EVENT.size * self.u32())))

    def close(self) -> None:
        self.wasi.descriptors.close()
        for fd in (self.wake, self.alarm, self.input, self.drain, self.output):
            os.close(fd)
        if self.feed >= 0:
            os.close(self.feed)


@pytest.fixture
def wired() -> Iterator[Wired]:
    made = Wired()
    yield made
    made.close()


def clock(userdata: int, timeout: int, which: Clock = Clock.MONOTONIC, flags: int = 0) -> bytes:
    body = SUBSCRIPTION_CLOCK.pack(which, timeout, 0, flags)
    return (SUBSCRIPTION.pack(userdata, EventType.CLOCK) + body).ljust(SUBSCRIPTION_SIZE, b"\0")


def ready(userdata: int, type_: EventType, fd: int) -> bytes:
    body = SUBSCRIPTION.pack(userdata, type_) + SUBSCRIPTION_FD.pack(fd)
    return body.ljust(SUBSCRIPTION_SIZE, b"\0")


def test_a_read_waits_for_data(wired: Wired) -> None:
    feeder = threading.Thread(target=os.write, args=(wired.feed, b"late"))
    feeder.start()
    assert wired.read(0, 100) == b"late"
    feeder.join()


def test_a_read_finds_the_end(wired: Wired) -> None:
    os.close(wired.feed)
    wired.feed = -1
    assert wired.read(0, 100) == b""


def test_an_interrupted_read_takes_nothing(wired: Wired) -> None:
    wired.ring()
    with pytest.raises(HostCallInterrupted):
        wired.call("fd_read", 0, *wired.buffers(10), RESULT)
    wired.silence()
    os.write(wired.feed, b"data")
    assert wired.read(0, 10) == b"data"


def test_data_that_is_there_goes_before_an_interrupt(wired: Wired) -> None:
    os.write(wired.feed, b"data")
    wired.ring()
    assert wired.read(0, 10) == b"data"


def test_a_write_waits_for_room(wired: Wired) -> None:
    size = wired.fill()
    drainer = threading.Thread(target=os.read, args=(wired.drain, size))
    drainer.start()
    assert wired.write(1, b"x" * 20_000) is Errno.SUCCESS
    drainer.join()
    assert wired.u32() == 20_000


def test_an_interrupted_write_writes_nothing_into_a_full_pipe(wired: Wired) -> None:
    wired.fill()
    wired.ring()
    with pytest.raises(HostCallInterrupted):
        wired.write(1, b"x")


def test_an_interrupted_write_tells_what_it_wrote(wired: Wired) -> None:
    size = wired.fill()
    os.read(wired.drain, 8192)
    wired.ring()
    assert wired.write(1, b"x" * 20_000) is Errno.SUCCESS
    assert wired.u32() == 8192 <= size


def test_a_closed_pipe_is_an_error(wired: Wired) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    fd = wired.wasi.descriptors.add(stream(writing, owned=True, rights=STREAM_RIGHTS))
    assert wired.write(fd, b"x") is Errno.PIPE


def test_a_nonblocking_stream_does_not_wait(wired: Wired) -> None:
    assert wired.call("fd_fdstat_set_flags", 0, FdFlags.NONBLOCK) is Errno.SUCCESS
    assert wired.call("fd_read", 0, *wired.buffers(1), RESULT) is Errno.AGAIN
    assert wired.call("fd_fdstat_set_flags", 1, FdFlags.NONBLOCK) is Errno.SUCCESS
    wired.fill()
    assert wired.write(1, b"x") is Errno.AGAIN


def test_streams_cannot_be_sought(wired: Wired) -> None:
    assert wired.call("fd_seek", 0, 0, 0, RESULT) is Errno.SPIPE
    assert wired.call("fd_tell", 1, RESULT) is Errno.SPIPE


@pytest.mark.parametrize("which", [Clock.MONOTONIC, Clock.REALTIME])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_sleep_lasts_its_time(wired: Wired, which: Clock, absolute: bool) -> None:
    read = time.monotonic_ns if which is Clock.MONOTONIC else time.time_ns
    start, timeout = read(), 2_300_000
    flags = SUBSCRIPTION_CLOCK_ABSTIME if absolute else 0
    events = wired.poll(clock(7, timeout + (start if absolute else 0), which, flags))
    assert events == [(7, 0, EventType.CLOCK, 0, 0)]
    assert read() - start >= timeout


def test_of_several_clocks_those_that_are_due_are_told(wired: Wired) -> None:
    hour = 3600 * 1000 * MILLISECOND
    assert [event[0] for event in wired.poll(clock(1, hour), clock(2, 0), clock(3, 0))] == [2, 3]


def test_an_interrupted_sleep_goes_on_where_it_was(wired: Wired) -> None:
    start = time.monotonic_ns()
    wired.ring()
    with pytest.raises(HostCallInterrupted):
        wired.poll(clock(1, 30 * MILLISECOND))
    wired.silence()
    began = wired.wasi.interrupted_sleep
    assert began is not None and began[1] >= start
    wired.poll(clock(1, 30 * MILLISECOND))
    assert wired.wasi.interrupted_sleep is None
    assert time.monotonic_ns() - began[1] >= 30 * MILLISECOND


def test_readiness_of_descriptors(wired: Wired) -> None:
    os.write(wired.feed, b"12345")
    events = wired.poll(ready(1, EventType.FD_READ, 0), ready(2, EventType.FD_WRITE, 1))
    assert events == [(1, 0, EventType.FD_READ, 5, 0), (2, 0, EventType.FD_WRITE, 1, 0)]


def test_a_hangup_is_told(wired: Wired) -> None:
    os.close(wired.feed)
    wired.feed = -1
    assert wired.poll(ready(1, EventType.FD_READ, 0)) == [
        (1, 0, EventType.FD_READ, 0, FD_READWRITE_HANGUP)
    ]


def test_a_timeout_ends_the_wait_for_a_descriptor(wired: Wired) -> None:
    events = wired.poll(ready(1, EventType.FD_READ, 0), clock(2, MILLISECOND))
    assert events == [(2, 0, EventType.CLOCK, 0, 0)]


def test_a_bad_descriptor_is_an_event_of_its_own(wired: Wired) -> None:
    assert wired.poll(ready(1, EventType.FD_READ, 44), clock(2, MILLISECOND)) == [
        (1, Errno.BADF, EventType.FD_READ, 0, 0)
    ]


@pytest.mark.parametrize("count", [0, 1 << 17])
def test_no_subscriptions_or_too_many_are_refused(wired: Wired, count: int) -> None:
    assert wired.call("poll_oneoff", SUBSCRIPTIONS, EVENTS, count, RESULT) is Errno.INVAL


def test_an_unknown_subscription_is_refused(wired: Wired) -> None:
    wired.memory.write(SUBSCRIPTIONS, SUBSCRIPTION.pack(0, 9))
    assert wired.call("poll_oneoff", SUBSCRIPTIONS, EVENTS, 1, RESULT) is Errno.INVAL


def test_regular_files_are_always_ready(wired: Wired, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(9))
    fd = os.open(tmp_path / "file", os.O_RDONLY)
    number = wired.wasi.descriptors.add(stream(fd, owned=True, rights=STREAM_RIGHTS))
    assert wired.poll(ready(1, EventType.FD_READ, number)) == [(1, 0, EventType.FD_READ, 9, 0)]
    assert wired.memory.read(BUFFER, 1) == b"\0"
