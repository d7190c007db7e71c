"""poll_oneoff: waiting for clocks and descriptors; what sleeps and `select` are made of."""

import fcntl
import os
import select
import struct
import termios
import time
from dataclasses import dataclass

from jit.runtime.errors import HostCallInterrupted
from jit.wasi import waiting
from jit.wasi.context import Wasi
from jit.wasi.descriptors import Descriptor, HostDescriptor, Nothing
from jit.wasi.errors import Errno, WasiError
from jit.wasi.layout import (
    EVENT,
    FD_READWRITE_HANGUP,
    SUBSCRIPTION,
    SUBSCRIPTION_CLOCK,
    SUBSCRIPTION_CLOCK_ABSTIME,
    SUBSCRIPTION_FD,
    SUBSCRIPTION_SIZE,
    Clock,
    EventType,
)
from jit.wasi.memory import Guest
from jit.wasi.process import clock, now

MAX_SUBSCRIPTIONS = 1 << 16

_GONE = select.POLLHUP | select.POLLERR
_FAILED = select.POLLNVAL


@dataclass(frozen=True, slots=True)
class _Timer:
    """A clock subscription; `deadline` is in monotonic nanoseconds."""

    userdata: int
    deadline: int


@dataclass(frozen=True, slots=True)
class _Interest:
    """A subscription to a descriptor that can become ready."""

    userdata: int
    type: EventType
    descriptor: HostDescriptor


def poll_oneoff(
    wasi: Wasi, guest: Guest, subscriptions: int, events: int, count: int, result: int
) -> None:
    if not 0 < count <= MAX_SUBSCRIPTIONS:
        raise WasiError(Errno.INVAL)
    raw = guest.read(subscriptions, SUBSCRIPTION_SIZE * count)
    guest.check(events, EVENT.size * count)
    guest.check(result, 4)
    began = _beginning(wasi, raw)
    timers: list[_Timer] = []
    interests: list[_Interest] = []
    happened: list[bytes] = []
    for at in range(0, len(raw), SUBSCRIPTION_SIZE):
        userdata, tag = SUBSCRIPTION.unpack_from(raw, at)
        body = at + SUBSCRIPTION.size
        if tag == EventType.CLOCK:
            timers.append(_Timer(userdata, _deadline(raw, body, began)))
        elif tag in (EventType.FD_READ, EventType.FD_WRITE):
            (fd,) = SUBSCRIPTION_FD.unpack_from(raw, body)
            try:
                descriptor = wasi.descriptors.get(fd)
            except WasiError as error:
                happened.append(_event(userdata, EventType(tag), error.errno))
                continue
            if isinstance(descriptor, HostDescriptor):
                interests.append(_Interest(userdata, EventType(tag), descriptor))
            else:
                happened.append(_at_once(userdata, EventType(tag), descriptor))
        else:
            raise WasiError(Errno.INVAL)
    happened += _wait(wasi, raw, began, timers, interests, at_once=bool(happened))
    guest.write(events, b"".join(happened))
    guest.write_u32(result, len(happened))


def _beginning(wasi: Wasi, raw: bytes) -> int:
    """Return when this poll began: now, or when it first did if it starts again."""
    interrupted, wasi.interrupted_sleep = wasi.interrupted_sleep, None
    if interrupted is not None and interrupted[0] == raw:
        return interrupted[1]
    return time.monotonic_ns()


def _deadline(raw: bytes, at: int, began: int) -> int:
    timeout: int
    id_, timeout, _precision, flags = SUBSCRIPTION_CLOCK.unpack_from(raw, at)
    which = clock(id_)
    if not flags & SUBSCRIPTION_CLOCK_ABSTIME:
        return began + timeout
    if which is Clock.MONOTONIC:
        return timeout
    return time.monotonic_ns() + timeout - now(which)


def _at_once(userdata: int, type_: EventType, descriptor: Descriptor) -> bytes:
    """Return the event of a descriptor that is always ready or never can be."""
    if isinstance(descriptor, Nothing):
        return _event(userdata, type_, Errno.SUCCESS)
    return _event(userdata, type_, Errno.BADF)


def _wait(
    wasi: Wasi,
    raw: bytes,
    began: int,
    timers: list[_Timer],
    interests: list[_Interest],
    *,
    at_once: bool,
) -> list[bytes]:
    deadline = min((timer.deadline for timer in timers), default=None)
    if at_once:
        deadline = time.monotonic_ns()
    masks = [(interest.descriptor.fd, _MASKS[interest.type]) for interest in interests]
    ready = wasi.waiter.wait(masks, deadline)
    if ready is None:
        wasi.interrupted_sleep = (raw, began)
        raise HostCallInterrupted
    time_now = time.monotonic_ns()
    events = [
        _event(timer.userdata, EventType.CLOCK, Errno.SUCCESS)
        for timer in timers
        if timer.deadline <= time_now
    ]
    for interest in interests:
        state = ready.get(interest.descriptor.fd, 0)
        if state & (_MASKS[interest.type] | _GONE | _FAILED):
            events.append(_ready(interest, state))
    return events


_MASKS = {EventType.FD_READ: waiting.READ, EventType.FD_WRITE: waiting.WRITE}


def _ready(interest: _Interest, state: int) -> bytes:
    if state & _FAILED:
        return _event(interest.userdata, interest.type, Errno.BADF)
    size = 1
    if interest.type is EventType.FD_READ:
        size = _available(interest.descriptor)
    hangup = FD_READWRITE_HANGUP if state & _GONE else 0
    return _event(interest.userdata, interest.type, Errno.SUCCESS, size, hangup)


def _available(descriptor: HostDescriptor) -> int:
    """Return how many bytes can be read at once, as far as the host can say."""
    if descriptor.seekable:
        position = os.lseek(descriptor.fd, 0, os.SEEK_CUR)
        return max(os.fstat(descriptor.fd).st_size - position, 0)
    try:
        size: int = struct.unpack("i", fcntl.ioctl(descriptor.fd, termios.FIONREAD, bytes(4)))[0]
    except OSError:
        return 1
    return size


def _event(userdata: int, type_: EventType, errno: Errno, size: int = 0, flags: int = 0) -> bytes:
    return EVENT.pack(userdata, errno, type_, size, flags)
