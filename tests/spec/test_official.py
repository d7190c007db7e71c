"""The official suite: every listed script on every engine, a script a test."""

from collections import Counter

import pytest

from tests.spec.counting import judge_suite
from tests.spec.engines import ENGINES, is_sampled
from tests.spec.runner import Engine, Outcome, Runner
from tests.spec.scripts import (
    HERE,
    Listed,
    SuiteNotFound,
    listed_scripts,
    read_commands,
    suite_folder,
)


def read_expected_failures() -> dict[tuple[str, int], str]:
    """Read the list of known failures."""
    rows = {}
    for line in (HERE / "expected_failures.txt").read_text().splitlines():
        if not line.startswith("#"):
            script, index, reason = line.split("\t")
            rows[script, int(index)] = reason
    return rows


EXPECTED = read_expected_failures()

CASES = [
    pytest.param(
        engine,
        row,
        id=f"{engine.name}-{row.name}",
        marks=[] if is_sampled(engine, row) else [pytest.mark.slow],
    )
    for engine in ENGINES
    for row in listed_scripts()
]


def judge(script: str, outcome: Outcome) -> str:
    """Say what became of a command, in words to count; anything bad starts with a !."""
    known = EXPECTED.get((script, outcome.number))
    if outcome.skipped:
        return f"skipped: {outcome.reason}"
    if outcome.reason is None:
        return "passed" if known is None else f"! passed, though expected to fail: {known}"
    return f"! failed: {outcome.reason}" if known is None else f"expected failure: {known}"


@pytest.mark.limit(280)
@pytest.mark.parametrize(("engine", "row"), CASES)
def test_script(engine: Engine, row: Listed, tally: dict[str, Counter[str]]) -> None:
    try:
        folder = suite_folder()
    except SuiteNotFound as missing:
        pytest.skip(str(missing))
    commands = read_commands(folder, row.name)
    assert len(commands) == row.commands, "not the suite that the list was made from"
    bad = []
    counts = tally.setdefault(engine.name, Counter())
    for outcome in Runner(engine, row.refused).run(commands):
        verdict = judge(row.name, outcome)
        counts["! failed" if verdict.startswith("!") else verdict] += 1
        if verdict.startswith("!"):
            bad.append(
                f"line {outcome.line}, command {outcome.number}, {outcome.kind}: {verdict[2:]}"
            )
    assert not bad, "\n".join((f"{len(bad)} of {len(commands)} commands", *bad[:40]))


def test_the_list_is_what_the_tool_makes() -> None:
    try:
        folder = suite_folder()
    except SuiteNotFound as missing:
        pytest.skip(str(missing))
    assert sorted(judge_suite(folder), key=lambda row: row.name) == sorted(
        listed_scripts(), key=lambda row: row.name
    )


def test_the_list_has_the_scripts_that_count() -> None:
    whole = [row for row in listed_scripts() if not row.mixed]
    assert (len(whole), sum(row.commands for row in whole)) == (82, 26394)
    assert len(listed_scripts()) - len(whole) == 24


def test_few_failures_are_expected() -> None:
    assert len(EXPECTED) <= 10
