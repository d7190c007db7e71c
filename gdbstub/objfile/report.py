"""What happened while a module's DWARF was patched: counts, and what could not be done and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field


class DwarfError(Exception):
    """A piece of DWARF that breaks the format, or uses what the patcher does not know."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A piece of DWARF that was left out or made harmless."""

    section: str
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class PatchReport:
    """Counts of one patch run. An unfit expression shows as `<optimized out>`."""

    units: int
    addresses: int
    dead_addresses: int
    moved_entries: int
    expressions: int
    expressions_patched: int
    expressions_unfit: int
    list_entries: int
    list_entries_patched: int
    list_entries_unfit: int
    line_sequences: int
    dead_line_sequences: int
    issues: tuple[Issue, ...]


def report_lines(report: PatchReport) -> Iterator[str]:
    """Yield the report as lines for people."""
    yield f"{report.units} units, {report.addresses} addresses ({report.dead_addresses} of dropped code)"
    yield _counted(
        "expressions", report.expressions, report.expressions_patched, report.expressions_unfit
    )
    yield _counted(
        "location list entries",
        report.list_entries,
        report.list_entries_patched,
        report.list_entries_unfit,
    )
    yield f"{report.line_sequences} line sequences ({report.dead_line_sequences} of dropped code)"
    for issue in report.issues:
        yield f"{issue.section}+0x{issue.offset:x}: {issue.reason}"


def _counted(what: str, total: int, patched: int, unfit: int) -> str:
    return f"{total} {what}: {patched} rewritten, {unfit} cannot be expressed (optimized out)"


@dataclass(slots=True)
class Tally:
    """The counts of `PatchReport` while they grow."""

    units: int = 0
    addresses: int = 0
    dead_addresses: int = 0
    moved_entries: int = 0
    expressions: int = 0
    expressions_patched: int = 0
    expressions_unfit: int = 0
    list_entries: int = 0
    list_entries_patched: int = 0
    list_entries_unfit: int = 0
    line_sequences: int = 0
    dead_line_sequences: int = 0
    issues: list[Issue] = field(default_factory=list)

    def issue(self, section: str, offset: int, reason: str) -> None:
        """Record something that could not be patched."""
        self.issues.append(Issue(section, offset, reason))

    def missing(self, section: str) -> None:
        """Record a section that is referred to and not there, once."""
        issue = Issue(section, 0, "it is missing: what refers to it is left out")
        if issue not in self.issues:
            self.issues.append(issue)

    def report(self) -> PatchReport:
        """Return the counts as they stand."""
        return PatchReport(
            units=self.units,
            addresses=self.addresses,
            dead_addresses=self.dead_addresses,
            moved_entries=self.moved_entries,
            expressions=self.expressions,
            expressions_patched=self.expressions_patched,
            expressions_unfit=self.expressions_unfit,
            list_entries=self.list_entries,
            list_entries_patched=self.list_entries_patched,
            list_entries_unfit=self.list_entries_unfit,
            line_sequences=self.line_sequences,
            dead_line_sequences=self.dead_line_sequences,
            issues=tuple(self.issues),
        )
