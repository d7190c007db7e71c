"""The command that calls a function of the guest, by the Wasm signature alone."""

from __future__ import annotations

from gdbstub.monitor.subject import Lines, MonitorError, Subject
from gdbstub.monitor.values import TYPE_NAMES, parsed, shown
from jit import ExitTrap, InvalidFunction, Trap, TrapCode

TIME_LIMIT = 10.0
"""Seconds a call may take: nobody could interrupt it."""


def call(subject: Subject, words: list[str]) -> Lines:
    """Call a function and show what it returns; a trap in it is told, and ends nothing else."""
    instance, index = subject.function(words[0])
    info = instance.module.info
    name, type_ = info.func_name(index), info.func_type(index)
    if instance.func(index).host is not None:
        raise MonitorError(f"{name} is a function of the host; only the guest's can be called")
    if len(words) - 1 != len(type_.params):
        raise MonitorError(
            f"{name} takes {_signature(type_.params)}; arguments given: {len(words) - 1}"
        )
    try:
        arguments = [
            parsed(param, word) for param, word in zip(type_.params, words[1:], strict=True)
        ]
    except ValueError as error:
        raise MonitorError(f"{name} takes {_signature(type_.params)}: {error}") from None
    try:
        results = subject.debugger.call_quietly(instance, index, arguments, TIME_LIMIT)
    except ExitTrap as end:
        raise MonitorError(
            f"{name} ended the program with status {end.code}; it stands as before"
        ) from None
    except Trap as trap:
        raise MonitorError(_trapped(name, trap)) from None
    except InvalidFunction as error:
        raise MonitorError(str(error)) from None
    if not results:
        yield f"{name} returned"
    for type_code, bits in zip(type_.results, results, strict=True):
        yield shown(type_code, bits)


def _signature(types: tuple[int, ...]) -> str:
    return f"({', '.join(TYPE_NAMES[type_] for type_ in types)})"


def _trapped(name: str, trap: Trap) -> str:
    if trap.trap_code is TrapCode.INTERRUPT:
        return f"{name} was ended: it did not return within {TIME_LIMIT:g} seconds"
    place = f" at {str(trap.frames[0]).strip()}" if trap.frames else ""
    return f"{name} trapped: {trap.reason}{place}; the program stands where it stood"
