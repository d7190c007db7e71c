"""Patch sites in machine code: which are enabled, and how a function's are switched together.

Only code that nothing runs in may be patched.  A function is patched by its differences, or, all of
it at once, by one write of an image made beforehand.
"""

from collections.abc import Iterable, Sequence

from jit.abi.frame_table import FrameTable, RowKind
from jit.runtime.code import CodeRange, StoreCode

_NO_SITES: frozenset[int] = frozenset()


class _Images:
    """A function's code with no site enabled, and with all."""

    __slots__ = ("all_enabled", "plain", "sites")

    def __init__(self, plain: bytes, all_enabled: bytes, sites: frozenset[int]) -> None:
        self.plain = plain
        self.all_enabled = all_enabled
        self.sites = sites


class Patches:
    """The enabled patch sites of one store's code, by function, as offsets in it."""

    def __init__(self, code: StoreCode) -> None:
        self._code = code
        self._enabled: dict[CodeRange, frozenset[int]] = {}
        self._images: dict[CodeRange, _Images] = {}

    def is_enabled(self, function: CodeRange, site: int) -> bool:
        """Say whether a site, given by its offset, is enabled."""
        return site in self._enabled.get(function, _NO_SITES)

    def any_enabled(self) -> bool:
        """Say whether any site of the store is enabled."""
        return bool(self._enabled)

    def enable_all(self, function: CodeRange) -> None:
        """Enable every site of a function."""
        images = self._images_of(function)
        if self._enabled.get(function) != images.sites:
            self._code.machine.patch(function.start, images.all_enabled)
            self._note(function, images.sites)

    def enable_outside(
        self, function: CodeRange, quiet: Sequence[range], pcs: Iterable[int]
    ) -> None:
        """Enable every site of a function but those whose ops all lie in `quiet`; those at `pcs` too."""
        images = self._images_of(function)
        silent = {
            row.patch
            for row in function.table.rows
            if row.kind is RowKind.SITE
            and all(any(point.pc in part for part in quiet) for point in row.points)
        }
        silent.difference_update(_sites_at(function.table, pcs))
        wanted = images.sites - silent
        if self._enabled.get(function) == wanted:
            return
        code = bytearray(images.all_enabled)
        for site in silent:
            end = site + self._code.isa.site_size
            code[site:end] = images.plain[site:end]
        self._code.machine.patch(function.start, bytes(code))
        self._note(function, wanted)

    def enable_only(self, function: CodeRange, pcs: Iterable[int]) -> None:
        """Enable the sites of the ops at some PCs and disable all others."""
        wanted = frozenset(_sites_at(function.table, pcs))
        enabled = self._enabled.get(function, _NO_SITES)
        images = self._images.get(function)
        if images is not None and len(enabled - wanted) > len(images.sites) // 8:
            self._code.machine.patch(function.start, images.plain)
            enabled = _NO_SITES
        for site in enabled - wanted:
            self._code.machine.patch(function.start + site, self._code.isa.site_disabled())
        for site in wanted - enabled:
            self._code.machine.patch(function.start + site, self._call(function.start + site))
        self._note(function, wanted)

    def _note(self, function: CodeRange, enabled: frozenset[int]) -> None:
        if enabled:
            self._enabled[function] = enabled
        else:
            self._enabled.pop(function, None)

    def _call(self, site: int) -> bytes:
        return self._code.isa.site_enabled(site, self._code.breakpoint)

    def _images_of(self, function: CodeRange) -> _Images:
        images = self._images.get(function)
        if images is None:
            images = self._images[function] = self._make_images(function)
        return images

    def _make_images(self, function: CodeRange) -> _Images:
        size = self._code.isa.site_size
        plain = bytearray(
            self._code.machine.read_code(function.start, function.end - function.start)
        )
        sites = [row.patch for row in function.table.rows if row.kind is RowKind.SITE]
        disabled = self._code.isa.site_disabled()
        for site in sites:
            plain[site : site + size] = disabled
        all_enabled = bytearray(plain)
        for site in sites:
            all_enabled[site : site + size] = self._call(function.start + site)
        return _Images(bytes(plain), bytes(all_enabled), frozenset(sites))


def _sites_at(table: FrameTable, pcs: Iterable[int]) -> Iterable[int]:
    """Yield the offset of every site at which the op at one of `pcs` can be stopped."""
    for pc in pcs:
        yield from table.patches_at(pc)
