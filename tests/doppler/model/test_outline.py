"""Lines of a forest, whatever is added, moved and taken out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model import outline as module
from cosmo_doppler.model.outline import Outline
from tests.doppler.model.forest import Forest, Item, change

steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "root", "first", "before", "move", "remove"]),
        st.integers(0, 999),
        st.integers(0, 999),
    ),
    max_size=50,
)


@given(steps, st.sampled_from([2, 5, 256]))
def test_lines_are_those_of_the_forest_after_any_changes(steps, size):
    before, module.BLOCK = module.BLOCK, size
    try:
        forest = Forest()
        for number, (what, one, other) in enumerate(steps):
            change(forest, what, number, one, other)
            forest.check()
    finally:
        module.BLOCK = before


def test_a_branch_of_many_thousands_moves_by_its_blocks_alone():
    outline = Outline()
    root, other = Item("root"), Item("other")
    outline.add(root, None)
    outline.add(other, None)
    children = [Item(number) for number in range(20_000)]
    for child in children:
        outline.add(child, root)
    inner = children[10_000].block
    outline.move(root, other)
    assert children[10_000].block is inner
    assert outline.line(other) == 0
    assert outline.line(root) == 1
    assert [outline.at(line) for line in range(2, 20_002)] == children
    assert outline.holds(other, children[-1])
    assert not outline.holds(children[0], root)
