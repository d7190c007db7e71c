"""What compiles one operator."""

from collections.abc import Callable
from typing import Any

from jit.compile.state import State

Handler = Callable[[State, Any, int], None]
"""(state, the op's immediate, its index).  The immediate is of the type `Body` says: Any, as it differs."""
