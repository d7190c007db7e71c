"""The DWARF sections of one module: as they came, and as they are being changed."""

from collections.abc import Mapping

from gdbstub.objfile.report import DwarfError

KEPT_SECTIONS = (
    ".debug_info",
    ".debug_types",
    ".debug_abbrev",
    ".debug_str",
    ".debug_line",
    ".debug_line_str",
    ".debug_str_offsets",
    ".debug_addr",
    ".debug_loc",
    ".debug_loclists",
    ".debug_ranges",
    ".debug_rnglists",
    ".debug_macro",
    ".debug_macinfo",
)
"""What is carried over. Indexes (.debug_names and its like) would name what was changed; frames
and address ranges are synthesized."""


class Sections:
    """Readers see `original`, writers change `patched`; strings may be appended to .debug_str."""

    def __init__(self, customs: Mapping[str, bytes]) -> None:
        self.original = {name: bytes(customs[name]) for name in KEPT_SECTIONS if name in customs}
        self.patched = {name: bytearray(data) for name, data in self.original.items()}
        self._interned: dict[bytes, int] = {}

    def read(self, name: str) -> bytes:
        """Return the section as it came, empty where there is none."""
        return self.original.get(name, b"")

    def writable(self, name: str) -> bytearray:
        """Return the section as it is being changed. DwarfError where there is none."""
        section = self.patched.get(name)
        if section is None:
            raise DwarfError(f"there is no {name}")
        return section

    def intern(self, text: bytes) -> int:
        """Return the offset of `text` in .debug_str, appending it if need be."""
        offset = self._interned.get(text)
        if offset is None:
            strings = self.patched.setdefault(".debug_str", bytearray())
            offset = self._interned[text] = len(strings)
            strings += text + b"\0"
        return offset

    def append(self, name: str, data: bytes) -> int:
        """Append `data` to a section and return its offset there."""
        section = self.patched.setdefault(name, bytearray())
        section += data
        return len(section) - len(data)

    def drop(self, name: str) -> None:
        """Leave a section out of the result."""
        self.patched.pop(name, None)
