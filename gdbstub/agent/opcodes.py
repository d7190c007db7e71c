"""The opcodes of agent expressions (GDB manual, F.2 Bytecode Descriptions), a row each.

`operand` is the size of what follows the opcode; `pops` and `pushes` are the effect on the stack.
`text` is the result as Python over operands a and b (b on top): unsigned 64-bit numbers, as is the
result. `refused` says why an opcode is not served.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Op:
    """One opcode."""

    code: int
    name: str
    operand: int = 0
    pops: int = 0
    pushes: int = 0
    text: str = ""
    refused: str = ""

    @property
    def foldable(self) -> bool:
        """Whether constants give a constant; a division may fail, but not before the stop."""
        return not any(word in self.text for word in ("memory", "register", "divide", "remainder"))


def _wrap(text: str) -> str:
    return f"(({text}) & {(1 << 64) - 1})"


def _signed(text: str) -> str:
    return f"(({text} ^ {1 << 63}) - {1 << 63})"


def _reference(size: int) -> str:
    return f"number(memory({{a}} & {{mask}}, {size}), 'little')"


_TRACING = "collects trace data, which is not served"
_FLOATING = "works on floating-point numbers, which expressions cannot compute with"

# fmt: off
OPS = (
    Op(0x01, "float", refused=_FLOATING),
    Op(0x02, "add",          0, 2, 1, _wrap("{a} + {b}")),
    Op(0x03, "sub",          0, 2, 1, _wrap("{a} - {b}")),
    Op(0x04, "mul",          0, 2, 1, _wrap("{a} * {b}")),
    Op(0x05, "div_signed",   0, 2, 1, _wrap(f"divide({_signed('{a}')}, {_signed('{b}')})")),
    Op(0x06, "div_unsigned", 0, 2, 1, "divide({a}, {b})"),
    Op(0x07, "rem_signed",   0, 2, 1, _wrap(f"remainder({_signed('{a}')}, {_signed('{b}')})")),
    Op(0x08, "rem_unsigned", 0, 2, 1, "remainder({a}, {b})"),
    Op(0x09, "lsh",          0, 2, 1, _wrap("{a} << min({b}, 64)")),
    Op(0x0A, "rsh_signed",   0, 2, 1, _wrap(_signed("{a}") + " >> min({b}, 64)")),
    Op(0x0B, "rsh_unsigned", 0, 2, 1, "({a} >> min({b}, 64))"),
    Op(0x0C, "trace", refused=_TRACING),
    Op(0x0D, "trace_quick", refused=_TRACING),
    Op(0x0E, "log_not",      0, 1, 1, "({a} == 0)"),
    Op(0x0F, "bit_and",      0, 2, 1, "({a} & {b})"),
    Op(0x10, "bit_or",       0, 2, 1, "({a} | {b})"),
    Op(0x11, "bit_xor",      0, 2, 1, "({a} ^ {b})"),
    Op(0x12, "bit_not",      0, 1, 1, _wrap("~{a}")),
    Op(0x13, "equal",        0, 2, 1, "({a} == {b})"),
    Op(0x14, "less_signed",  0, 2, 1, "(" + _signed("{a}") + " < " + _signed("{b}") + ")"),
    Op(0x15, "less_unsigned", 0, 2, 1, "({a} < {b})"),
    Op(0x16, "ext",          1, 1, 1, _wrap("(({a} & {low}) ^ {high}) - {high}")),
    Op(0x17, "ref8",         0, 1, 1, _reference(1)),
    Op(0x18, "ref16",        0, 1, 1, _reference(2)),
    Op(0x19, "ref32",        0, 1, 1, _reference(4)),
    Op(0x1A, "ref64",        0, 1, 1, _reference(8)),
    Op(0x1B, "ref_float", refused=_FLOATING),
    Op(0x1C, "ref_double", refused=_FLOATING),
    Op(0x1D, "ref_long_double", refused=_FLOATING),
    Op(0x1E, "l_to_d", refused=_FLOATING),
    Op(0x1F, "d_to_l", refused=_FLOATING),
    Op(0x20, "if_goto",      2, 1, 0),
    Op(0x21, "goto",         2, 0, 0),
    Op(0x22, "const8",       1, 0, 1, "{n}"),
    Op(0x23, "const16",      2, 0, 1, "{n}"),
    Op(0x24, "const32",      4, 0, 1, "{n}"),
    Op(0x25, "const64",      8, 0, 1, "{n}"),
    Op(0x26, "reg",          2, 0, 1, _wrap("register({n})")),
    Op(0x27, "end",          0, 0, 0),
    Op(0x28, "dup",          0, 1, 2),
    Op(0x29, "pop",          0, 1, 0),
    Op(0x2A, "zero_ext",     1, 1, 1, "({a} & {low})"),
    Op(0x2B, "swap",         0, 2, 2),
    Op(0x2C, "getv", refused="reads a trace state variable, which are not served"),
    Op(0x2D, "setv", refused="writes a trace state variable, which are not served"),
    Op(0x2E, "tracev", refused=_TRACING),
    Op(0x2F, "tracenz", refused=_TRACING),
    Op(0x30, "trace16", refused=_TRACING),
    Op(0x32, "pick",         1, 0, 1),  # the operand says how deep it reaches
    Op(0x33, "rot",          0, 3, 3),
    Op(0x34, "printf",       3, 0, 0),  # count of arguments, length of the format; then the format
)
# fmt: on

BY_CODE = {op.code: op for op in OPS}
END, GOTO, IF_GOTO, DUP, POP, SWAP, PICK, ROT, PRINTF = (
    op
    for name in ("end", "goto", "if_goto", "dup", "pop", "swap", "pick", "rot", "printf")
    for op in OPS
    if op.name == name
)
EXTENDING = frozenset(op.code for op in OPS if op.name in ("ext", "zero_ext"))
