"""Tables are dicts, and what is done to them can be taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.lasting import Table, TableMark

changes = st.lists(
    st.tuples(
        st.sampled_from(["set", "set", "set", "oldest", "pop", "del", "popitem", "clear", "update"]),
        st.integers(0, 9),
        st.integers(),
    ),
    max_size=25,
)


def change(table: dict[int, int], how: str, key: int, value: int) -> None:
    if how == "set":
        table[key] = value
    elif how == "oldest" and table:
        del table[next(iter(table))]
    elif how == "pop":
        table.pop(key, None)
    elif how == "del" and key in table:
        del table[key]
    elif how == "popitem" and table:
        table.popitem()
    elif how == "clear":
        table.clear()
    elif how == "update":
        table.update({key: value})


@given(changes, st.lists(changes, min_size=1, max_size=4))
def test_whatever_is_done_to_a_table_it_is_a_dict_and_can_be_taken_back(before, stretches):
    table: Table[int, int] = Table()
    plain: dict[int, int] = {}
    for each in before:
        change(table, *each)
        change(plain, *each)
    was = []
    for stretch in stretches:
        was.append((TableMark(table), list(plain.items())))
        for each in stretch:
            change(table, *each)
            change(plain, *each)
        assert list(table.items()) == list(plain.items())
    for mark, items in reversed(was):
        mark.undo(table)
        assert list(table.items()) == items
