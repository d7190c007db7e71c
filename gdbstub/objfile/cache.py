"""Object files and listings kept between runs: the one place that reads and writes the cache folder.

    objects/KEY             what `build_object` made: its bytes and what belongs to them
    listings/HASH/NAME.wat  the source text that the object file of a module without DWARF names

The key is a hash of all that an object file is made from, this package's own code included. A file
is written whole under another name and then renamed; one that is not what it should be counts as
none. Of each kind the files used least recently go when there are too many bytes. A folder that
cannot be written is no error: what would be in it is made again each time.
"""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path

from gdbstub.objfile.addresses import EntryKind
from gdbstub.objfile.build import FunctionView, ObjectFile, build_object
from gdbstub.objfile.dies import DieReader, open_units
from gdbstub.objfile.expression import simple_location
from gdbstub.objfile.image import ModuleImage
from gdbstub.objfile.listing import Listing
from gdbstub.objfile.prototypes import EntryPlace, Prototypes, WasmSignature
from gdbstub.objfile.report import Issue, PatchReport
from gdbstub.objfile.sections import Sections

MAGIC = b"wasm-gdbstub object 1\n"
LIMIT = 256 << 20
"""How many bytes of each kind are kept."""

_LOG = logging.getLogger("gdbstub.cache")
_HASH = hashlib.sha256
_HASH_SIZE = _HASH().digest_size


class CacheError(Exception):
    """A file of the cache is damaged, or is none of ours."""


def default_folder() -> Path | None:
    """Return the user's cache folder for this program; None where the user has none."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "wasm-gdbstub"
    try:
        return Path.home() / ".cache" / "wasm-gdbstub"
    except RuntimeError:
        return None


class ObjectCache:
    """The object files of modules, made or kept. With no folder, always made."""

    def __init__(self, folder: Path | None, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit

    def object_file(
        self, image: ModuleImage, make_listing: Callable[[], Listing] | None
    ) -> ObjectFile:
        """Return a module's object file; if its DWARF tells of no code, with the listing given."""
        if self._folder is None:
            return build_object(image)
        source = None if make_listing is None else self._source(image)
        path = self._folder / "objects" / _key(image, source)
        kept = self._kept(image, path, source)
        if kept is not None:
            return kept
        made = build_object(image, make_listing, source)
        if source is not None and made.source:
            self._write(source, made.source.encode(errors="surrogateescape"))
            trim(source.parents[1], self._limit, keep=source)
        self._write(path, _pack(made))
        trim(path.parent, self._limit, keep=path)
        return made

    def _source(self, image: ModuleImage) -> Path:
        assert self._folder is not None
        folder = self._folder / "listings" / _HASH(image.data).hexdigest()[:16]
        stem = os.path.basename(image.name)
        return folder / f"{stem.removesuffix('.wasm') or 'module'}.wat"

    def _kept(self, image: ModuleImage, path: Path, source: Path | None) -> ObjectFile | None:
        try:
            if not path.is_file():  # anything else may have no end
                return None
            data = path.read_bytes()
        except OSError:
            return None
        try:
            kept = _unpack(data, image)
        except (
            CacheError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            # Whole and ours by its hash, and still not of this form: somebody made it so.
            _LOG.info("%s is made again: %s", path, error)
            return None
        used = [path] if source is None else [path, source]
        if kept.prototypes.made and not all(file.is_file() for file in used):
            return None
        for file in used:
            with contextlib.suppress(OSError):
                os.utime(file)
        return kept

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=".new-", delete=False
            ) as fresh:
                try:
                    fresh.write(data)
                    fresh.close()
                    os.replace(fresh.name, path)
                except OSError:
                    os.unlink(fresh.name)
                    raise
        except OSError as error:
            _LOG.info("%s is not kept: %s", path, error)


def trim(folder: Path, limit: int, keep: Path) -> None:
    """Remove the files below a folder that were used least recently until it holds `limit` bytes."""
    files = []
    for name, _, names in os.walk(folder):
        for each in names:
            path = Path(name) / each
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            return
        if path != keep:
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
                if path.parent != folder:
                    path.parent.rmdir()


@cache
def _code_version() -> bytes:
    """Return a hash of this package's source."""
    digest = _HASH()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def _key(image: ModuleImage, source: Path | None) -> str:
    digest = _HASH(_code_version())
    digest.update(str(source).encode(errors="surrogateescape"))
    for each in fields(image):
        value = getattr(image, each.name)
        digest.update(b"\0" + each.name.encode() + b"\0")
        if isinstance(value, bytes):
            digest.update(value)
        elif each.name == "customs":
            # They are part of the data, but for those that came from elsewhere.
            for name, data in value.items():
                digest.update(name.encode(errors="surrogateescape") + b"\0" + _HASH(data).digest())
        else:
            digest.update(repr(value).encode(errors="surrogateescape"))
    return digest.hexdigest()


# What belongs to the bytes of an object file, as JSON. Bytes are Latin-1 text there.


def _pack(made: ObjectFile) -> bytes:
    prototypes = made.prototypes
    about = {
        "functions": [
            (
                view.index,
                view.symbol.decode("latin-1"),
                view.entry,
                view.entry_kind.value,
                view.has_dwarf,
                view.frame_base.decode("latin-1"),
            )
            for view in made.functions.values()
        ],
        "main": made.main,
        "report": asdict(made.report),
        "places": [(index, *place) for index, place in prototypes.places.items()],
        "made": [
            (index, signature.name, signature.parameters, signature.results)
            for index, signature in prototypes.made.items()
        ],
    }
    text = json.dumps(about, separators=(",", ":")).encode()
    body = len(text).to_bytes(4, "little") + text + made.elf
    return MAGIC + _HASH(body).digest() + body


def _unpack(data: bytes, image: ModuleImage) -> ObjectFile:
    start = len(MAGIC) + _HASH_SIZE
    body = memoryview(data)[start:]
    if not data.startswith(MAGIC):
        raise CacheError("it is none of ours")
    if _HASH(body).digest() != data[len(MAGIC) : start]:
        raise CacheError("it is damaged")
    length = int.from_bytes(body[:4], "little")
    about = json.loads(bytes(body[4 : 4 + length]))
    views = {}
    for index, symbol, entry, kind, has_dwarf, frame_base in about["functions"]:
        expression = frame_base.encode("latin-1")
        views[index] = FunctionView(
            index,
            symbol.encode("latin-1"),
            entry,
            EntryKind(kind),
            has_dwarf,
            expression,
            simple_location(expression) if expression else None,
        )
    report = about["report"]
    issues = tuple(Issue(**issue) for issue in report.pop("issues"))
    places = {index: EntryPlace(*place) for index, *place in about["places"]}
    signatures = {
        index: WasmSignature(name, tuple((n, t) for n, t in parameters), tuple(results))
        for index, name, parameters, results in about["made"]
    }
    return ObjectFile(
        bytes(body[4 + length :]),
        PatchReport(issues=issues, **report),
        views,
        about["main"],
        Prototypes(lambda: _open(image), places, signatures),
    )


def _open(image: ModuleImage) -> DieReader:
    """Return a reader of a module's DWARF, as it came, with all units that can be read."""
    sections = Sections(image.customs)
    reader = DieReader(sections)
    for section in (".debug_types", ".debug_info"):
        for _ in open_units(reader, section, sections.read(section)):
            pass
    return reader
