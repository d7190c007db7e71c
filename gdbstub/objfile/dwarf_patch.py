"""A module's DWARF made to fit the synthetic x32 machine: the order in which its parts are patched.

Line programs come first, because they tell how functions are entered; then the units, which refer
to lists; then .debug_addr, once it is known which of its entries are data. What cannot be read is
left out or made harmless and reported: nothing raises.
"""

from dataclasses import dataclass

from gdbstub.objfile.addresses import AddressTables, CodeMap
from gdbstub.objfile.dead import reshape
from gdbstub.objfile.dies import CutOff, DieReader, Unit, open_units
from gdbstub.objfile.expression import Rewriters
from gdbstub.objfile.image import FunctionImage, ModuleImage
from gdbstub.objfile.info import FunctionEntry, InfoPatcher, VariableEntry
from gdbstub.objfile.line import LinePatcher
from gdbstub.objfile.lists import ListPatcher
from gdbstub.objfile.report import DwarfError, PatchReport, Tally
from gdbstub.objfile.sections import Sections
from gdbstub.objfile.units import HARMLESS_ABBREVIATION, harmless_unit


@dataclass(frozen=True, slots=True)
class PatchedDwarf:
    """The patched sections, and what was met on the way."""

    sections: dict[str, bytes]
    report: PatchReport
    reader: DieReader
    code: CodeMap
    functions: tuple[FunctionEntry, ...]
    variables: tuple[VariableEntry, ...]
    main: FunctionImage | None

    @property
    def describes_code(self) -> bool:
        """Whether any function or line of code that was linked is described, by a unit that can be read."""
        live = self.report.line_sequences - self.report.dead_line_sequences
        return bool(self.functions) or bool(live and self.report.units)


def patch_dwarf(image: ModuleImage) -> PatchedDwarf:
    """Patch the DWARF in a module's custom sections; without any the result has no sections."""
    return _Patcher(image).run()


class _Patcher:
    def __init__(self, image: ModuleImage) -> None:
        self._tally = Tally()
        self._sections = Sections(image.customs)
        self._reader = DieReader(self._sections)
        self._code = CodeMap(image)
        shown_address = image.shown_address if image.memory_base else None
        rewriters = Rewriters(image.vmctx_globals, shown_address)
        self._addresses = AddressTables(
            self._sections.read(".debug_addr"),
            self._sections.patched.get(".debug_addr", bytearray()),
            self._code,
        )
        lists = ListPatcher(
            self._sections, self._reader, self._code, rewriters, self._addresses, self._tally
        )
        self._info = InfoPatcher(
            self._sections,
            self._reader,
            self._code,
            rewriters,
            self._addresses,
            lists,
            self._tally,
        )
        self._harmless: int | None = None

    def run(self) -> PatchedDwarf:
        """Patch everything, once."""
        for name in self._sections.missing:
            self._tally.missing(name)
        if ".debug_line" in self._sections.patched:
            line = LinePatcher(
                self._sections.read(".debug_line"),
                self._sections.patched[".debug_line"],
                self._code.by_start,
                self._code.first_ops,
                self._code.delta,
                self._tally,
            )
            line.patch()
            self._code.add_rows(line.rows_at_start)
        units = []
        if self._sections.read(".debug_abbrev"):
            sections = (".debug_types", ".debug_info")
            units = [unit for section in sections for unit in self._open(section)]
        else:
            self._sections.drop(".debug_info")
        for unit in units:
            try:
                self._info.patch(unit)
            except DwarfError as error:
                self._reader.forget_unit(unit)
                self._spoil(unit.header.section, unit.header.offset, str(error))
            else:
                self._tally.units += 1
                reshape(self._sections, unit, self._info.reshaped)
        self._tally.addresses += self._addresses.patch()
        if not self._sections.patched.get(".debug_info"):
            self._sections.patched.clear()
        return PatchedDwarf(
            {name: bytes(data) for name, data in self._sections.patched.items()},
            self._tally.report(),
            self._reader,
            self._code,
            tuple(self._info.functions),
            tuple(self._info.variables),
            self._info.main,
        )

    def _open(self, section: str) -> list[Unit]:
        """Read the units of a section; whatever follows a bad length is cut off."""
        units = []
        for offset, unit in open_units(self._reader, section, self._sections.read(section)):
            if isinstance(unit, Unit):
                units.append(unit)
            elif isinstance(unit, CutOff):
                self._tally.issue(section, offset, f"the rest is left out: {unit}")
                del self._sections.patched.get(section, bytearray())[offset:]
            else:
                self._spoil(section, offset, str(unit))
        return units

    def _spoil(self, section: str, offset: int, reason: str) -> None:
        """Make the unit at `offset` say nothing; a section with one too short for that is left out."""
        self._tally.issue(section, offset, f"unit left out: {reason}")
        if self._harmless is None:
            self._harmless = self._sections.append(".debug_abbrev", HARMLESS_ABBREVIATION)
        data = self._sections.read(section)
        unit = harmless_unit(data, offset, self._harmless)
        if section not in self._sections.patched:
            return
        if unit is None:
            self._sections.drop(section)
        else:
            self._sections.patched[section][offset : offset + len(unit)] = unit
