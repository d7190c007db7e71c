"""Fields of breakpoint and resume packets, and the packets that are refused."""

import pytest

from gdbstub.commands import breakpoints, resume
from gdbstub.commands.resume import Action
from gdbstub.rsp import FieldError
from gdbstub.target import BreakpointKind

# fmt: off
BREAKPOINTS = [
    (b"0,1000,1", (0, 0x1000, 1, (), ())),
    (b"4,2000,8", (4, 0x2000, 8, (), ())),
    (b"7,2000,8", (None, 0x2000, 8, (), ())),
    (b"0,1000,1;X3,220127", (0, 0x1000, 1, (b"\x22\x01\x27",), ())),
    (b"0,1000,1;X1,27X2,2827", (0, 0x1000, 1, (b"\x27", b"\x28\x27"), ())),      # as gdb 13 writes several
    (b"0,1000,1;X1,27;X2,2827", (0, 0x1000, 1, (b"\x27", b"\x28\x27"), ())),     # as its manual has them
    (b"0,1000,1;cmds:1,X1,27", (0, 0x1000, 1, (), (b"\x27",))),
    (b"0,1000,1;X1,28;cmds:0,X1,27;X1,27", (0, 0x1000, 1, (b"\x28",), (b"\x27", b"\x27"))),
]
ACTIONS = [
    (b"c", (Action("c"),)), (b"c:-1", (Action("c", -1),)), (b"s:1;c", (Action("s", 1), Action("c"))),
    (b"C0b:p1.2", (Action("c", 2, 11),)), (b"S05;c:p1.-1", (Action("s", -1, 5), Action("c", -1))),
    (b"r100,1f0:1;c", (Action("r", 1, 0, 0x100, 0x1F0), Action("c"))),
]
BAD_ACTIONS = [b"t", b"c0", b"C", b"r100", b"r100,x", b"s:", b"s:x", b"R1,2", b"Cff"]
BAD_BREAKPOINTS = [b"", b"0", b"0,1", b"0,1,1,1", b"x,1,1", b"0,1,1;27", b"0,1,1;X9,27", b"0,1,1;X1", b"0,1,1;cmds:1"]
# fmt: on


@pytest.mark.parametrize(("rest", "fields"), BREAKPOINTS)
def test_breakpoint(rest: bytes, fields: tuple[object, ...]) -> None:
    request = breakpoints.parse(rest)
    kind = None if fields[0] is None else BreakpointKind(fields[0])
    found = (request.address, request.length, request.conditions, request.commands)
    assert (request.kind, *found) == (kind, *fields[1:])


@pytest.mark.parametrize("rest", BAD_BREAKPOINTS)
def test_no_breakpoint(rest: bytes) -> None:
    with pytest.raises(FieldError):
        breakpoints.parse(rest)


@pytest.mark.parametrize(("rest", "actions"), ACTIONS)
def test_actions(rest: bytes, actions: tuple[Action, ...]) -> None:
    assert resume.parse_actions(rest) == actions


@pytest.mark.parametrize("rest", BAD_ACTIONS)
def test_no_actions(rest: bytes) -> None:
    with pytest.raises(FieldError):
        resume.parse_actions(rest)
