"""How values travel in calls on one instruction set: a plan for each list of types, made once."""

from functools import lru_cache
from typing import NamedTuple

from jit.abi.convention import Home, Place
from jit.asm.masm import ByPlaces, MacroAssembler
from jit.asm.places import FLOAT
from jit.wasm.types import I32


class Step(NamedTuple):
    """A value that travels in a register (as a place): its position, and its tables."""

    at: int
    register: int
    load: ByPlaces
    """[register][slot key]"""
    move: ByPlaces
    """[register][operand]"""


class Plan(NamedTuple):
    """Where the values of a list of types travel."""

    registers: tuple[Step, ...]
    overflow: tuple[tuple[int, int], ...]
    """(position, offset in the overflow buffer)"""


class Travel:
    """The plans of one macro assembler."""

    def __init__(self, masm: MacroAssembler) -> None:
        self._masm = masm
        self._arguments: dict[tuple[int, ...], Plan] = {}
        self._results: dict[tuple[int, ...], Plan] = {}

    def arguments(self, types: tuple[int, ...]) -> Plan:
        """Return the plan for parameters."""
        plan = self._arguments.get(types)
        if plan is None:
            plan = self._make(types, self._masm.convention.arguments(types))
            self._arguments[types] = plan
        return plan

    def results(self, types: tuple[int, ...]) -> Plan:
        """Return the plan for results."""
        plan = self._results.get(types)
        if plan is None:
            plan = self._make(types, self._masm.convention.results(types))
            self._results[types] = plan
        return plan

    def _make(self, types: tuple[int, ...], places: tuple[Place, ...]) -> Plan:
        masm = self._masm
        registers: list[Step] = []
        overflow: list[tuple[int, int]] = []
        for at, (type_, place) in enumerate(zip(types, places, strict=True)):
            if place.home is Home.OVERFLOW:
                overflow.append((at, place.number))
            elif place.home is Home.FLOAT:
                register = place.number + FLOAT
                registers.append(Step(at, register, masm.slot_load_float, masm.move_float))
            elif type_ == I32:
                registers.append(Step(at, place.number, masm.slot_load32, masm.move32))
            else:
                registers.append(Step(at, place.number, masm.slot_load64, masm.move64))
        return Plan(tuple(registers), tuple(overflow))


@lru_cache
def travel(masm: MacroAssembler) -> Travel:
    """Return the plans of a macro assembler."""
    return Travel(masm)
