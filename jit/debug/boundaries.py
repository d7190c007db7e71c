"""Where a function's ops begin: what a PC is, and where a breakpoint asked for there would stand."""

from enum import Enum


class BoundaryKind(Enum):
    """What lies at an offset within a function's bytes."""

    OP = "op"
    """An op that can be reached."""
    DEAD = "dead"
    """An op in statically unreachable code: a breakpoint there never fires."""
    LOCALS = "locals"
    """From the body's start up to its first op: the declarations of locals."""
    INSIDE = "inside"
    """Within an op, past its first byte."""
