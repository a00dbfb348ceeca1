"""Keys that come in one burst, as from a paste, a script or a slow line, mean what they were typed for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.keys import _character_to_key
from textual.widget import Widget
from textual.widgets import Input, TextArea

from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry, JsonArea
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice
from tests.doppler.tui.showing import Shown

NAMED = {"\r": "enter", "\x11": "ctrl+q", "\t": "tab"}


def burst(screen: Any, text: str) -> None:
    """Type all of it before any of it is handled."""
    for glyph in text:
        screen.app.post_message(events.Key(NAMED.get(glyph) or _character_to_key(glyph), glyph))


async def until(screen: Any, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await screen.pilot.pause()


async def test_a_filter_typed_in_one_go_is_a_filter(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        bar = screen.app.observatory.filter_bar
        burst(screen, "/type:BID who:s-a")
        await until(
            screen, lambda: bool(bar.query(Input)) and bar.query_one(Input).value == "type:BID who:s-a"
        )
        assert screen.stage.view == "traces"


async def test_a_command_typed_in_one_go_is_a_command(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        prompt = screen.app.observatory.prompt
        burst(screen, ":trace 4W2")
        await until(
            screen, lambda: bool(prompt.query(Input)) and prompt.query_one(Input).value == "trace 4W2"
        )
        assert screen.stage.view == "traces"


async def test_commands_in_one_go_are_carried_out_in_order(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        burst(screen, "5gjj")
        pane = screen.stage.panes["signals"]
        await until(screen, lambda: pane.cursor == 2)
        assert screen.stage.view == "signals"


async def test_what_is_typed_while_a_form_opens_is_no_command(silent_session: Session, shown: Shown) -> None:
    async with shown(silent_session) as screen:
        burst(screen, "O25")
        await until(screen, lambda: isinstance(screen.app.screen, Form))
        assert screen.stage.view == "traces"
        await screen.pilot.press("escape")
        await until(screen, lambda: screen.app.screen is screen.app.observatory)
        await screen.pilot.press("5")
        await until(screen, lambda: screen.stage.view == "signals")


async def test_tab_completes_what_was_typed_before_it(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        prompt = screen.app.observatory.prompt
        burst(screen, ":view top\t")
        await until(
            screen, lambda: bool(prompt.query(Input)) and prompt.query_one(Input).value == "view topology"
        )
        burst(screen, "\r")
        await until(screen, lambda: screen.stage.view == "topology")


async def test_what_was_written_is_carried_out_before_the_end(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        seen: list[str] = []
        leave = screen.app.leave
        screen.app.leave = lambda: (seen.append(screen.stage.view), leave())
        burst(screen, ":view topology\r\x11")
        await until(screen, lambda: bool(seen))
        assert seen == ["topology"]


async def test_what_is_typed_after_tab_or_enter_is_for_the_next_field(
    silent_session: Session, shown: Shown
) -> None:
    async with shown(silent_session) as screen:
        screen.app.push_screen(Figures("Figures"))
        await until(screen, lambda: isinstance(screen.app.focused, Input))
        burst(screen, "12\t3 4\r5\tll\t{\ro}")
        await until(screen, lambda: screen.app.screen.query_one(TextArea).text == "{\no}")
        fields = screen.app.screen.query(Input).results(Input)
        assert [field.value for field in fields] == ["12", "3 4", "5"]
        assert screen.app.screen.query_one(Choice).value == "third"


class Figures(Form[None]):
    """Three fields, a choice, and some lines."""

    def compose_body(self) -> ComposeResult:
        for name in ("one", "two", "three"):
            yield Entry(id=name)
        yield Choice([("first", "first"), ("second", "second"), ("third", "third")])
        yield JsonArea("", id="lines")

    def first(self) -> Widget:
        return self.query_one("#one")


async def test_what_comes_to_an_end_meanwhile_does_not_take_the_keys_from_who_writes(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        await screen.press("colon")
        prompt = screen.app.observatory.prompt
        line = prompt.query_one(Input)
        screen.stage.go("auctions", "auctions", f"evt_{'OFFER1':0>26}")
        assert screen.app.focused is line
        await screen.press("escape")
        assert (prompt.asking, screen.stage.view) == (False, "auctions")
        assert screen.app.focused is screen.stage.panes["auctions"]
