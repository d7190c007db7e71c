"""Commands that show code: modules, disassembly, what became of debug information, and counts."""

from __future__ import annotations

from gdbstub.monitor.subject import Lines, MonitorError, Subject, number
from jit import Instance
from jit.debug.listing import function_text


def modules(subject: Subject, words: list[str]) -> Lines:
    """Show the modules and what they have."""
    for registered in subject.debugger.modules():
        info = registered.info
        name = registered.module.name or "(no name)"
        yield (
            f"#{registered.index} {name}: {len(info.data)} bytes, {len(info.bodies)} functions,"
            f" {info.num_imported_funcs} imported, {len(info.globals)} globals"
        )


def disassemble(subject: Subject, words: list[str]) -> Lines:
    """Show a function's ops: the one named, the one at a PC, or the innermost frame's."""
    frame = subject.debugger.frame(0)
    place = None if frame is None else frame.wasm_function_index_and_pc()
    here = None if frame is None or place is None else (frame.instance(), place[1])
    if not words:
        if frame is None or place is None:
            raise MonitorError("no guest code is on the stack; name a function")
        instance, defined, mark = frame.instance(), place[0], place[1]
    elif words[0].lower().startswith("0x"):
        mark = number(words[0])
        instance, defined = _at(subject, mark)
    else:
        instance, index = subject.function(words[0])
        defined = index - instance.module.info.num_imported_funcs
        mark = here[1] if here is not None and here[0] is instance else -1
        if defined < 0:
            raise MonitorError(f"function {index} is imported and has no code in this module")
    text = function_text(instance.module.info, defined)
    yield from text.head
    for pc, op in text.ops:
        yield f"{'=>' if pc == mark else '  '} {pc:#08x} {op}"


def _at(subject: Subject, pc: int) -> tuple[Instance, int]:
    """Return the function at an offset in the innermost frame's module, or else in any."""
    for _, instance in subject.instances():
        defined = subject.debugger.function_at(subject.module_of(instance).index, pc)
        if defined is not None:
            return instance, defined
    raise MonitorError(f"no function's code is at offset {pc:#x} of a module")


def dwarf(subject: Subject, words: list[str]) -> Lines:
    """Show what became of the module's debug information."""
    yield from subject.dwarf()


def stats(subject: Subject, words: list[str]) -> Lines:
    """Show what the engine counts."""
    debugger = subject.debugger
    store = debugger.store
    yield f"machine: {store.machine.name}"
    for registered, code in zip(debugger.modules(), store.code.modules(), strict=True):
        variants = [code.variants(index) for index in range(len(registered.info.bodies))]
        size = sum(range_.end - range_.start for ranges in variants for range_ in ranges)
        name = registered.module.name or "(no name)"
        yield (
            f"module #{registered.index} {name}: {sum(map(bool, variants))} of {len(variants)}"
            f" functions compiled, {size} bytes of code"
        )
    yield f"instances: {len(store.instances)}, host functions: {len(store.host_functions)}"
    yield f"calls into the guest that have not returned: {len(store.activations)}"
    yield f"frames: {debugger.depth()}"
    yield f"times the guest went on, from calls of the host, stops and the like: {store.executions}"
