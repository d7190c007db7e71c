"""Object files kept between runs: the same as made, and made again where what is kept is not right."""

import dataclasses
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gdbstub.objfile import Listing, ModuleImage, ObjectCache, ObjectFile, default_folder
from gdbstub.objfile.cache import MAGIC, trim
from tests.unit.objfile.conftest import image_of
from tests.unit.objfile.listed import STRIPPED, listing_of


class Counter:
    """Makes the listing of a program and counts how often."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls = 0

    def __call__(self) -> Listing:
        self.calls += 1
        return listing_of(self.path)


@pytest.fixture
def path(compiled: Callable[..., Path]) -> Path:
    """Give the C program of this folder without DWARF."""
    return compiled("program.c", "O1", 5, *STRIPPED)


@pytest.fixture
def listing(path: Path) -> Counter:
    """Give what makes its listing."""
    return Counter(path)


def forged(about: bytes) -> bytes:
    """Return a file with a right hash over something that is none of ours."""
    body = len(about).to_bytes(4, "little") + about
    return MAGIC + hashlib.sha256(body).digest() + body


def kept(folder: Path) -> Path:
    """Return the one object file in a cache."""
    (found,) = (folder / "objects").iterdir()
    return found


def same(one: ObjectFile, other: ObjectFile, image: ModuleImage) -> bool:
    """Tell whether two object files say the same."""
    prototypes = [[each.prototypes.get(f.index) for f in image.functions] for each in (one, other)]
    return (one.elf, one.report, dict(one.functions), one.main) == (
        other.elf,
        other.report,
        dict(other.functions),
        other.main,
    ) and prototypes[0] == prototypes[1]


@pytest.mark.parametrize("version", [4, 5])
def test_what_is_kept_says_the_same(
    compiled: Callable[..., Path], tmp_path: Path, version: int
) -> None:
    image = image_of(compiled("program.c", "O2", version))
    cache = ObjectCache(tmp_path)
    made = cache.object_file(image, lambda: Listing((), (), ()))
    before = kept(tmp_path).stat().st_ino
    again = ObjectCache(tmp_path).object_file(image, lambda: Listing((), (), ()))
    assert kept(tmp_path).stat().st_ino == before
    assert same(made, again, image)
    assert any(f is not None for f in (again.prototypes.get(f.index) for f in image.functions))


def test_a_listing_is_written_once(path: Path, tmp_path: Path, listing: Counter) -> None:
    image = image_of(path)
    made = ObjectCache(tmp_path).object_file(image, listing)
    again = ObjectCache(tmp_path).object_file(image, listing)
    assert same(made, again, image)
    assert listing.calls == 1
    (source,) = tmp_path.glob("listings/*/program.wat")
    assert source.read_text() == listing_of(path).text()
    assert str(source).encode() in made.elf


def test_a_listing_that_is_gone_is_written_again(
    path: Path, tmp_path: Path, listing: Counter
) -> None:
    ObjectCache(tmp_path).object_file(image_of(path), listing)
    (source,) = tmp_path.glob("listings/*/program.wat")
    source.unlink()
    ObjectCache(tmp_path).object_file(image_of(path), listing)
    assert source.is_file()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda data: b"",
        lambda data: b"\x7fELF" + data,
        lambda data: data[: len(MAGIC) + 40] + b"?" + data[len(MAGIC) + 41 :],
        lambda data: data[:-5] + bytes(5),
        lambda data: b"something else altogether" * 100,
        lambda data: forged(b"{}"),
        lambda data: forged(b"[1, 2"),
        lambda data: forged(b"[" * 100_000),
        lambda data: forged(b'{"functions": [[1]], "report": 5}'),
    ],
    ids="short header empty foreign about end other forged forged-json forged-deep forged-types".split(),
)
def test_a_damaged_file_is_made_again(
    path: Path, tmp_path: Path, listing: Counter, damage: Callable[[bytes], bytes]
) -> None:
    image = image_of(path)
    made = ObjectCache(tmp_path).object_file(image, listing)
    file = kept(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    again = ObjectCache(tmp_path).object_file(image, listing)
    assert same(made, again, image)
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "change",
    [
        {"code_base": 0xE0100000},
        {"name": "other.wasm"},
        {"memory_bytes": 0x10000},
        {"table_functions": {1: "x"}},
        {"remarks": ("why",)},
        {"customs": {".debug_str": b"x"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_it_is_made_from_is_in_the_key(
    path: Path, tmp_path: Path, listing: Counter, change: dict[str, object]
) -> None:
    image = image_of(path)
    ObjectCache(tmp_path).object_file(image, listing)
    ObjectCache(tmp_path).object_file(dataclasses.replace(image, **change), listing)  # type: ignore[arg-type]
    assert len(list((tmp_path / "objects").iterdir())) == 2


def test_without_a_listing_another_file_is_kept(
    path: Path, tmp_path: Path, listing: Counter
) -> None:
    cache = ObjectCache(tmp_path)
    plain = cache.object_file(image_of(path), None)
    listed = cache.object_file(image_of(path), listing)
    assert (listing.calls, len(list((tmp_path / "objects").iterdir()))) == (1, 2)
    for made, make in ((plain, None), (listed, listing)):
        assert same(cache.object_file(image_of(path), make), made, image_of(path))
    assert not any(plain.prototypes.get(f.index) for f in image_of(path).functions)
    assert listing.calls == 1


def test_a_folder_that_cannot_be_is_no_error(path: Path, tmp_path: Path, listing: Counter) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    made = ObjectCache(blocked).object_file(image_of(path), listing)
    assert made.elf


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir])
def test_what_is_no_file_is_not_read(
    path: Path, tmp_path: Path, listing: Counter, make: Callable[[Path], None]
) -> None:
    made = ObjectCache(tmp_path).object_file(image_of(path), listing)
    file = kept(tmp_path)
    file.unlink()
    make(file)
    assert ObjectCache(tmp_path).object_file(image_of(path), listing).elf == made.elf


def test_without_a_folder_nothing_is_kept(path: Path, listing: Counter) -> None:
    assert ObjectCache(None).object_file(image_of(path), listing).elf
    assert listing.calls == 0


def test_old_files_make_room(path: Path, tmp_path: Path, listing: Counter) -> None:
    image = image_of(path)
    ObjectCache(tmp_path).object_file(image, listing)
    first = kept(tmp_path)
    os.utime(first, (1, 1))
    other = dataclasses.replace(image, code_base=0xE0100000)
    ObjectCache(tmp_path, limit=first.stat().st_size + 10).object_file(other, listing)
    assert not first.exists()
    assert kept(tmp_path).exists()
    assert not list(tmp_path.rglob(".new-*"))


def test_trimming_leaves_no_empty_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.wat").write_bytes(bytes(100))
        os.utime(tmp_path / name / "x.wat", (ord(name), ord(name)))
    trim(tmp_path, 150, keep=tmp_path / "b" / "x.wat")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_the_user_says_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "wasm-gdbstub"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "wasm-gdbstub"
