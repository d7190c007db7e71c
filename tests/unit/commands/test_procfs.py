"""The guest's folder in /proc, as proc(5) has it."""

from collections.abc import Sequence

import pytest

from gdbstub.commands import procfs
from gdbstub.extensions import Region
from gdbstub.target import Address


class Guest:
    """A process."""

    def command_line(self) -> Sequence[str]:
        return ("prog", "a b", "")

    def executable(self) -> str:
        return "/guests/prog.wasm"

    def working_directory(self) -> str:
        return "/"

    def mappings(self) -> Sequence[Region]:
        return (
            Region(Address(0), 0x20000, "rw", "[memory]"),
            Region(Address(0xE0000000), 0x1234, "rx", "prog"),
            Region(Address(0xFFFF0000), 0x1000, "r"),
        )


MAPS = b"""\
00000000-00020000 rw-p 00000000 00:00 0 [memory]
e0000000-e0001234 r-xp 00000000 00:00 0 prog
ffff0000-ffff1000 r--p 00000000 00:00 0 \n"""

# fmt: off
FILES = [
    ("/proc/1/cmdline", b"prog\0a b\0\0"), ("/proc/1/maps", MAPS), ("/proc/1/task/1/maps", MAPS),
    ("/proc/1/environ", None), ("/proc/1/exe", None), ("/proc/2/maps", None), ("/proc/self/maps", None),
    ("/proc/1/../2/maps", None), ("x/proc/1/maps", None), ("/proc/1/maps\n", None), ("", None),
]
LINKS = [
    ("/proc/1/exe", b"/guests/prog.wasm"), ("/proc/1/cwd", b"/"), ("/proc/1/maps", None), ("/proc/2/exe", None), ("", None),
]
# fmt: on


@pytest.mark.parametrize(("path", "contents"), FILES)
def test_files(path: str, contents: bytes | None) -> None:
    assert procfs.contents(Guest(), path) == contents


@pytest.mark.parametrize(("path", "target"), LINKS)
def test_links(path: str, target: bytes | None) -> None:
    assert procfs.link(Guest(), path) == target
