"""Verified expressions to Python functions, compiled once when a breakpoint is inserted.

Straight-line code becomes assignments to one name a value. Jumps only go forward, so a block after
one runs when no jump is under way past it:

    16-bit offsets     Python
    if_goto 12         if v1: t = 12
    const8 0           if t <= 5: s0 = 0
    goto 14                       t = 14
    ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, cast

from gdbstub.agent import opcodes
from gdbstub.agent.errors import EvaluationError, ExpressionError
from gdbstub.agent.formats import FormatError, pieces, render
from gdbstub.agent.reader import Reader
from gdbstub.agent.verify import Step, verify

Condition: TypeAlias = Callable[[Reader], int]
Command: TypeAlias = Callable[[Reader], str]

_KEPT = 256  # compiled expressions: gdb inserts a breakpoint anew at every resume

_JUMPS = (opcodes.GOTO, opcodes.IF_GOTO)


@lru_cache(_KEPT)
def compile_condition(code: bytes, address_bits: int) -> Condition:
    """Compile an expression to a function that returns its value, an unsigned 64-bit number.

    The function raises `EvaluationError`, or what the reader raises. Addresses are cut to
    `address_bits`: gdb sign-extends those of a 32-bit machine. Raises `ExpressionError`.
    """
    steps = verify(code, needs_value=True, allow_printf=False)
    return cast(Condition, _build(steps, address_bits, "return {top}"))


@lru_cache(_KEPT)
def compile_command(code: bytes, address_bits: int) -> Command:
    """Compile a command (`dprintf` in agent style) to a function that returns the text printed.

    Errors as `compile_condition` has them.
    """
    steps = verify(code, needs_value=False, allow_printf=True)
    return cast(Command, _build(steps, address_bits, "return ''.join(out)"))


def _divide(a: int, b: int) -> int:
    if b == 0:
        raise EvaluationError("division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: int, b: int) -> int:
    return a - b * _divide(a, b)


_NAMES: dict[str, object] = {
    "__builtins__": {},
    "divide": _divide,
    "remainder": _remainder,
    "number": int.from_bytes,
    "render": render,
    "min": min,
}


def _build(steps: tuple[Step, ...], address_bits: int, ending: str) -> object:
    blocks = _blocks([step for step in steps if step.depth is not None])
    writer = _Writer(address_bits)
    source = ["def evaluate(reader):", " register = reader.register", " memory = reader.memory"]
    source += [" out = []", " t = 0"]
    for block in blocks:
        if len(blocks) > 1:
            source.append(f" if t <= {block[0].offset}:")
        source += ["  " * (len(blocks) > 1) + " " + line for line in writer.block(block, ending)]
    names = _NAMES | writer.formats
    exec(compile("\n".join(source), "<agent expression>", "exec"), names)
    return names["evaluate"]


def _blocks(steps: list[Step]) -> list[list[Step]]:
    """Split into runs of operations entered only at their first and left only at their last."""
    targets = {step.number for step in steps if step.op in _JUMPS}
    blocks: list[list[Step]] = []
    previous = None
    for step in steps:
        if previous is None or previous.op in (*_JUMPS, opcodes.END) or step.offset in targets:
            blocks.append([])
        blocks[-1].append(step)
        previous = step
    return blocks


class _Writer:
    """Writes blocks as lines of Python. A value on the stack is a name or a constant's digits.

    Between blocks the stack is in s0, s1...; within one every value has a name of its own.
    """

    def __init__(self, address_bits: int) -> None:
        self.formats: dict[str, object] = {}
        self._address_bits = address_bits
        self._lines: list[str] = []
        self._stack: list[str] = []
        self._values = 0

    def block(self, steps: list[Step], ending: str) -> list[str]:
        """Return the lines of one block; `ending` is what an `end` becomes."""
        self._lines = []
        self._stack = [f"s{index}" for index in range(steps[0].depth or 0)]
        for step in steps:
            if step.op is opcodes.END:
                self._lines.append(ending.format(top=self._stack[-1] if self._stack else "0"))
                return self._lines
            if step.op in _JUMPS:
                condition = self._stack.pop() if step.op is opcodes.IF_GOTO else "1"
                self._spill()
                self._lines.append(f"if {condition}: t = {step.number}")
                return self._lines
            self._apply(step)
        self._spill()
        return self._lines

    def _spill(self) -> None:
        moves = [(f"s{i}", value) for i, value in enumerate(self._stack) if value != f"s{i}"]
        if moves:
            names, values = zip(*moves, strict=True)
            self._lines.append(f"{', '.join(names)} = {', '.join(values)}")

    def _apply(self, step: Step) -> None:
        op, stack = step.op, self._stack
        if op is opcodes.DUP:
            stack.append(stack[-1])
        elif op is opcodes.POP:
            stack.pop()
        elif op is opcodes.SWAP:
            stack[-2:] = [stack[-1], stack[-2]]
        elif op is opcodes.ROT:
            stack[-3:] = [stack[-1], stack[-3], stack[-2]]
        elif op is opcodes.PICK:
            stack.append(stack[-1 - step.number])
        elif op is opcodes.PRINTF:
            self._print(step)
        else:
            stack.append(self._compute(step))

    def _compute(self, step: Step) -> str:
        op = step.op
        operands = [self._stack.pop() for _ in range(op.pops)]
        number = step.number
        text = op.text.format(
            a=operands[-1] if operands else "",
            b=operands[0] if operands else "",
            n=number,
            low=(1 << number) - 1 if op.code in opcodes.EXTENDING else "",
            high=1 << (number - 1) if op.code in opcodes.EXTENDING else "",
            mask=(1 << self._address_bits) - 1,
        )
        if op.foldable and all(operand.isdigit() for operand in operands):
            text = str(int(eval(text, dict(_NAMES))))
        if text.isdigit():
            return text
        self._values += 1
        self._lines.append(f"v{self._values} = {text}")
        return f"v{self._values}"

    def _print(self, step: Step) -> None:
        try:
            parts = pieces(step.format)
        except FormatError as error:
            raise ExpressionError(step.offset, str(error)) from None
        wanted = sum(not isinstance(part, str) for part in parts)
        if wanted != step.number:
            text = f"the format takes {wanted} arguments, printf has {step.number}"
            raise ExpressionError(step.offset, text)
        del self._stack[-2:]  # function and channel, for gdbserver's own printf styles
        arguments = "".join(self._stack.pop() + ", " for _ in range(step.number))
        name = f"f{len(self.formats)}"
        self.formats[name] = parts
        self._lines.append(
            f"out.append(render({name}, ({arguments}), reader, {self._address_bits}))"
        )
