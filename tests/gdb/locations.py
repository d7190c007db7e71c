"""What the DWARF of a module says of its variables, read by LLVM's dumper: names, types, locations."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_ENTRY = re.compile(r"^0x[0-9a-f]+:( +)(DW_TAG_\w+)", re.MULTILINE)
_NAME = re.compile(r'DW_AT_name\t\("(.*)"\)')
_TYPE = re.compile(r'DW_AT_type\t\(0x[0-9a-f]+ "(.*)"\)')
_RANGE = re.compile(r"\[(0x[0-9a-f]+), (0x[0-9a-f]+)\): (.*?)\)?$", re.MULTILINE)
_SINGLE = re.compile(r"DW_AT_location\t\((DW_OP.*)\)$", re.MULTILINE)
_VARIABLES = ("DW_TAG_formal_parameter", "DW_TAG_variable")


@dataclass(frozen=True)
class Variable:
    """A variable of a function: its locations as (low, high, expression)."""

    name: str
    type: str
    locations: tuple[tuple[int, int, str], ...]

    def expression(self, pc: int) -> str | None:
        """Return its location at a DWARF address, None where it has none."""
        return next((text for low, high, text in self.locations if low <= pc < high), None)


@dataclass
class Function:
    """A function and the variables of its outermost block."""

    name: str
    low: int
    high: int
    variables: list[Variable] = field(default_factory=list)


def _address(text: str, attribute: str) -> int | None:
    found = re.search(attribute + r"\t\((0x[0-9a-f]+)\)", text)
    return int(found[1], 16) if found else None


def functions(program: Path) -> Iterator[Function]:
    """Read the functions of a module that have code, with their own variables."""
    dump = subprocess.run(
        ["llvm-dwarfdump-22", "--debug-info", str(program)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    heads = list(_ENTRY.finditer(dump))
    function: Function | None = None
    depth = 0
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        text = dump[head.start() : after.start() if after else len(dump)]
        indent, tag = len(head[1]), head[2]
        if function is not None and indent <= depth:
            yield function
            function = None
        if tag == "DW_TAG_subprogram":
            low, high = _address(text, "DW_AT_low_pc"), _address(text, "DW_AT_high_pc")
            name = _NAME.search(text)
            if low is not None and high is not None and name:
                function = Function(name[1], low, high)  # the dumper shows the end here
                depth = indent
        elif function is not None and indent == depth + 2 and tag in _VARIABLES:
            name, type_ = _NAME.search(text), _TYPE.search(text)
            if name and type_:
                function.variables.append(Variable(name[1], type_[1], _locations(text)))
    if function is not None:
        yield function


def _locations(text: str) -> tuple[tuple[int, int, str], ...]:
    single = _SINGLE.search(text)
    if single:
        return ((0, 1 << 32, single[1]),)
    return tuple((int(m[1], 16), int(m[2], 16), m[3]) for m in _RANGE.finditer(text))
