"""Random modules: the same outcome and the same steps on every machine."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit.debug.events import DebugEvent
from jit.wasm.types import F32, F64, I32, I64
from tests.cross.lab import FIRST, OTHERS, Lab, Outcome, Stop, seen
from tests.unit.debug.programs import random_program

MOST_STOPS = 300
# fmt: off
ARGUMENTS = {
    I32: [0, 1, 2, 0xFFFF_FFFF, 0x8000_0000],
    I64: [0, 1, 0xFFFF_FFFF_FFFF_FFFF, 1 << 63],
    F32: [0, 0x3F80_0000, 0x7F80_0000],
    F64: [0, 0x3FF0_0000_0000_0000, 0x7FF0_0000_0000_0000],
}
# fmt: on
SETTINGS: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def run(machine: str, seed: int) -> tuple[Outcome, list[Stop], bytes]:
    """Step through the beginning of a random module's run; return how it ended, the steps, the memory."""
    lab = Lab(machine, random_program(seed, nan_bits=False))
    rng = random.Random(seed)
    arguments = [rng.choice(ARGUMENTS[type_]) for type_ in lab.module.info.func_type(0).params]
    stops: list[Stop] = []

    def handler(_: object, event: DebugEvent) -> None:
        stops.append(Stop(type(event).__name__, tuple(seen(frame) for frame in lab.frames())))
        if len(stops) == MOST_STOPS:
            with lab.edit() as edit:
                edit.single_step(False)

    lab.store.set_debug_handler(handler)
    with lab.edit() as edit:
        edit.single_step(True)
    outcome = lab.call("f0", *arguments)
    memory = lab.instance.memories[0].linear
    return outcome, stops, bytes(memory.read(0, memory.size))


@pytest.mark.parametrize("machine", OTHERS)
@settings(max_examples=15, **SETTINGS)
@given(seed=st.integers(0, 2**32))
def test_random_modules_run_alike(machine: str, seed: int) -> None:
    assert run(machine, seed) == run(FIRST, seed)
