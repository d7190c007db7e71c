"""Which raw events a client hears of, decided without a guest."""

import pytest

from gdbstub.policy import GO_ON, Policy
from gdbstub.target import (
    Address,
    BreakpointKind,
    Continue,
    RangeStep,
    RawKind,
    RegisterNumber,
    ResumeRequest,
    Step,
    ThreadId,
    Verdict,
    unreadable,
)

PC = Address(0x100)
THREAD = ThreadId(1)
GOING = Continue(THREAD)
STEPPING = Step(THREAD)
RANGE = RangeStep(THREAD, PC, Address(0x110))
WITHIN = Verdict(stepping=True, quiet_low=0x100, quiet_high=0x110)
SOFTWARE, HARDWARE = BreakpointKind.SOFTWARE, BreakpointKind.HARDWARE


class NoReader:
    def register(self, number: RegisterNumber) -> int:
        return 5

    def memory(self, address: Address, length: int) -> bytes:
        raise unreadable(address, length)


READER = NoReader()


def policy(request: ResumeRequest = GOING) -> Policy:
    made = Policy(lambda text: None)
    made.begin(request)
    return made


# fmt: off
DECISIONS = [
    # event, request, verdict; None stops
    (RawKind.ENTRY,      GOING,    None),
    (RawKind.BREAKPOINT, GOING,    None),
    (RawKind.BREAKPOINT, STEPPING, None),
    (RawKind.BREAKPOINT, RANGE,    None),
    (RawKind.STEP,       GOING,    GO_ON),
    (RawKind.STEP,       STEPPING, None),
    (RawKind.STEP,       RANGE,    WITHIN),
    (RawKind.WATCH,      GOING,    None),
    (RawKind.TRAP,       STEPPING, None),
    (RawKind.LIBRARY,    GOING,    None),
    (RawKind.INTERRUPT,  GOING,    GO_ON),   # nobody wants one any more
    (RawKind.INTERRUPT,  RANGE,    WITHIN),
]
# fmt: on


@pytest.mark.parametrize(("kind", "request_", "verdict"), DECISIONS)
def test_decisions(kind: RawKind, request_: ResumeRequest, verdict: Verdict | None) -> None:
    assert policy(request_).decide(kind, PC, READER) == verdict


@pytest.mark.parametrize("kind", RawKind)
def test_nobody_is_told_while_nobody_is_attached(kind: RawKind) -> None:
    made = policy(STEPPING)
    made.attached = False
    assert made.decide(kind, PC, READER) == GO_ON


def test_a_wanted_interrupt_stops_and_is_forgotten_at_the_next_resume() -> None:
    made = policy()
    made.interrupting = True
    assert made.decide(RawKind.INTERRUPT, PC, READER) is None
    made.begin(GOING)
    assert made.decide(RawKind.INTERRUPT, PC, READER) == GO_ON


@pytest.mark.parametrize("pc", [0x0FF, 0x110])
def test_a_range_ends_outside(pc: int) -> None:
    assert policy(RANGE).decide(RawKind.STEP, Address(pc), READER) is None


# fmt: off
BEGINNINGS = [
    (GOING, Verdict(False, True)), (Continue(THREAD, 9), Verdict(False, True, 9)),
    (Step(THREAD, 2), Verdict(True, True, 2)), (RANGE, Verdict(True, True, 0, 0x100, 0x110)),
]
# fmt: on


@pytest.mark.parametrize(("request_", "verdict"), BEGINNINGS)
def test_how_a_parked_guest_starts(request_: ResumeRequest, verdict: Verdict) -> None:
    assert Policy(lambda text: None).begin(request_) == verdict


def test_conditions() -> None:
    made = policy()
    made.insert(SOFTWARE, PC, (lambda reader: 0, lambda reader: reader.register(0) == 4), ())
    assert made.decide(RawKind.BREAKPOINT, PC, READER) == GO_ON
    made.insert(SOFTWARE, PC, (lambda reader: 0, lambda reader: reader.register(0) == 5), ())
    assert made.decide(RawKind.BREAKPOINT, PC, READER) is None


def test_a_false_condition_does_not_end_a_range() -> None:
    made = policy(RANGE)
    made.insert(SOFTWARE, PC, (lambda reader: 0,), ())
    assert made.decide(RawKind.BREAKPOINT, PC, READER) == WITHIN


def test_a_failing_condition_stops() -> None:
    made = policy()
    made.insert(SOFTWARE, PC, (lambda reader: len(reader.memory(0, 1)),), ())
    assert made.decide(RawKind.BREAKPOINT, PC, READER) is None


def test_what_passes_without_an_event() -> None:
    made = policy()
    passing = []
    for conditions in (
        (lambda reader: 0,),
        (lambda reader: 0, lambda reader: 1),
        (lambda reader: 0, lambda reader: 0),
        (lambda reader: len(reader.memory(0, 1)),),
    ):
        made.insert(SOFTWARE, PC, conditions, ())
        passes = made.passing(PC, READER)
        assert passes is not None
        passing.append(passes())
    assert passing == [True, False, True, False]


def test_what_does_not_pass_without_an_event() -> None:
    made = policy()
    assert made.passing(PC, READER) is None
    made.insert(SOFTWARE, PC, (), ())
    assert made.passing(PC, READER) is None
    made.insert(SOFTWARE, PC, (lambda reader: 0,), (lambda reader: "text",))
    assert made.passing(PC, READER) is None
    made.insert(SOFTWARE, PC, (lambda reader: 0,), ())
    made.insert(HARDWARE, PC, (), ())
    assert made.passing(PC, READER) is None


def test_commands_run_where_the_condition_is_true() -> None:
    texts: list[str] = []
    made = Policy(texts.append)
    made.begin(GOING)
    made.insert(SOFTWARE, PC, (), (lambda reader: "one", lambda reader: "two"))
    assert made.decide(RawKind.BREAKPOINT, PC, READER) == GO_ON
    made.insert(SOFTWARE, PC, (lambda reader: 0,), (lambda reader: "three",))
    assert made.decide(RawKind.BREAKPOINT, PC, READER) == GO_ON
    assert texts == ["one", "two"]


def test_a_failing_command_says_so() -> None:
    texts: list[str] = []
    made = Policy(texts.append)
    made.begin(GOING)
    made.insert(SOFTWARE, PC, (), (lambda reader: str(reader.memory(0x10, 1)),))
    assert made.decide(RawKind.BREAKPOINT, PC, READER) == GO_ON
    assert texts == ["(cannot print: no memory at 0x10, length 1)\n"]


def test_two_kinds_at_one_address() -> None:
    made = policy()
    made.insert(SOFTWARE, PC, (lambda reader: 0,), ())
    made.insert(HARDWARE, PC, (), ())
    assert made.decide(RawKind.BREAKPOINT, PC, READER) is None
    made.remove(HARDWARE, PC)
    assert made.decide(RawKind.BREAKPOINT, PC, READER) == GO_ON
    made.remove(SOFTWARE, PC)
    made.remove(SOFTWARE, PC)
    assert made.decide(RawKind.BREAKPOINT, PC, READER) is None


def test_clear_forgets_all() -> None:
    made = policy()
    made.insert(SOFTWARE, PC, (lambda reader: 0,), ())
    made.clear()
    assert made.decide(RawKind.BREAKPOINT, PC, READER) is None
