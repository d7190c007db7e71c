"""Commands that show state: frames, locals, operands, globals, memories, tables."""

from __future__ import annotations

from gdbstub.monitor.subject import Lines, Subject, number
from gdbstub.monitor.values import TYPE_NAMES, shown
from jit import Instance
from jit.debug.debugger import Debugger
from jit.debug.frames import FrameHandle

_FRAMES, _SLOTS = 20, 20


def frames(subject: Subject, words: list[str]) -> Lines:
    """Show every activation's frames, and the host functions that lie between them."""
    debugger, most = subject.debugger, number(words[0]) if words else _FRAMES
    activation = len(debugger.store.activations)
    for index in range(most):
        frame = debugger.frame(index)
        if frame is None:
            return
        if frame.activation != activation:
            activation = frame.activation
            host = debugger.store.activations[activation].host
            if host is not None:
                yield f"   host function {host.name}"
            elif index:
                yield "   the debugger"
        yield f"#{index} {_place(debugger, frame)}"
    if debugger.frame(most) is not None:
        yield f"(more: monitor frames {2 * most or _FRAMES})"


def _place(debugger: Debugger, frame: FrameHandle) -> str:
    place = frame.wasm_function_index_and_pc()
    if place is None:
        return "(host)"
    info = debugger.module_of(frame).info
    index = info.num_imported_funcs + place[0]
    return (
        f"function {index} {info.func_name(index)}, pc {place[1]:#x}"
        f" (+{place[1] - info.bodies[place[0]].start:#x}),"
        f" {frame.num_locals()} locals, {frame.num_stacks()} operands"
    )


def locals_(subject: Subject, words: list[str]) -> Lines:
    """Show a frame's locals, parameters first."""
    frame = subject.frame(words)
    for index in range(frame.num_locals()):
        yield describe_local(subject, frame, index)


def describe_local(subject: Subject, frame: FrameHandle, index: int) -> str:
    """Show a local."""
    place = frame.wasm_function_index_and_pc()
    info = subject.debugger.module_of(frame).info
    names = {}
    if place is not None:
        names = info.names.locals.get(info.num_imported_funcs + place[0], {})
    value = shown(frame.local_type(index), frame.local_bits(index))
    return f"{_named(index, names)}: {value}"


def stack(subject: Subject, words: list[str]) -> Lines:
    """Show a frame's operands."""
    frame = subject.frame(words)
    if not frame.num_stacks():
        yield "(empty)"
    for index in reversed(range(frame.num_stacks())):
        yield describe_operand(frame, index)


def describe_operand(frame: FrameHandle, index: int) -> str:
    """Show an operand."""
    return f"{index}: {shown(frame.stack_type(index), frame.stack_bits(index))}"


def globals_(subject: Subject, words: list[str]) -> Lines:
    """Show the globals of a frame's instance."""
    instance = subject.frame(words).instance()
    for index in range(len(instance.module.info.globals)):
        yield describe_global(subject, instance, index)


def describe_global(subject: Subject, instance: Instance, index: int) -> str:
    """Show a global."""
    info = instance.module.info
    type_ = info.globals[index]
    mutable = "mut " if type_.mutable else ""
    value = shown(type_.valtype, subject.debugger.global_bits(instance, index))
    return f"{_named(index, info.names.globals)}: {mutable}{value}"


def memories(subject: Subject, words: list[str]) -> Lines:
    """Show the size of every memory of every instance."""
    for at, instance in enumerate(subject.debugger.instances()):
        info = instance.module.info
        for index, memory in enumerate(instance.memories):
            size, most = memory.linear.size, info.memories[index].limits.max
            limit = "" if most is None else f", at most {most}"
            yield (
                f"instance {at} ({_name(subject, instance)}), memory"
                f" {_named(index, info.names.memories)}: {size >> 16} pages{limit}, {size:#x} bytes"
            )


def tables(subject: Subject, words: list[str]) -> Lines:
    """Show the size of every table of every instance, and the functions in its first slots."""
    debugger, most = subject.debugger, number(words[0]) if words else _SLOTS
    for at, instance in enumerate(debugger.instances()):
        info = instance.module.info
        for index, table in enumerate(instance.tables):
            size = table.elements.size
            yield (
                f"instance {at} ({_name(subject, instance)}), table"
                f" {_named(index, info.names.tables)}: {size} slots"
                f" of {TYPE_NAMES[info.tables[index].element]}"
            )
            filled = (slot for slot in range(size) if table.elements.get(slot))
            for count, slot in enumerate(filled):
                if count == most:
                    yield f"  (more: monitor tables {2 * most or _SLOTS})"
                    break
                yield "  " + describe_slot(subject, instance, index, slot)


def describe_slot(subject: Subject, instance: Instance, table: int, slot: int) -> str:
    """Show a slot of a table."""
    empty = not instance.tables[table].elements.get(slot)
    return f"{slot}: {'null' if empty else _element(subject.debugger, instance, table, slot)}"


def _element(debugger: Debugger, instance: Instance, table: int, slot: int) -> str:
    found = debugger.table_function(instance, table, slot)
    if found is None:
        return "of the host"
    owner, index = found
    text = f"function {index} {owner.module.info.func_name(index)}"
    if owner is instance:
        return text
    return f"{text} of instance {list(debugger.instances()).index(owner)}"


def _name(subject: Subject, instance: Instance) -> str:
    module = subject.module_of(instance)
    return module.module.name or f"module {module.index}"


def _named(index: int, names: dict[int, str]) -> str:
    return f"{index} ${names[index]}" if index in names else f"{index}"
