"""Paths: what they name, and that none of them names anything outside the preopened folder."""

import os
from pathlib import Path

import pytest

from jit.wasi.errors import Errno
from jit.wasi.layout import OFlags, Rights
from tests.unit.wasi.system import BUFFER, OTHER_PATH, RESULT, System, system

INSIDE = {
    "file": b"contents",
    "./file": b"contents",
    "sub/../file": b"contents",
    "sub//inner": b"inner",
    "link": b"inner",
    "folder_link/inner": b"inner",
    "folder_link/../file": b"contents",
    "sub/up/file": b"contents",
    "sub/up/sub/up/link": b"inner",
}


@pytest.mark.parametrize("path", INSIDE)
def test_opens_what_is_inside(sys_: System, path: str) -> None:
    assert sys_.read(sys_.opened(path), 100) == INSIDE[path]


REFUSED = {
    "../outside/secret": Errno.PERM,
    "sub/../../outside/secret": Errno.PERM,
    "..": Errno.PERM,
    "sub/../..": Errno.PERM,
    "/etc/passwd": Errno.PERM,
    "/": Errno.PERM,
    "absolute": Errno.PERM,
    "out/secret": Errno.PERM,
    "out": Errno.PERM,
    "sub/out": Errno.PERM,
    "folder_link/out": Errno.PERM,
    "sub/up/../outside/secret": Errno.PERM,
    "loop": Errno.LOOP,
    "loop/x": Errno.LOOP,
    "dangling": Errno.NOENT,
    "missing": Errno.NOENT,
    "missing/x": Errno.NOENT,
    "": Errno.NOENT,
    "file/": Errno.NOTDIR,
    "file/x": Errno.NOTDIR,
    "link/x": Errno.NOTDIR,
    "nul\0": Errno.INVAL,
    "x" * 300: Errno.NAMETOOLONG,
    "./" * 3000 + "file": Errno.NAMETOOLONG,
}


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path[:30] or "empty")
def test_refuses_to_open(sys_: System, path: str) -> None:
    assert sys_.open(path)[0] is REFUSED[path]


ESCAPES = ["../outside", "sub/../../outside", "out", "sub/up/../outside", "/tmp"]


@pytest.mark.parametrize("way", ESCAPES)
@pytest.mark.parametrize(
    "call",
    ["path_create_directory", "path_remove_directory", "path_unlink_file"],
)
def test_nothing_is_changed_outside(sys_: System, root: Path, call: str, way: str) -> None:
    assert sys_.call(call, 3, *sys_.text(f"{way}/secret")) is Errno.PERM
    assert os.listdir(root.parent / "outside") == ["secret"]


@pytest.mark.parametrize("way", ESCAPES)
def test_nothing_is_moved_out_or_in(sys_: System, root: Path, way: str) -> None:
    inside, outside = sys_.text("file"), sys_.text(f"{way}/secret", OTHER_PATH)
    assert sys_.call("path_rename", 3, *inside, 3, *outside) is Errno.PERM
    assert sys_.call("path_rename", 3, *outside, 3, *inside) is Errno.PERM
    assert sys_.call("path_link", 3, 0, *outside, 3, *sys_.text("new")) is Errno.PERM
    assert (root / "file").exists() and not (root / "new").exists()


def test_creating_through_a_link_that_leads_out_is_refused(sys_: System, root: Path) -> None:
    (root / "trap").symlink_to("../outside/made")
    assert sys_.open("trap", Rights.FD_WRITE, oflags=OFlags.CREAT)[0] is Errno.PERM
    assert not (root.parent / "outside" / "made").exists()


def test_creating_through_a_dangling_link_makes_its_target(sys_: System, root: Path) -> None:
    sys_.opened("dangling", Rights.FD_WRITE, oflags=OFlags.CREAT)
    assert (root / "nowhere").exists()


def test_a_link_that_is_not_followed_is_not_opened(sys_: System) -> None:
    assert sys_.open("link", follow=False)[0] is Errno.LOOP


def test_an_absolute_link_is_neither_made_nor_read(sys_: System) -> None:
    target = sys_.text("/etc/passwd", OTHER_PATH)
    assert sys_.call("path_symlink", *target, 3, *sys_.text("new")) is Errno.PERM
    where = sys_.text("absolute")
    assert sys_.call("path_readlink", 3, *where, BUFFER, 100, RESULT) is Errno.PERM


def test_a_folder_moved_away_while_open_leads_nowhere(sys_: System, root: Path) -> None:
    fd = sys_.opened("sub/deep", oflags=OFlags.DIRECTORY)
    (root / "sub" / "deep").rename(root.parent / "outside" / "deep")
    assert sys_.open("../secret", folder=fd)[0] is Errno.PERM


def test_long_chains_of_links_end(sys_: System, root: Path) -> None:
    for index in range(50):
        (root / f"chain{index}").symlink_to(f"chain{index + 1}")
    (root / "chain50").write_text("end")
    assert sys_.open("chain0")[0] is Errno.LOOP
    assert sys_.open("chain20")[0] is Errno.SUCCESS


MUTATIONS = [
    ("path_create_directory", ("new",)),
    ("path_remove_directory", ("sub/deep",)),
    ("path_unlink_file", ("file",)),
]


@pytest.mark.parametrize(("call", "paths"), MUTATIONS)
def test_a_read_only_folder_is_not_changed(root: Path, call: str, paths: tuple[str]) -> None:
    with system(root, mutable=False) as sys_:
        assert sys_.call(call, 3, *sys_.text(paths[0])) is Errno.PERM
        assert sys_.open("file", Rights.FD_WRITE)[0] is Errno.PERM
        assert sys_.open("new", oflags=OFlags.CREAT)[0] is Errno.PERM
        assert sys_.open("file", oflags=OFlags.TRUNC)[0] is Errno.PERM
        assert sys_.read(sys_.opened("file"), 100) == b"contents"
        folder = sys_.opened("sub", oflags=OFlags.DIRECTORY)
        assert sys_.open("inner", Rights.FD_WRITE, folder=folder)[0] is Errno.PERM
