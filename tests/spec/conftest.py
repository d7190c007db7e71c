"""Count the commands of the suite, engine by engine, and print the counts at the end."""

from collections import Counter

import pytest

TALLY: pytest.StashKey[dict[str, Counter[str]]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the counts."""
    config.stash[TALLY] = {}


@pytest.fixture
def tally(pytestconfig: pytest.Config) -> dict[str, Counter[str]]:
    """Give the counts by engine, then by what became of a command."""
    return pytestconfig.stash[TALLY]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the counts, skipped commands by reason."""
    for engine, counts in sorted(config.stash[TALLY].items()):
        terminalreporter.write_sep("=", f"official suite on {engine}: {counts.total()} commands")
        for what, count in counts.most_common():
            terminalreporter.write_line(f"{count:6d}  {what}")
