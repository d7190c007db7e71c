"""The session without IO: who is there, acknowledgements, states, faults."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdbstub.commands import COMMANDS, Detach, Go, Kill
from gdbstub.policy import Policy
from gdbstub.rsp import Interrupt, escape, frame
from gdbstub.session import Action, Session, State, detect
from gdbstub.target import (
    Continue,
    Dialect,
    Exited,
    Signal,
    Target,
    TargetError,
    Terminated,
    ThreadId,
)
from tests.conformance.toy import Toy

# fmt: off
FIRST_PACKETS = [
    (b"qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;xmlRegisters=i386", Dialect.GDB),      # gdb 13
    (b"qSupported:xmlRegisters=i386,arm,mips,arc;multiprocess+;fork-events+", Dialect.LLDB),         # lldb 22, later
    (b"QStartNoAckMode", Dialect.LLDB),                                                              # lldb 22, first
    (b"?", Dialect.GDB), (b"qSupported", Dialect.GDB), (b"", Dialect.GDB),
]
# fmt: on


@pytest.mark.parametrize(("packet", "dialect"), FIRST_PACKETS)
def test_detect(packet: bytes, dialect: Dialect) -> None:
    assert detect(packet) is dialect


def session(toy: Toy | None = None) -> Session:
    return Session((toy or Toy()).view, Policy(lambda text: None))


def feed(made: Session, data: bytes) -> list[Action]:
    made.receive(data)
    actions = []
    while (event := made.next_event()) is not None:
        action = made.handle(event)
        if action is not None:
            actions.append(action)
    return actions


def test_acks_end_after_the_reply() -> None:
    made = session()
    feed(made, b"+$QStartNoAckMode#b0")
    assert made.take_output() == b"+$OK#9a"
    feed(made, b"+" + frame(b"qC"))
    assert made.take_output() == frame(b"QC1")


def test_a_nak_resends() -> None:
    made = session()
    feed(made, frame(b"qC"))
    made.take_output()
    feed(made, b"-")
    assert made.take_output() == frame(b"QC1")


def test_a_resume_and_its_stop() -> None:
    made = session()
    assert feed(made, frame(b"vCont;c")) == [Go(Continue(ThreadId(1)))]
    assert made.state is State.RUNNING
    assert made.take_output() == b"+"
    made.stopped()
    assert made.state is State.STOPPED
    assert made.take_output() == frame(b'T05thread:1;10:0*"e0;')


def test_only_an_interrupt_and_a_kill_pass_while_running() -> None:
    made = session()
    feed(made, frame(b"c"))
    assert feed(made, frame(b"qC") + b"\x03" + frame(b"g")) == [Interrupt()]
    assert feed(made, frame(b"k")) == [Kill(b"X09")]
    assert made.state is State.IDLE


def test_interrupts_of_a_stopped_guest_are_dropped() -> None:
    assert feed(session(), b"\x03\x03") == []


def test_text_is_shown_only_while_a_reply_is_owed() -> None:
    made = session()
    feed(made, frame(b"?"))
    made.take_output()
    made.output("lost")
    assert made.take_output() == b""
    feed(made, frame(b"c"))
    made.take_output()
    made.output("hi")
    assert made.take_output() == frame(b"O6869")


def test_an_exit_is_told_once_and_on_demand() -> None:
    made = session()
    feed(made, frame(b"c"))
    made.take_output()
    made.exited(Exited(3))
    assert made.take_output() == frame(b"W03")
    feed(made, frame(b"?"))
    assert made.take_output() == b"+" + frame(b"W03")
    assert made.over
    assert feed(made, frame(b"D")) == []
    assert made.state is State.CLOSED


def test_the_exit_after_a_kill_is_not_told_again() -> None:
    made = session()
    feed(made, frame(b"k"))
    made.take_output()
    made.exited(Terminated(Signal.KILL))
    assert made.take_output() == b""


def test_detach() -> None:
    made = session()
    assert feed(made, frame(b"D;1")) == [Detach()]
    assert made.state is State.CLOSED


def test_a_fault_in_a_handler_is_answered() -> None:
    toy = Toy()
    made = session(toy)
    toy.broken = True
    made.receive(frame(b"g"))
    event = made.next_event()
    assert event is not None
    with pytest.raises(RuntimeError):
        made.handle(event)
    made.fail()
    assert made.take_output() == b"+" + frame(b"E99")


def test_a_view_that_cannot_be_made_is_an_error_reply() -> None:
    def attach(dialect: Dialect) -> Target:
        raise TargetError(95, "this module cannot be shown to lldb")

    made = Session(attach, Policy(lambda text: None))
    feed(made, frame(b"qC"))
    assert made.take_output() == b"+" + frame(b"E5f")


def test_nothing_is_said_after_a_detach() -> None:
    made = session()
    assert feed(made, frame(b"D") + frame(b"c")) == [Detach()]


def test_too_many_packets_are_noticed() -> None:
    made = session()
    feed(made, frame(b"c") + frame(b"qC") * 300)
    assert made.overrun


PACKETS = st.one_of(
    st.binary(max_size=40),
    st.builds(
        bytes.__add__,
        st.sampled_from([command.name for command in COMMANDS]),
        st.one_of(
            st.binary(max_size=20),
            st.text(";:,=.0123456789abcdefXZp-", max_size=30).map(str.encode),
        ),
    ),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PACKETS, max_size=8), st.sampled_from(Dialect))
def test_no_packet_is_our_fault(packets: list[bytes], dialect: Dialect) -> None:
    """Whatever is asked, it is answered, or it resumes: nothing raises."""
    made = Session(Toy().view, Policy(lambda text: None), dialect)
    made.receive(b"".join(frame(escape(packet)) for packet in packets))
    while (event := made.next_event()) is not None:
        made.take_output()
        action = made.handle(event)
        while made.talking:
            made.talk()
        if isinstance(action, Go):
            made.stopped()
        assert action is not None or made.take_output() not in (b"", b"+")
