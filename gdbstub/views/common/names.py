"""Names of files and modules as debuggers are told them: in XML, and as paths they ask for again."""

from __future__ import annotations

import re

_LONGEST = 200
_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What XML has no place for, escaped or not (XML 1.0, 2.2 Characters)."""


def writable(text: str) -> str:
    """Return a text with `?` for what cannot be written in XML."""
    return _NO_XML.sub("?", text)


def shown_name(name: str) -> str:
    """Return the name of a file as a debugger asks for it, cut where it is absurdly long."""
    return writable(name[:_LONGEST])
