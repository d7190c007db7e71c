"""Breakpoints, watchpoints and catchpoints, with the conditions and commands the target decides on.

A condition that cannot be compiled is an error: the breakpoint is not inserted, since it would stop
where nobody wants it to (GDB manual, E.2 `Z0`).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from gdbstub.agent import ExpressionError, compile_command, compile_condition
from gdbstub.commands.outcome import EMPTY, OK, Outcome, Refused, Reply
from gdbstub.commands.state import Client
from gdbstub.extensions import SystemCalls
from gdbstub.rsp import FieldError, from_hex, hex_number
from gdbstub.target import CODE_KINDS, WATCH_KINDS, Address, BreakpointKind

_WATCHPOINTS = 16  # what lldb is told; there is no limit


@dataclass(frozen=True, slots=True)
class Request:
    """The fields of `Z` and `z`. `kind` is None for one that the protocol does not have."""

    kind: BreakpointKind | None
    address: Address
    length: int
    conditions: tuple[bytes, ...] = ()
    commands: tuple[bytes, ...] = ()


def parse(rest: bytes) -> Request:
    """Take `kind,address,length[;Xlen,expression...][;cmds:persist,Xlen,expression...]`."""
    head, _, options = rest.partition(b";")
    fields = head.split(b",")
    if len(fields) != 3:
        raise FieldError("a breakpoint is kind,address,length")
    number, address, length = (hex_number(field) for field in fields)
    kind = BreakpointKind(number) if number in set(BreakpointKind) else None
    conditions, found, commands = options.partition(b"cmds:")
    if found:
        _persist, comma, commands = commands.partition(b",")
        if not comma:
            raise FieldError("commands without a comma before them")
    return Request(kind, Address(address), length, _expressions(conditions), _expressions(commands))


def _expressions(text: bytes) -> tuple[bytes, ...]:
    """Take `Xlen,expression` again and again, with or without semicolons between them."""
    expressions = []
    text = text.lstrip(b";")
    while text:
        if text[:1] != b"X":
            raise FieldError("an agent expression starts with X")
        length, comma, text = text[1:].partition(b",")
        digits = 2 * hex_number(length)
        if not comma or len(text) < digits:
            raise FieldError("an agent expression is cut off")
        expressions.append(from_hex(text[:digits]))
        text = text[digits:].lstrip(b";")
    return tuple(expressions)


def insert(client: Client, request: Request) -> Outcome:
    """Z0 to Z4; again for one that is there, it replaces the conditions."""
    kind = request.kind
    if kind is None or kind not in client.target.breakpoint_kinds():
        return EMPTY
    bits = client.target.address_bits()
    try:
        conditions = tuple(compile_condition(code, bits) for code in request.conditions)
        commands = tuple(compile_command(code, bits) for code in request.commands)
    except ExpressionError as error:
        raise Refused(errno.EINVAL, str(error)) from None
    client.target.insert_breakpoint(kind, request.address, request.length)
    if kind in CODE_KINDS:
        client.decisions.insert(kind, request.address, conditions, commands)
    return OK


def remove(client: Client, request: Request) -> Outcome:
    """z0 to z4."""
    kind = request.kind
    if kind is None or kind not in client.target.breakpoint_kinds():
        return EMPTY
    client.target.remove_breakpoint(kind, request.address, request.length)
    if kind in CODE_KINDS:
        client.decisions.remove(kind, request.address)
    return OK


def parse_catch(rest: bytes) -> frozenset[int] | None:
    """Take `1[;number]...`, without numbers for all calls, or `0` for none."""
    wanted, *numbers = rest.split(b";")
    if wanted == b"1":
        return frozenset(hex_number(number) for number in numbers) or None
    if wanted == b"0" and not numbers:
        return frozenset()
    raise FieldError("system calls are caught with 1[;number]... or 0")


def catch_system_calls(client: Client, numbers: frozenset[int] | None) -> Outcome:
    """`QCatchSyscalls`."""
    extension = client.target
    assert isinstance(extension, SystemCalls)
    extension.catch_system_calls(numbers)
    return OK


def watchpoint_support(client: Client, _: bytes) -> Outcome:
    """`qWatchpointSupportInfo`."""
    if client.target.breakpoint_kinds() & WATCH_KINDS:
        return Reply(b"num:%d;" % _WATCHPOINTS)
    return Reply(b"num:0;")
