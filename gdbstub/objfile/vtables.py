"""How large the vtables of C++ are: their DWARF has the type of one entry, an object file has the whole.

gdb tells the class of an object by the symbol that its vtable pointer lies in, and an object with
several bases has several such pointers. A vtable (Itanium C++ ABI, 2.5.2) is a row of words: offsets
of virtual bases, how far the object's start is away, the type's information, functions; then the same
for further bases, with the same type's information. That is known by the name it leads to.
"""

from gdbstub.objfile.image import ModuleImage

PREFIX = b"_ZTV"
LEAST = 16
"""What a vtable starts with reaches to where most objects point."""

_WORD = 4
_LONGEST = 4096
_FARTHEST_START = 64
"""Words before the type's information, at most."""
_DOWN = 1 << 32


class Vtables:
    """The vtables in a module's initial memory."""

    def __init__(self, image: ModuleImage) -> None:
        self._image = image
        self._slots = max(image.table_functions, default=-1) + 1

    def size(self, linkage_name: bytes, address: int) -> int:
        """Return the size of the vtable of this linkage name; LEAST where it does not make sense."""
        words = self._words(address)
        about = next(
            (
                index
                for index, word in enumerate(words[:_FARTHEST_START])
                if self._names(word, linkage_name[len(PREFIX) :])
            ),
            None,
        )
        if about is None:
            return LEAST
        last = max(index for index, word in enumerate(words) if word == words[about])
        end = about + 1
        while end <= last or (end < len(words) and 0 < words[end] < self._slots):
            if end <= last and not self._belongs(words[end], words[about]):
                return max(_WORD * end, LEAST)
            end += 1
        return max(_WORD * end, LEAST)

    def _belongs(self, word: int, about: int) -> bool:
        """Tell whether a word between two parts of a vtable can be one of it."""
        return word == about or word < max(self._slots, _LONGEST) or word > _DOWN - _LONGEST

    def _names(self, word: int, name: bytes) -> bool:
        """Tell whether a word leads to the information on the type of this mangled name."""
        pointer = self._image.initial(word + _WORD, _WORD)
        text = self._image.initial(int.from_bytes(pointer, "little"), len(name) + 1)
        return len(pointer) == _WORD and text == name + b"\0"

    def _words(self, address: int) -> list[int]:
        data = self._image.initial(address, _LONGEST)
        return [
            int.from_bytes(data[at : at + _WORD], "little")
            for at in range(0, len(data) - _WORD + 1, _WORD)
        ]
