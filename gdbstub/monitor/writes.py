"""The command that writes what of the Wasm machine no variable of the program stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gdbstub.monitor.state import describe_global, describe_local, describe_operand, describe_slot
from gdbstub.monitor.subject import Lines, MonitorError, Subject, number
from gdbstub.monitor.values import FUNCREF, parsed
from jit import Instance
from jit.debug.frames import FrameHandle

_NULL = "null"


def set_(subject: Subject, words: list[str]) -> Lines:
    """Write a local, an operand, a global or a slot of a table, and show what is there then."""
    write = _WRITERS.get(words[0])
    if write is None:
        raise MonitorError(f"{words[0]!r} is none of {', '.join(_WRITERS)}")
    yield write(subject, subject.frame(words[3:]), words[1], words[2])


def _bits(type_: int, text: str) -> int:
    try:
        return parsed(type_, text)
    except ValueError as error:
        raise MonitorError(str(error)) from None


def _local(subject: Subject, frame: FrameHandle, place: str, value: str) -> str:
    index = number(place)
    frame.set_local_bits(index, _bits(frame.local_type(index), value))
    return describe_local(subject, frame, index)


def _operand(subject: Subject, frame: FrameHandle, place: str, value: str) -> str:
    index = number(place)
    frame.set_stack_bits(index, _bits(frame.stack_type(index), value))
    return describe_operand(frame, index)


def _global(subject: Subject, frame: FrameHandle, place: str, value: str) -> str:
    debugger, instance = subject.debugger, frame.instance()
    index = _numbered(place, instance.module.info.names.globals)
    type_ = debugger.global_type(instance, index).valtype
    debugger.set_global_bits(instance, index, _bits(type_, value))
    return describe_global(subject, instance, index)


def _slot(subject: Subject, frame: FrameHandle, place: str, value: str) -> str:
    """`place` is a slot of table 0, or TABLE:SLOT."""
    instance = frame.instance()
    table_name, colon, slot_text = place.rpartition(":")
    names = instance.module.info.names.tables
    table, slot = _numbered(table_name, names) if colon else 0, number(slot_text)
    if table >= len(instance.tables):
        raise MonitorError(f"there is no table {table}: there are {len(instance.tables)}")
    elements = instance.tables[table].elements
    if slot >= elements.size:
        raise MonitorError(f"there is no slot {slot}: there are {elements.size}")
    elements.set(slot, _reference(subject, instance, table, value))
    return describe_slot(subject, instance, table, slot)


def _reference(subject: Subject, instance: Instance, table: int, value: str) -> int:
    if value == _NULL:
        return 0
    if instance.tables[table].elements.type.element != FUNCREF:
        raise MonitorError(f"only {_NULL} can be written to a table of externref")
    owner, index = subject.function(value)
    return owner.func(index).record


def _numbered(place: str, names: Mapping[int, str]) -> int:
    """Return the index a user means by it or by a name, a $ before it or not."""
    word = place.removeprefix("$")
    found = [index for index, name in names.items() if name == word]
    return found[0] if found else number(place)


_WRITERS: Mapping[str, Callable[[Subject, FrameHandle, str, str], str]] = {
    "local": _local,
    "stack": _operand,
    "global": _global,
    "table": _slot,
}
