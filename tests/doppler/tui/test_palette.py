"""Whatever words one has for something, the palette leads there."""

from __future__ import annotations

from operator import attrgetter

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.actions import ACTIONS
from cosmo_doppler.tui.palette import ObservatoryCommands
from cosmo_doppler.tui.synonyms import SYNONYMS
from tests.doppler.tui.showing import Screen, Shown


async def found(screen: Screen, query: str) -> list[str]:
    """What the palette offers, best first."""
    provider = ObservatoryCommands(screen.app.observatory)
    hits = sorted([hit async for hit in provider.search(query)], key=attrgetter("score"), reverse=True)
    return [str(hit.text) for hit in hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("rollback", "Stop the selected trace"),
        ("grant", "Answer a question or work, or decide a permission"),
        ("critical path", "Show the trace as a waterfall"),
        ("as lanes", "Show the trace as lanes, one for each participant"),
        ("ghost bid", "Try another window, a score or a ghost bid on auctions"),
        ("strategy report", "Show bids, and which strategies explain the award"),
        ("screenshot", "Write a trace, an auction or the screen to a file"),
        ("high contrast", "Use the theme contrast"),
        ("bookmark note", "Mark the signal, with a note, or take the mark away"),
        ("breakpoint", "Hold signals that match, or pause the view there"),
        ("diagnostics", "Say how Doppler itself is doing"),
        ("about", "About Doppler: which version this is"),
        ("config path", "Say where the settings are"),
        ("keymap", "Show every key"),
        ("redact", "Redact: take values out of what is kept and shown"),
        ("re-offer", "Offer the selected auction again, with changes"),
        ("view_registry", "Show who is there and still heard"),
    ],
)
async def test_it_knows_things_by_more_than_one_word(
    market_session: Session, shown: Shown, query: str, first: str
) -> None:
    async with shown(market_session) as screen:
        assert (await found(screen, query))[0] == first


async def test_what_only_has_the_letters_comes_where_nothing_has_the_words(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        assert await found(screen, "rollback") == ["Stop the selected trace"]
        assert "Zoom the focused pane" not in await found(screen, "fault")
        assert "Show who talks to whom" in await found(screen, "wtalkswhom")


async def test_a_way_to_show_a_trace_is_one_step_from_anywhere(market_session: Session, shown: Shown) -> None:
    from cosmo_doppler.tui.more_commands import more

    async with shown(market_session, view="registry", size=(200, 50)) as screen:
        known = {each.name: each for each in more(screen.app.observatory)}
        known["Show the trace as lanes, one for each participant"].run()
        await screen.settle()
        assert (screen.stage.view, screen.stage.focused) == ("traces", "pathway")
        assert "  lanes" in screen.text
        known["Show who keeps promises"].run()
        await screen.settle()
        assert screen.stage.focused == "bids"
        assert "Promises" in screen.text


def test_other_words_belong_to_actions() -> None:
    assert set(SYNONYMS) <= {entry.name for entry in ACTIONS}
