"""Tables made on demand."""

from jit.asm import memo
from jit.asm.memo import Memo, memo2, memo3


def test_a_value_is_made_once() -> None:
    made: list[int] = []

    def make(key: int) -> str:
        made.append(key)
        return f"<{key}>"

    table = Memo(make)
    assert [table[3], table[4], table[3]] == ["<3>", "<4>", "<3>"]
    assert made == [3, 4]


def test_tables_of_several_keys() -> None:
    assert memo2(lambda a, b: (a, b))[1][2] == (1, 2)
    assert memo3(lambda a, b, c: (a, b, c))[1][2][3] == (1, 2, 3)


def test_a_table_does_not_grow_without_end() -> None:
    table = Memo(lambda key: key)
    for key in range(3 * memo._MOST_KEYS):
        assert table[key] == key
        assert len(table) <= memo._MOST_KEYS
