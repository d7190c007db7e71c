"""Files in pieces: little where the client jumps about, more and more where it reads on."""

from gdbstub.commands.state import OpenFile

DATA = bytes(range(256)) * 0x1000


def test_reading_on_gets_more_each_time() -> None:
    file = OpenFile(DATA)
    sizes, at = [], 0
    while piece := file.read(at, 0x20000):
        assert piece == DATA[at : at + len(piece)]
        sizes.append(len(piece))
        at += len(piece)
    assert at == len(DATA)
    assert sizes[:4] == [0x2000, 0x4000, 0x8000, 0x10000]
    assert max(sizes) == 0x20000


def test_jumping_gets_little() -> None:
    file = OpenFile(DATA)
    assert [len(file.read(at, 0x20000)) for at in (0x5000, 0, 0x5000, 0x6000)] == [
        0x1000,
        0x1000,
        0x1000,
        0x2000,
    ]


def test_never_more_than_asked_for_and_nothing_at_the_end() -> None:
    file = OpenFile(DATA)
    assert file.read(0, 10) == DATA[:10]
    assert file.read(len(DATA) - 2, 10) == DATA[-2:]
    assert file.read(len(DATA), 10) == b""
    assert file.read(len(DATA) + 5, 10) == b""
