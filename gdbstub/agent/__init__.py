"""GDB's agent expressions: verified, compiled once to a Python function, evaluated at a stop."""

from gdbstub.agent.compiler import Command, Condition, compile_command, compile_condition
from gdbstub.agent.errors import AgentError, EvaluationError, ExpressionError
from gdbstub.agent.reader import Reader

__all__ = [
    "AgentError",
    "Command",
    "Condition",
    "EvaluationError",
    "ExpressionError",
    "Reader",
    "compile_command",
    "compile_condition",
]
