"""The table of docs/debug-model.md: every name in it exists, and every test."""

import inspect
import re
from pathlib import Path

import pytest

from jit.api import module
from jit.debug import breakpoints, cursor, edits, events, frames, interface
from jit.runtime import func, global_, instance, memory, table

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (.+?) \| `([\w.]+)` \| (.*?) ?\| `(test_\w+)` \|$", re.MULTILINE)
MODULES = (
    *(module, func, global_, instance, memory, table),
    *(breakpoints, cursor, edits, events, frames, interface),
)


def rows() -> list[tuple[str, str, str]]:
    text = (ROOT / "docs" / "debug-model.md").read_text()
    return [(theirs, ours, test) for theirs, ours, _, test in ROW.findall(text)]


def names_of_tests() -> set[str]:
    sources = Path(__file__).parent.glob("test_*.py")
    return {
        name
        for path in sources
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.M)
    }


def resolve(name: str) -> object:
    first, *rest = name.split(".")
    found: object = next(getattr(module, first) for module in MODULES if hasattr(module, first))
    for part in rest:
        found = inspect.getattr_static(found, part)
    return found


def items(type_: str, names: str) -> set[str]:
    return {f"{type_}::{name}" for name in names.split()}


STORE = "debug_exit_frames edit_breakpoints debug_all_instances debug_all_modules"
FRAME = "instance module wasm_function_index_and_pc num_locals num_stacks local stack"
EVENTS = "HostcallError CaughtExceptionThrown UncaughtExceptionThrown Trap Breakpoint EpochYield"
WASMTIMES = (
    items("Store", STORE)
    | items("StoreContextMut", f"{STORE} debug_frames")
    | items("Caller", STORE)
    | items("StoreContext", "breakpoints is_single_step")
    | items(
        "Instance",
        "debug_global debug_memory debug_shared_memory debug_table debug_function debug_tag",
    )
    | items("FrameHandle", f"is_valid parent {FRAME}")
    | items("DebugFrameCursor", f"move_to_parent done {FRAME}")
    | items("FrameParentResult", "SameActivation NewActivation")
    | items("DebugEvent", EVENTS)
    | items("DebugHandler", "handle")
    | items("Breakpoint", "module pc")
    | items("BreakpointEdit", "add_breakpoint remove_breakpoint single_step")
)
"""Every public item of both generations of `wasmtime::runtime::debug`."""


def test_every_item_of_wasmtimes_is_in_the_table() -> None:
    listed = {name for theirs, _, _ in rows() for name in re.findall(r"`([\w:]+)`", theirs)}
    assert listed >= WASMTIMES


def test_the_table_is_read_whole() -> None:
    text = (ROOT / "docs" / "debug-model.md").read_text()
    assert len(rows()) == text.count("| `test_")


@pytest.mark.parametrize(("theirs", "ours", "test"), rows())
def test_every_row_names_what_exists(theirs: str, ours: str, test: str) -> None:
    assert resolve(ours) is not None
    assert test in names_of_tests()


CLASSES = [
    frames.FrameHandle,
    cursor.DebugFrameCursor,
    edits.BreakpointEdit,
    interface.DebugInterface,
    interface.DebuggableStore,
]
BESIDES = {
    "context",
    # ours alone, said in the text or in the facade's description
    *("activation", "base", "stack_offset", "outer", "store", "local_type", "stack_type"),
    *("count", "fill_stack"),
    *("set_local_bits", "set_stack_bits", "frame", "watched_local"),
}


@pytest.mark.parametrize("class_", CLASSES, ids=lambda class_: class_.__name__)
def test_every_public_name_is_in_the_table(class_: type) -> None:
    listed = {ours for _, ours, _ in rows()}
    own = {
        name
        for name, value in vars(class_).items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    }
    assert {name for name in own if f"{class_.__name__}.{name}" not in listed} <= BESIDES
