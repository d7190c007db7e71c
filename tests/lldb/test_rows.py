"""Every row works here, and the table in docs/lldb.md says how it is on the peer."""

from __future__ import annotations

import pytest

from bench.peer import MissingPeer
from tests.guests.build import NoCompiler
from tests.lldb.rows import ROWS, Row, Typed, documented, try_ours, try_peer


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row | Typed) -> None:
    try:
        assert try_ours(row)
    except NoCompiler as missing:
        pytest.skip(str(missing))
    try:
        assert documented()[row.name] == (True, try_peer(row))
    except MissingPeer as missing:
        pytest.skip(str(missing))


def test_the_table_has_these_rows() -> None:
    assert list(documented()) == [row.name for row in ROWS]
