"""The filter on the screen."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.actions import action
from cosmo_doppler.tui.panes.sifted import Sifted, SiftedSignals
from cosmo_doppler.tui.widgets.source import Source
from tests.doppler.tui.showing import Shown


def rows(screen: Any, pane: str) -> list[Any]:
    source = screen.stage.panes[pane].source
    return [source.key(index) for index in range(source.count())]


async def write(screen: Any, text: str) -> None:
    await screen.pilot.press("slash", *text)
    await screen.settle()


async def test_a_filter_narrows_signals_traces_auctions_and_the_registry(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await write(screen, "type:BID")
        await screen.press("enter")
        assert rows(screen, "signals") == [4, 5]
        assert [each[-3:] for each in rows(screen, "traces")] == ["ONE"]
        assert [each[-6:] for each in rows(screen, "auctions")] == ["OFFER1"]
        assert rows(screen, "registry") == ["ada", "bob"]
        assert "/ type:BID" in screen.text
        assert "2 of 13 signals   esc clears" in screen.text
        await screen.press("1")
        assert "1 of 3 traces" in screen.text
        await screen.press("2")
        assert "1 of 2 auctions" in screen.text
        await screen.press("escape")
        assert "esc clears" not in screen.text
        assert len(rows(screen, "auctions")) == 2


@pytest.mark.parametrize(
    ("view", "filter", "said"),
    [
        ("signals", "type:BID cost>5", "no signal meets  cost>5"),
        ("signals", "type:BID has:error", "each condition is met by some signal, all of them by none"),
        ("auctions", "type:TASK", "1 signal matches, the last at 14:13:2"),
    ],
)
async def test_what_means_nothing_says_why(
    market_session: Session, shown: Shown, view: str, filter: str, said: str
) -> None:
    async with shown(market_session, view=view) as screen:
        await write(screen, filter)
        await screen.press("enter")
        assert "0 of " in screen.text
        assert said in screen.text


async def test_while_one_writes_the_last_filter_that_can_be_meant_holds(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await write(screen, "has:error cosst")
        assert rows(screen, "signals") == [10]
        assert "expected an operator after 'cosst'" in screen.text
        await screen.pilot.press(*">1")
        await screen.settle()
        assert "did you mean cost?" in screen.text
        await screen.press("enter")
        assert screen.app.observatory.filter_bar.writing
        assert rows(screen, "signals") == [10]
        await screen.press("escape")
        assert screen.stage.focused == "signals"
        assert len(rows(screen, "signals")) == 13


async def test_tab_offers_fields_values_and_who_was_seen(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await write(screen, "wh")
        await screen.press("tab")
        await screen.pilot.press(*":b")
        await screen.press("tab", "enter")
        assert screen.scene.filtering.text == "who:bob"
        await screen.press("slash", "up")
        assert screen.app.observatory.filter_bar.writing


async def test_star_shows_only_what_is_like_the_row_and_i_hides_it(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g", *"jjjj", "asterisk")
        assert screen.scene.filtering.text == "type:BID"
        await screen.press("asterisk")
        assert screen.scene.filtering.text == "who:ada"
        await screen.press("asterisk")
        assert screen.scene.filtering.text.startswith("trace:")
        await screen.press("escape", "i")
        assert screen.scene.filtering.text == "-type:BID"
        assert len(rows(screen, "signals")) == 11
        await screen.press("3", "g", "i")
        assert screen.scene.filtering.text == "-type:BID -who:ada"


async def test_n_goes_from_hit_to_hit_in_the_view_one_is_in(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await write(screen, "type:BID or has:error")
        await screen.press("enter", "g")
        assert screen.scene.seq == 4
        await screen.press("n")
        assert screen.scene.seq == 5
        await screen.press("1", "n")
        assert (screen.stage.view, screen.stage.focused) == ("traces", "pathway")
        await screen.press("N")
        assert screen.scene.seq in (4, 5)
        await screen.press("escape", "escape", "n")
        assert "There is no filter" in screen.text


async def test_nothing_that_matches_is_said_with_the_way_back(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await write(screen, "trace.dur>1h")
        assert "0 of 13 match" in screen.text
        assert "esc clears it" in screen.text


async def test_new_signals_are_tested_as_they_come_and_hidden_ones_counted(
    silent_session: Session, shown: Shown, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    def say(type: str, id: str) -> None:
        frame = signal_frame(type, id, "T", who="ada")
        silent_session.ingest("cosmonapse.dev.X", json.dumps(frame).encode())

    say("TASK", "A")
    async with shown(silent_session, view="signals") as screen:
        await write(screen, "type:ERROR")
        await screen.press("enter")
        assert rows(screen, "signals") == []
        say("ERROR", "B")
        say("HEARTBEAT", "C")
        say("HEARTBEAT", "D")
        await screen.settle()
        assert rows(screen, "signals") == [1]
        assert "1 of 4 signals   2 new hidden" in screen.text


async def test_going_back_in_time_keeps_the_filter_to_what_was_known(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await write(screen, "type:BID or has:error")
        await screen.press("enter")
        market_session.timeline.seek(5)
        await screen.settle()
        assert rows(screen, "signals") == [4]
        assert len(rows(screen, "traces")) == 1
        market_session.timeline.seek(13)
        await screen.settle()
        assert rows(screen, "signals") == [4, 5, 10]
        assert len(rows(screen, "traces")) == 2


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 60)])
async def test_the_bar_fits_every_terminal(
    size: tuple[int, int], market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, size=size) as screen:
        await write(screen, "type:BID")
        await screen.press("enter")
        bar = next(line for line in screen.lines if line.startswith(" / type:BID"))
        assert "1 of 3 traces" in bar
        assert bar.endswith(("traces", "esc clears"))


def test_a_narrowed_list_passes_on_everything_a_list_can_do() -> None:
    own = {
        name for name, member in inspect.getmembers(Sifted) if not name.startswith("_") and callable(member)
    }
    for name, member in inspect.getmembers(Source, inspect.isfunction):
        assert name.startswith("_") or getattr(Sifted, name) is not member, name
    assert own >= {"count", "key", "index", "row"}
    assert SiftedSignals.newest_last


def test_every_key_of_the_filter_is_in_the_table() -> None:
    assert [
        action(name).shown for name in ("filter", "hit(1)", "hit(-1)", "filter_cursor", "ignore")
    ] == list("/nN*i")


async def test_star_in_the_inspector_filters_on_the_value_there(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g", *"jjjj", "enter")
        inspector = screen.stage.panes["inspector"]
        keys = [inspector.source.key(index) for index in range(inspector.source.count())]
        inspector.select(next(key for key in keys if inspector.source.copied(key) == "0.8"))
        await screen.press("asterisk")
        assert screen.scene.filtering.text == "payload.confidence:0.8"
        assert rows(screen, "signals") == [4]


async def test_a_filter_can_be_a_command(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("colon", *"filter has:error", "enter")
        assert rows(screen, "signals") == [10]
