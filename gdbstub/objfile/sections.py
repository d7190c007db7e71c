"""The DWARF sections of one module: as they came, and as they are being changed."""

from collections.abc import Mapping

from gdbstub.objfile import dw
from gdbstub.objfile.abbrev import hide_forms
from gdbstub.objfile.report import DwarfError
from gdbstub.objfile.units import unit_extent

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


_BY_INDEX = {
    dw.DW_FORM_strx: dw.DW_FORM_udata,
    dw.DW_FORM_strx1: dw.DW_FORM_data1,
    dw.DW_FORM_strx2: dw.DW_FORM_data2,
    dw.DW_FORM_strx4: dw.DW_FORM_data4,
    dw.DW_FORM_GNU_str_index: dw.DW_FORM_udata,
}
_NEEDED_BY: dict[str, dict[int, int]] = {
    # section               forms that refer to it, and what is as long
    ".debug_str": {dw.DW_FORM_strp: dw.DW_FORM_sec_offset, **_BY_INDEX},
    ".debug_str_offsets": _BY_INDEX,
    ".debug_line_str": {dw.DW_FORM_line_strp: dw.DW_FORM_sec_offset},
    ".debug_addr": {
        dw.DW_FORM_addrx: dw.DW_FORM_udata,
        dw.DW_FORM_addrx1: dw.DW_FORM_data1,
        dw.DW_FORM_addrx2: dw.DW_FORM_data2,
        dw.DW_FORM_addrx4: dw.DW_FORM_data4,
        dw.DW_FORM_GNU_addr_index: dw.DW_FORM_udata,
    },
    ".debug_loclists": {dw.DW_FORM_loclistx: dw.DW_FORM_udata},
    ".debug_rnglists": {dw.DW_FORM_rnglistx: dw.DW_FORM_udata},
}
"""A debugger gives a whole unit up for one reference into a section that is not there."""


def _has_version_5(lines: bytes) -> bool:
    """Tell whether a line program is of the version whose file names are in .debug_line_str."""
    offset = 0
    try:
        while offset < len(lines):
            _, position, offset = unit_extent(lines, offset)
            if lines[position : position + 2] == b"\x05\0":
                return True
    except DwarfError:
        return False
    return False


class Sections:
    """Readers see `original`, writers change `patched`; strings may be appended to .debug_str.

    Attributes that refer to a section that is missing are hidden from both; `missing` names it.
    """

    def __init__(self, customs: Mapping[str, bytes]) -> None:
        self.original = {name: bytes(customs[name]) for name in KEPT_SECTIONS if name in customs}
        self.missing: list[str] = []
        if ".debug_info" in self.original:
            self._hide()
        self.patched = {name: bytearray(data) for name, data in self.original.items()}
        self._interned: dict[bytes, int] = {}

    def _hide(self) -> None:
        self.missing += [name for name in (".debug_abbrev", ".debug_line") if not self.read(name)]
        abbreviations = self.read(".debug_abbrev")
        for name, instead in _NEEDED_BY.items():
            if not self.read(name):
                hidden = hide_forms(abbreviations, instead)
                if hidden != abbreviations:
                    self.missing.append(name)
                    abbreviations = hidden
        self.original[".debug_abbrev"] = abbreviations
        if not self.read(".debug_line_str") and _has_version_5(self.read(".debug_line")):
            # Line programs whose files have no names end gdb 13.
            del self.original[".debug_line"]
            if ".debug_line_str" not in self.missing:
                self.missing.append(".debug_line_str")

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
