"""Rows of an outline with folded branches, and other outlines opened in place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.outline import Outline
from cosmo_doppler.model.unfolded import MOST, Unfolded
from tests.doppler.model.forest import Forest, Item, change


def names(rows):
    return [rows.at(row)[0].name for row in range(len(rows))]


def tree(*, prefix=""):
    """a with b (c) and d below it, then e."""
    outline, items = Outline(), {}
    for name, parent in (("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", None)):
        item = items[name] = Item(prefix + name)
        outline.add(item, items.get(parent))
    return outline, items


def test_a_folded_branch_keeps_its_first_row():
    outline, items = tree()
    rows = Unfolded(lambda item: item.name)
    rows.take(outline)
    assert names(rows) == ["a", "b", "c", "d", "e"]
    rows.fold(items["b"])
    rows.take(outline)
    assert names(rows) == ["a", "b", "d", "e"]
    assert rows.folded(items["b"])
    assert rows.row(items["c"], outline) is None
    assert rows.row(items["d"], outline) == 2
    rows.fold(items["a"])
    rows.take(outline)
    assert names(rows) == ["a", "e"]
    rows.unfold(items["a"])
    rows.take(outline)
    assert names(rows) == ["a", "b", "d", "e"]


def test_a_door_shows_its_inside_in_place_and_doors_in_it():
    outer, items = tree()
    inner, inside = tree(prefix="x")
    innermost, deep = tree(prefix="y")
    doors = {"c": inner, "xd": innermost}
    rows = Unfolded(lambda item: item.name, lambda item: doors.get(item.name))
    rows.take(outer)
    assert names(rows) == ["a", "b", "c", "d", "e"]
    rows.unfold(items["c"])
    rows.unfold(inside["d"])
    rows.take(outer)
    assert names(rows) == [
        "a",
        "b",
        "c",
        "xa",
        "xb",
        "xc",
        "xd",
        "ya",
        "yb",
        "yc",
        "yd",
        "ye",
        "xe",
        "d",
        "e",
    ]
    assert rows.at(8) == (deep["b"], (items["c"], inside["d"]))
    assert rows.row(deep["b"], innermost) == 8
    inner.add(Item("new"), inside["a"])
    rows.take(outer)
    assert names(rows)[7:13] == ["ya", "yb", "yc", "yd", "ye", "new"]
    rows.fold(items["b"])
    rows.take(outer)
    assert names(rows) == ["a", "b", "d", "e"]


def test_what_is_made_anew_stays_folded_under_its_name():
    outline, items = tree()
    rows = Unfolded(lambda item: item.name)
    rows.fold(items["b"])
    again, copies = tree()
    rows.renew(lambda item: copies.get(item.name))
    rows.take(again)
    assert names(rows) == ["a", "b", "d", "e"]
    rows.renew(lambda item: None)
    rows.take(outline)
    assert len(rows) == 5


def test_only_so_many_folds_are_remembered():
    outline = Outline()
    rows = Unfolded(lambda item: item.name)
    parents = [Item(number) for number in range(MOST + 1)]
    for parent in parents:
        outline.add(parent, None)
        outline.add(Item("child"), parent)
        rows.fold(parent)
    rows.take(outline)
    assert len(rows) == MOST + 2
    assert not rows.folded(parents[0])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "add", "root", "move", "remove", "fold", "unfold"]),
            st.integers(0, 99),
            st.integers(0, 99),
        ),
        max_size=40,
    )
)
def test_rows_are_the_lines_that_no_fold_hides(steps):
    forest, rows, folded = Forest(), Unfolded(lambda item: item.name), set()
    for number, (what, one, other) in enumerate(steps):
        target = forest.pick(one)
        if what not in {"fold", "unfold"}:
            change(forest, what, number, one, other)
        elif target is not None:
            (rows.fold if what == "fold" else rows.unfold)(target)
            (folded.add if what == "fold" else folded.discard)(target)
        rows.take(forest.outline)
        seen = [item for item in forest.lines() if not any(above in folded for above in ancestors(item))]
        assert [rows.at(row)[0] for row in range(len(rows))] == seen
        assert [rows.row(item, forest.outline) for item in seen] == list(range(len(seen)))


def ancestors(item):
    while item.parent is not None:
        item = item.parent
        yield item
