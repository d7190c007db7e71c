"""Names that cannot be written in XML."""

from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import pytest

from gdbstub.views.common.names import shown_name, writable

# fmt: off
NAMES = [
    ("prog.wasm", "prog.wasm"), ("na\u00efve \U0001f600\t\n.wasm", "na\u00efve \U0001f600\t\n.wasm"),
    ('<"&>', '<"&>'), ("a\0b\x1b", "a?b?"), ("\udcff.wasm", "?.wasm"), ("\ufffe\uffff", "??"),
]
# fmt: on


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_what_is_shown_can_be_parsed(name: str, shown: str) -> None:
    assert shown_name(name) == writable(name) == shown
    root = ElementTree.fromstring(f"<a b={quoteattr(shown)}/>".encode())
    assert root.get("b") == shown


def test_an_absurd_name_is_cut() -> None:
    assert len(shown_name("x" * 1_000_000)) == 200
