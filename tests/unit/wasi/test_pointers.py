"""No pointer of a guest's can raise anything, or touch anything outside its memory."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jit.runtime.errors import ExitTrap, HostCallInterrupted
from jit.wasi.errors import Errno
from jit.wasi.table import ROWS, Row
from tests.unit.wasi.system import RESULT, System

WILD = [0xFFFF_FFFF, 0x1_0000, 0xFFFD, 0x7FFF_FFFF]

# Functions and the places of their pointers, with arguments that are right otherwise.
POINTERS = [
    ("args_sizes_get", (RESULT, RESULT), (0, 1)),
    ("environ_sizes_get", (RESULT, RESULT), (0, 1)),
    ("clock_time_get", (0, 0, RESULT), (2,)),
    ("clock_res_get", (0, RESULT), (1,)),
    ("random_get", (RESULT, 16), (0,)),
    ("fd_fdstat_get", (3, RESULT), (1,)),
    ("fd_filestat_get", (3, RESULT), (1,)),
    ("fd_prestat_get", (3, RESULT), (1,)),
    ("fd_readdir", (3, RESULT, 64, 0, RESULT), (1, 4)),
    ("path_open", (3, 0, 0, 4, 0, 2, 0, 0, RESULT), (2, 8)),
    ("path_filestat_get", (3, 0, 0, 4, RESULT), (2, 4)),
    ("path_readlink", (3, 0, 4, 64, 64, RESULT), (1,)),
    ("poll_oneoff", (0, RESULT, 1, RESULT), (0, 1, 3)),
]


@pytest.mark.parametrize("wild", WILD)
@pytest.mark.parametrize(("name", "arguments", "places"), POINTERS)
def test_a_bad_pointer_is_a_fault(
    sys_: System, name: str, arguments: tuple[int, ...], places: tuple[int, ...], wild: int
) -> None:
    sys_.text("file", at=0)
    for place in places:
        changed = list(arguments)
        changed[place] = wild
        assert sys_.call(name, *changed) is Errno.FAULT


NUMBERS = st.one_of(
    st.integers(0, 12), st.sampled_from([*WILD, 0x1000, 0x3000]), st.integers(0, 2**64 - 1)
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(row=st.sampled_from(ROWS), data=st.data())
def test_any_arguments_give_an_error_number(sys_: System, row: Row, data: st.DataObject) -> None:
    arguments = [
        data.draw(NUMBERS) & (0xFFFF_FFFF if param == "i" else 2**64 - 1) for param in row.params
    ]
    try:
        sys_.call(row.name, *arguments)
    except (ExitTrap, HostCallInterrupted):
        assert row.name in ("proc_exit", "fd_read", "poll_oneoff")
