"""A WebAssembly engine whose guests can be debugged: usable as a library, without any debugger.

The names are those of the `wasmtime` package, with the same argument order and results; `jit.api` has the list.
"""

from jit.api import *  # noqa: F403 - one list of names, in one place
from jit.api import __all__ as __all__
