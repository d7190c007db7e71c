"""One guest on every machine: the same results, the same traps at the same places, the same steps."""

from functools import cache

import pytest

from tests.cross import oracle
from tests.cross.guests import GUESTS, Call
from tests.cross.lab import FIRST, MACHINES, OTHERS, Lab, Outcome, Stop

LONG = {("squares", (20_000,)), ("endless", (0,)), ("deep", (1_000_000,))}
"""Calls that are compared by their outcomes alone: a trace would be more of the same."""


@cache
def outcomes(machine: str, guest: str, debug: bool) -> list[Outcome]:
    """Make all calls of a guest, one after the other in one instance."""
    lab = Lab(machine, GUESTS[guest].wat, debug=debug)
    return [lab.call(name, *arguments) for name, arguments in GUESTS[guest].calls]


def calls(guest: str) -> list[Call]:
    """Return the calls of a guest that are short enough to be stepped through."""
    return [call for call in GUESTS[guest].calls if call not in LONG]


@cache
def traces(machine: str, guest: str) -> list[tuple[Outcome, list[Stop]]]:
    """Step through all calls of a guest, one after the other in one instance."""
    lab = Lab(machine, GUESTS[guest].wat)
    return [lab.trace(name, *arguments) for name, arguments in calls(guest)]


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("guest", GUESTS)
def test_outcomes_are_wasmtimes(guest: str, machine: str, debug: bool) -> None:
    ours = [
        (found.results, found.trap.name if found.trap is not None else None)
        for found in outcomes(machine, guest, debug)
    ]
    assert ours == oracle.outcomes(GUESTS[guest])


@pytest.mark.parametrize("machine", OTHERS)
@pytest.mark.parametrize("guest", GUESTS)
def test_traps_are_at_the_same_places(guest: str, machine: str) -> None:
    assert outcomes(machine, guest, False) == outcomes(FIRST, guest, False)


@pytest.mark.parametrize("machine", OTHERS)
@pytest.mark.parametrize("guest", GUESTS)
def test_steps_are_the_same(guest: str, machine: str) -> None:
    for (name, arguments), ours, first in zip(
        calls(guest),
        traces(machine, guest),
        traces(FIRST, guest),
        strict=True,
    ):
        assert ours[0] == first[0], (name, arguments)
        assert len(ours[1]) > 1
        for at, (stop, wanted) in enumerate(zip(ours[1], first[1], strict=True)):
            assert stop == wanted, (name, arguments, at)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("guest", GUESTS)
def test_stopping_everywhere_changes_no_outcome(guest: str, machine: str) -> None:
    unstopped = Lab(machine, GUESTS[guest].wat, debug=False)
    for (name, arguments), (stopped, _) in zip(calls(guest), traces(machine, guest), strict=True):
        assert stopped == unstopped.call(name, *arguments)
