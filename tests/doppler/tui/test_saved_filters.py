"""Filters saved and chosen on the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.command import CommandPalette

from cosmo_doppler.session import Session
from cosmo_doppler.tui.look import Look, remembered_of
from cosmo_doppler.tui.saved_filters import SavedFilters
from tests.doppler.tui.showing import Shown, command


def signals(screen: Any) -> list[Any]:
    source = screen.stage.panes["signals"].source
    return [source.key(index) for index in range(source.count())]


async def test_what_is_written_is_kept_under_a_name_and_used_by_it(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.pilot.press("slash", *"type:BID", "ctrl+o")
        await screen.settle()
        assert screen.app.observatory.prompt.asking
        await screen.pilot.press(*"bids")
        await screen.press("enter")
        assert "Kept; $bids means type:BID" in screen.text
        assert screen.stage.focused == "signals"
        assert signals(screen) == [4, 5]
        await screen.press("escape")
        assert len(signals(screen)) == 13
        await command(screen, "filter bids")
        assert "/ $bids" in screen.text
        assert signals(screen) == [4, 5]
        # What is written next goes on from it.
        await screen.pilot.press("slash", *" who:bob")
        await screen.press("enter")
        assert signals(screen) == [5]
        await screen.press("i")
        assert screen.scene.filtering.text == "$bids who:bob -type:BID"
        await command(screen, "forget bids")
        assert "$bids is kept no longer" in screen.text
        assert not remembered_of(screen.app).filters


async def test_a_filter_is_chosen_by_typing(market_session: Session, shown: Shown) -> None:
    look = Look(filters={"bids": "type:BID", "wrong": "has:error"})
    async with shown(market_session, view="signals", look=look) as screen:
        for keys in (("ampersand",), ("slash", "ctrl+r")):
            await screen.press(*keys)
            assert isinstance(screen.app.screen, CommandPalette)
            await screen.press("escape")
        # The list of Textual's palette fills when it likes to.
        saved = SavedFilters(screen.app.observatory)
        told = [str(hit.display) async for hit in saved.discover()]
        assert [line.split() for line in told] == [["$bids", "type:BID"], ["$wrong", "has:error"]]
        for text in ("wron", "has:err"):
            screen.app.observatory.narrow("")
            (hit,) = [hit async for hit in saved.search(text)]
            hit.command()
            await screen.settle()
            assert screen.scene.filtering.text == "$wrong"
            assert signals(screen) == [10]


async def test_where_none_is_saved_it_says_how_to(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("ampersand")
        assert "No filter is saved yet; / writes one" in screen.lines[-1]


async def test_a_name_completes_and_stands_for_what_it_means_by_then(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals", look=Look(filters={"mine": "type:BID"})) as screen:
        await screen.pilot.press("slash", *"$m", "tab")
        await screen.press("enter")
        assert signals(screen) == [4, 5]
        screen.app.take_look(replace(screen.app.look, filters={"mine": "has:error"}))
        screen.app.observatory.narrow("$mine")
        await screen.settle()
        assert signals(screen) == [10]
        await command(screen, "seek last $mine")
        assert "11 of 13" in screen.text


async def test_what_cannot_be_kept_is_said_and_stays_written(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals", look=Look(filters={"bids": "type:BID"})) as screen:
        for line, why in (
            ("keep two words", "expected an operator after 'words'"),
            ("keep 2nd type:BID", "'2nd' is no name"),
            ("keep mine", "there is no filter to keep"),
            ("keep bids type:TASK", "$bids stands in the settings"),
            ("keep mine $mine", "the saved filter $mine stands for itself"),
            ("forget mine", "no filter is kept as 'mine'; there are: none"),
            ("filter $mine", "there is no saved filter $mine"),
        ):
            await command(screen, line)
            assert why in screen.text, line
            await screen.press("escape")
        await screen.press("escape")
        assert len(signals(screen)) == 13


async def test_what_came_so_far_is_cleared_away_and_comes_back(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await command(screen, "clear")
        assert signals(screen) == []
        assert "/ seq>=13" in screen.text
        await screen.press("escape")
        assert len(signals(screen)) == 13
