"""Several threads: which one a packet is about, and which one a resume steps."""

from collections.abc import Sequence

import pytest

from gdbstub.commands import Client, Go, Outcome, error_reply, find, split_suffix, stop_reply
from gdbstub.policy import Policy
from gdbstub.rsp import FieldError
from gdbstub.target import (
    Address,
    Continue,
    Dialect,
    FrameIndex,
    RangeStep,
    Signal,
    Signalled,
    Step,
    Stepped,
    Stop,
    TargetError,
    Thread,
    ThreadId,
)
from tests.conformance.toy import LldbView, Toy

THREADS = tuple(Thread(ThreadId(n), f"t{n}") for n in (1, 2, 3))


class ThreadedView(LldbView):
    """A view of three threads, of which the second stopped."""

    def threads(self) -> Sequence[Thread]:
        return THREADS

    def stop(self) -> Stop:
        return Stop(Stepped(), ThreadId(2), pcs=(Address(1), Address(2), Address(3)))

    def read_registers(self, thread: ThreadId) -> bytes:
        return bytes((thread,))

    def local(self, thread: ThreadId, frame: FrameIndex, index: int) -> bytes:
        return bytes((thread,))


def make_client(peer: Dialect = Dialect.LLDB) -> Client:
    client = Client(ThreadedView(Toy()), Policy(lambda text: None), peer, lambda text: None)
    ask(client, b"?")
    return client


def ask(client: Client, packet: bytes) -> Outcome:
    packet = split_suffix(client, packet)
    command = find(client, packet)
    assert command is not None
    return command.run(client, packet)


def contents(client: Client, packet: bytes) -> bytes:
    reply = ask(client, packet)
    assert not isinstance(reply, Go)
    return reply.contents  # type: ignore[union-attr]


# fmt: off
RESUMES = [
    (b"c",                      Continue(ThreadId(2))),
    (b"C0b",                    Continue(ThreadId(2), 11)),
    (b"s",                      Step(ThreadId(2))),
    (b"vCont;c",                Continue(ThreadId(1))),
    (b"vCont;s:2",              Step(ThreadId(2))),
    (b"vCont;s:3;c",            Step(ThreadId(3))),
    (b"vCont;c:1;s:2;c:3",      Step(ThreadId(2))),
    (b"vCont;c:1;s:1;c",        Continue(ThreadId(1))),     # the leftmost counts
    (b"vCont;C0b:3;c",          Continue(ThreadId(3), 11)),
    (b"vCont;r10,20:2;c",       RangeStep(ThreadId(2), Address(0x10), Address(0x20))),
    (b"vCont;s",                Step(ThreadId(1))),
]
# fmt: on


@pytest.mark.parametrize(("packet", "request_"), RESUMES)
def test_resumes(packet: bytes, request_: Continue | Step | RangeStep) -> None:
    assert ask(make_client(), packet) == Go(request_)


def test_a_thread_that_is_not_there() -> None:
    with pytest.raises(TargetError, match="no thread 4"):
        ask(make_client(), b"vCont;s:4")


def test_the_stops_thread_is_selected() -> None:
    assert contents(make_client(), b"g") == b"02"


def test_selecting() -> None:
    client = make_client()
    ask(client, b"Hg3")
    assert contents(client, b"g") == b"03"
    ask(client, b"Hc1")
    assert contents(client, b"g") == b"03"
    ask(client, b"Hg0")
    assert contents(client, b"g") == b"02"


def test_a_suffix_is_for_one_packet() -> None:
    client = make_client()
    ask(client, b"QThreadSuffixSupported")
    assert contents(client, b"g;thread:0003;") == b"03"
    assert contents(client, b"g") == b"02"


def test_a_suffix_that_is_no_number_is_refused() -> None:
    client = make_client()
    ask(client, b"QThreadSuffixSupported")
    with pytest.raises(FieldError):
        ask(client, b"p0;thread:" + b"f" * 5000 + b";")


def test_frame_packets_mean_the_thread_named_last() -> None:
    client = make_client()
    assert contents(client, b"qWasmLocal:0;0") == b"02"
    ask(client, b"qWasmCallStack:3")
    assert contents(client, b"qWasmLocal:0;0") == b"03"
    ask(client, b"?")
    assert contents(client, b"qWasmLocal:0;0") == b"02"


def test_stop_replies_list_threads_for_who_asks() -> None:
    client = make_client()
    stop = client.target.stop()
    assert stop_reply(client, stop) == b"T05reason:trace;thread:2;"
    ask(client, b"QListThreadsInStopReply")
    assert stop_reply(client, stop) == b"T05reason:trace;thread:2;threads:1,2,3;thread-pcs:1,2,3;"


def test_an_interrupt_with_words() -> None:
    stop = Stop(Signalled(Signal.INT, "waiting"), ThreadId(1), fields=(("library", "1"),))
    lldb = stop_reply(make_client(), stop)
    assert lldb == b"T02reason:signal;description:77616974696e67;thread:1;library:1;"
    assert stop_reply(make_client(Dialect.GDB), stop) == b"T02thread:1;library:1;"


# fmt: off
ERRORS = [
    ({}, b"E0e"), ({"error_strings": True}, b"E0e;6120243f"), ({"error_message": True}, b"E.a .?"),
]
# fmt: on


@pytest.mark.parametrize(("settings", "reply"), ERRORS)
def test_errors_as_the_client_reads_them(settings: dict[str, bool], reply: bytes) -> None:
    client = make_client()
    for name, value in settings.items():
        setattr(client, name, value)
    assert error_reply(client, 14, "a $?").contents == reply


@pytest.mark.parametrize("code", [0, 256, -1])
def test_an_error_without_a_number_is_still_one(code: int) -> None:
    assert error_reply(None, code, "").contents == b"Eff"
