"""Registers of the thread a packet is about."""

from __future__ import annotations

from gdbstub.commands.outcome import OK, Outcome, Reply
from gdbstub.commands.parse import split
from gdbstub.commands.state import Client
from gdbstub.rsp import from_hex, hex_number, to_hex
from gdbstub.target import RegisterNumber


def parse_assignment(rest: bytes) -> tuple[RegisterNumber, bytes]:
    """Take `number=bytes`."""
    number, value = split(rest, b"=")
    return RegisterNumber(hex_number(number)), from_hex(value)


def read_all(client: Client, _: None) -> Outcome:
    """`g`."""
    return Reply(to_hex(client.target.read_registers(client.thread)))


def write_all(client: Client, values: bytes) -> Outcome:
    """`G`."""
    client.target.write_registers(client.thread, values)
    return OK


def read_one(client: Client, number: int) -> Outcome:
    """`p`."""
    return Reply(to_hex(client.target.read_register(client.thread, RegisterNumber(number))))


def write_one(client: Client, assignment: tuple[RegisterNumber, bytes]) -> Outcome:
    """`P`."""
    number, value = assignment
    client.target.write_register(client.thread, number, value)
    return OK
