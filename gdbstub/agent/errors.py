"""Errors of agent expressions: refused when inserted, or failing at a stop."""

from __future__ import annotations


class AgentError(Exception):
    """Base of both."""


class ExpressionError(AgentError):
    """The expression is refused; `offset` is where in its bytes."""

    def __init__(self, offset: int, text: str) -> None:
        super().__init__(f"agent expression, offset {offset}: {text}")
        self.offset = offset


class EvaluationError(AgentError):
    """The expression has no value here (a division by zero); gdb stops and reports it itself."""
