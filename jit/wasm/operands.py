"""The operand and control stacks of a body being validated (specification: Appendix, Algorithm).

The operand stack holds value types; below each block's operands lies a mark, so that popping too
much finds the mark instead of a type.
"""

from collections.abc import Iterable

from jit.wasm import opcodes
from jit.wasm.body import Block, Body
from jit.wasm.errors import InvalidModule
from jit.wasm.types import VALTYPE_NAMES

BOTTOM = 0
"""The mark below a block's operands."""
ANYTHING = 1
"""The mark of a block whose rest is unreachable: values of any type can be popped from it."""
UNKNOWN = 2
"""The type of such a value."""

_SHOWN = {**VALTYPE_NAMES, BOTTOM: "nothing"}


class Operands:
    """The stacks of one body; `pc` and `code` say which operator is at work, for errors."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.module = body.module
        self.local_types = body.local_types
        self.stack: list[int] = [BOTTOM]
        self.controls: list[Block] = [Block("func", (), body.type.results, -1, 0)]
        self.live = True
        """Whether the operator at work can be reached."""
        self.code = 0
        self.pc = 0

    def invalid(self, message: str) -> InvalidModule:
        """The current operator breaks a rule."""
        return InvalidModule(message, self.pc)

    def mismatch(self, expected: str, actual: int) -> InvalidModule:
        """The current operator finds the wrong type on the stack."""
        name = opcodes.mnemonic(self.code)
        return self.invalid(f"type mismatch: {name} expects {expected}, found {_SHOWN[actual]}")

    def pop(self, expected: int) -> int:
        """Pop a value of type `expected`; return its type, which may be UNKNOWN."""
        actual = self.stack.pop()
        if actual == ANYTHING:
            self.stack.append(ANYTHING)
            return UNKNOWN
        if actual not in (expected, UNKNOWN):
            raise self.mismatch(VALTYPE_NAMES[expected], actual)
        return actual

    def pop_any(self) -> int:
        """Pop a value of any type."""
        actual = self.stack.pop()
        if actual == ANYTHING:
            self.stack.append(ANYTHING)
            return UNKNOWN
        if actual == BOTTOM:
            raise self.mismatch("a value", actual)
        return actual

    def pop_all(self, types: tuple[int, ...]) -> list[int]:
        """Pop values of these types, the last first; return what was found, in order."""
        found = [self.pop(expected) for expected in reversed(types)]
        found.reverse()
        return found

    def make_unreachable(self) -> None:
        """Drop the current block's operands: its rest is unreachable."""
        del self.stack[self._base() :]
        self.stack.append(ANYTHING)

    def make_reachable(self, types: Iterable[int]) -> None:
        """Put exactly these operands on the current block's stack."""
        self.stack[self._base() :] = [BOTTOM, *types]

    def _base(self) -> int:
        # One mark lies below the operands of each enclosing block.
        return self.controls[-1].height + len(self.controls) - 1

    def check_results(self) -> None:
        """Pop the current block's results; nothing else may be left in it."""
        self.pop_all(self.controls[-1].results)
        left = self.stack.pop()
        if left not in (BOTTOM, ANYTHING):
            shown = "a value" if left == UNKNOWN else VALTYPE_NAMES[left]
            raise self.invalid(f"type mismatch: {shown} remains at the end of the block")

    def label(self, index: int) -> Block:
        """The block that label `index` of a branch names."""
        if index >= len(self.controls):
            raise self.invalid(f"unknown label {index}")
        block = self.controls[-1 - index]
        if self.live:
            block.targeted = True
        return block
