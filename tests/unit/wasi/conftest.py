"""The fixture `sys_`: a program's system with a small tree of files in its folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.wasi.system import System, system


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder with files, links inward, and links that lead out."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    folder = tmp_path / "root"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "file").write_text("contents")
    (folder / "sub" / "inner").write_text("inner")
    (folder / "link").symlink_to("sub/inner")
    (folder / "folder_link").symlink_to("sub")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "absolute").symlink_to(outside / "secret")
    (folder / "out").symlink_to("../outside")
    (folder / "sub" / "out").symlink_to("../../outside/secret")
    (folder / "sub" / "up").symlink_to("..")
    return folder


@pytest.fixture
def sys_(root: Path) -> Iterator[System]:
    """Give a system on that folder."""
    with system(root) as made:
        yield made
