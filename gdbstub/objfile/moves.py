"""Functions that move the shadow stack pointer while they run: those with arrays of variable length, `alloca`.

All others set it when they begin and when they end, and in between it is their frame base.
"""

from gdbstub.objfile.leb import uleb

_GLOBAL_SET = 0x24
_I32_AND = 0x71
_RELOCATED = 5
"""Bytes of a number that the linker filled in."""
_SETS = 2
_AT_THE_START = 48
"""How far from a function's start it sets the pointer, in bytes: lower by a constant."""
_AT_THE_END = 32
"""How far from a function's end it sets the pointer back."""


def moves_stack_pointer(data: bytes, start: int, end: int, index: int) -> bool:
    """Tell whether the code `data[start:end]` of a function may move the pointer, global `index`.

    What room is made for while it runs is rounded up, or made far from its start. Other code may look
    like that: to take a function for one that moves the pointer costs a debugger packets only.
    """
    patterns = [bytes((_GLOBAL_SET,)) + uleb(index, size) for size in (_RELOCATED, 1)]
    sets = sum(data.count(pattern, start, end) for pattern in patterns)
    if not sets:
        return False
    first = min(data.find(p, start, end) % (len(data) + 1) for p in patterns)
    last = max(data.rfind(p, start, end) for p in patterns)
    if first > start + _AT_THE_START or _I32_AND in data[start:first]:
        return True
    return sets > _SETS or (sets == _SETS and last < end - _AT_THE_END)
