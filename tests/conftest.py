"""What holds for every test: a limit on its time, and a count of what was skipped and why.

A test that overruns fails by an alarm.  One that does not come back even then (guest code runs with
signals blocked) is ended by pytest's own fault handler, with the stacks of all threads; its time is in
setup.cfg and is the same for all.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from types import FrameType

import pytest

pytest_plugins = ["tests.guests.fixtures"]

DEFAULT_LIMIT = 60.0


class TimeLimitExceeded(Exception):
    """Tell that a test ran longer than it may."""


def _limit_of(item: pytest.Item) -> float:
    marker = item.get_closest_marker("limit")
    return float(marker.args[0]) if marker is not None else DEFAULT_LIMIT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Give the test its time, set-up and tear-down included."""
    seconds = _limit_of(item)

    def overrun(signum: int, frame: FrameType | None) -> None:
        raise TimeLimitExceeded(f"{item.nodeid}: over {seconds:g} s")

    previous = signal.signal(signal.SIGALRM, overrun)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many tests were skipped for each reason, even where that is none."""
    skipped = terminalreporter.stats.get("skipped", [])
    counts = Counter(_skip_reason(report) for report in skipped)
    terminalreporter.write_sep("=", f"{len(skipped)} skipped")
    for reason, count in counts.most_common():
        terminalreporter.write_line(f"{count:6d}  {reason}")
