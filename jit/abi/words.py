"""Numbers that must not be mixed up have types of their own."""

from typing import NewType

HostAddress = NewType("HostAddress", int)
"""An address in the process: code, vmctx, records, stack, linear memory's bytes."""

CodeOffset = NewType("CodeOffset", int)
"""An offset within the machine code of one function."""

DefinedIndex = NewType("DefinedIndex", int)
"""The index of a function among those its module defines (imports not counted)."""
