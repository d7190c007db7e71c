"""Programs of some size print what they print under Wasmtime: plain, with sites, stopped, stepped and looked at.

A part of each is stepped in the default run; the two small ones are stepped through whole in the slow one.
"""

import random
from pathlib import Path

import pytest

from jit.debug.events import Breakpoint
from tests.programs.programs import PROGRAMS, STATEMENTS, Run, expected

BREAKPOINTS = 400
STEPS = 40_000


@pytest.fixture(params=PROGRAMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def edit(run: Run, add: list[int], remove: list[int], step: bool | None = None) -> None:
    session = run.store.edit_breakpoints()
    assert session is not None
    with session:
        for pc in add:
            session.add_breakpoint(run.module, pc)
        for pc in remove:
            session.remove_breakpoint(run.module, pc)
        if step is not None:
            session.single_step(step)


def places(run: Run, count: int, seed: int) -> list[int]:
    """Return PCs anywhere in the functions' bytes."""
    rng = random.Random(seed)
    bodies = rng.choices(run.module.info.bodies, k=count)
    return [rng.randrange(body.start, body.end) for body in bodies]


def look(run: Run) -> None:
    """Read all there is of a few frames."""
    frame = run.store.debug_exit_frames()[0]
    for _ in range(5):
        for index in range(frame.num_locals()):
            assert frame.local(index).value is not None
        for index in range(frame.num_stacks()):
            assert frame.stack(index).value is not None
        parent = frame.parent()
        if parent is None:
            break
        frame = parent


@pytest.mark.limit(400)
def test_the_peer_has_something_to_say(name: str) -> None:
    """The first test of each builds it, which takes its time."""
    text = expected(name)
    assert len(text) > 100
    if name == "sqlite":
        assert f"{STATEMENTS} statements" in text.decode()
        assert b"error: no such column" in text and b"error: UNIQUE constraint failed" in text


@pytest.mark.limit(200)
@pytest.mark.parametrize("guest_debug", [False, True], ids=["plain", "sites"])
def test_they_print_the_same(name: str, guest_debug: bool, tmp_path: Path) -> None:
    assert Run(name, tmp_path, guest_debug=guest_debug).output() == expected(name)


@pytest.mark.limit(200)
def test_breakpoints_anywhere_change_nothing(name: str, tmp_path: Path) -> None:
    """Each is removed when it has been hit a few times, and what is there is read."""
    run = Run(name, tmp_path, guest_debug=True)
    hits: dict[int, int] = {}

    def handle(event: Breakpoint) -> None:
        hits[event.pc] = hits.get(event.pc, 0) + 1
        look(run)
        if hits[event.pc] == 3:
            edit(run, [], list(event.requested))

    run.on_breakpoints(handle)
    edit(run, places(run, BREAKPOINTS, 1), [])
    assert run.output() == expected(name)
    assert len(hits) > 10


@pytest.mark.limit(200)
def test_parts_that_are_stepped_change_nothing(name: str, tmp_path: Path) -> None:
    """From each of the breakpoints some hundred ops are stepped, all sites on where the guest is."""
    run = Run(name, tmp_path, guest_debug=True)
    steps, left = 0, 0

    def handle(event: Breakpoint) -> None:
        nonlocal steps, left
        if event.requested:
            look(run)
            edit(run, [], list(event.requested), True)
            left = STEPS // 50
        steps += 1
        left -= 1
        if left <= 0:
            edit(run, [], [], False)

    run.on_breakpoints(handle)
    edit(run, places(run, BREAKPOINTS, 2), [])
    assert run.output() == expected(name)
    assert steps > 1000


@pytest.mark.slow
@pytest.mark.limit(900)
@pytest.mark.parametrize("small", ["c++", "rust"])
def test_a_program_is_stepped_from_its_start_to_its_end(small: str, tmp_path: Path) -> None:
    run = Run(small, tmp_path, guest_debug=True)
    steps = 0

    def handle(event: Breakpoint) -> None:
        nonlocal steps
        steps += 1

    run.on_breakpoints(handle)
    edit(run, [], [], True)
    assert run.output() == expected(small)
    assert steps > 100_000
