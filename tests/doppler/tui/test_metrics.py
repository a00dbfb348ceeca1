"""The page of figures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cosmo_doppler.session import Session
from cosmo_doppler.tui.figures import Figure, Group
from cosmo_doppler.tui.panes.metrics import GUTTER, NARROWEST, deal
from tests.doppler.tui.showing import Shown


def figures(text: str) -> dict[str, list[str]]:
    """Every line of the page that begins with a word in the first column, cut at gaps."""
    return {line[1:17].strip(): line[17:40].split() for line in text.splitlines() if line[1:2].strip()}


@pytest.mark.parametrize(("size", "columns"), [((80, 24), 2), ((120, 40), 3), ((200, 60), 5)])
async def test_the_page_has_as_many_columns_as_fit(
    market_session: Session, shown: Shown, size: tuple[int, int], columns: int
) -> None:
    async with shown(market_session, view="metrics", size=size) as screen:
        heading = next(line for line in screen.lines if line[1:].startswith("Work"))
        assert heading[1:].count("   ") >= columns - 1
        starts = [(size[0] - 2 + GUTTER) // columns * number for number in range(columns)]
        assert all(heading[1 + start : 5 + start].strip() for start in starts)
        assert all(len(line) <= size[0] for line in screen.lines)


async def test_the_figures_are_those_of_the_market(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="metrics", size=(59, 60)) as screen:
        found = figures(screen.text)
        assert found["tasks, awards"] == ["2"]
        assert found["errors"] == ["1"]
        assert found["offers"] == ["2"]
        assert found["got a bid"] == ["50.0", "%"]
        assert found["bids per offer"] == ["1.0"]
        assert found["award p50"][:2] == ["600", "ms"]
        assert found["waiting now"] == ["1"]
        assert found["waiting longest"] == ["1", "s"]
        assert "Wins by bidder" in screen.text


async def test_what_cannot_be_said_yet_is_a_dash(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="metrics", size=(59, 60)) as screen:
        assert figures(screen.text)["answer p95"] == ["–"]
        market_session.timeline.seek(0)
        await screen.settle()
        assert "Nothing measured yet" in screen.text


async def test_the_figures_change_with_the_playhead(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="metrics", size=(59, 60)) as screen:
        for position, share in ((4, "0.0"), (5, "100.0")):
            market_session.timeline.seek(position)
            await screen.settle()
            found = figures(screen.text)
            assert (found["offers"], found["got a bid"]) == (["1"], [share, "%"])


@settings(deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=14), st.integers(1, 6))
def test_groups_keep_their_order_and_use_no_more_columns_than_there_are(
    sizes: list[int], number: int
) -> None:
    groups = [Group(str(place), [Figure([], [])] * size) for place, size in enumerate(sizes)]
    columns = deal(groups, number)
    assert len(columns) <= number
    assert [group for column in columns for group in column] == groups


def test_columns_are_never_narrower_than_a_figure_needs() -> None:
    assert NARROWEST >= 16 + 10 + 2


@pytest.mark.parametrize("size", [(1, 1), (12, 4), (27, 9), (28, 9), (29, 9)])
async def test_a_terminal_of_hardly_any_size_is_no_error(
    market_session: Session, shown: Shown, size: tuple[int, int]
) -> None:
    async with shown(market_session, view="metrics", size=size) as screen:
        assert all(cell_len(line) <= size[0] for line in screen.lines)
        for view in "123456789":
            await screen.press(view)
        await screen.pilot.resize_terminal(120, 40)
        await screen.press("7")
        assert "offers" in screen.text
