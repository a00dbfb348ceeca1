"""The playhead, moved by what a person writes."""

from __future__ import annotations

from typing import Any

import pytest

from cosmo_doppler.session import Session
from tests.doppler.tui.showing import Shown

_NAMES = {"#": "number_sign", " ": "space", ":": "colon", "%": "percent_sign"}


async def go_to(screen: Any, text: str) -> None:
    await screen.press("ctrl+g")
    await screen.pilot.press(*(_NAMES.get(glyph, glyph) for glyph in text))
    await screen.press("enter")


@pytest.mark.parametrize(("text", "position"), [("#3", 3), ("0%", 1), ("last type:TASK", 9)])
async def test_one_goes_where_one_writes(
    market_session: Session, shown: Shown, text: str, position: int
) -> None:
    async with shown(market_session) as screen:
        timeline = market_session.timeline
        if text.startswith("last"):
            position = max(
                seq + 1 for seq in range(timeline.length - 1) if market_session.store.type(seq) == "TASK"
            )
        await go_to(screen, text)
        assert (timeline.position, timeline.paused) == (position, True)
        assert not screen.app.observatory.prompt.asking


async def test_a_place_that_cannot_be_meant_is_said_and_stays_to_be_put_right(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        before = market_session.timeline.position
        await go_to(screen, "soon")
        assert screen.app.observatory.prompt.asking
        assert "is no place; write 00:01:12" in screen.text
        await screen.press("escape")
        assert (market_session.timeline.position, screen.app.observatory.prompt.asking) == (before, False)


async def test_the_keys_go_back_to_the_pane_when_one_question_is_asked_over_another(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        pane = screen.app.screen.focused
        await screen.press("colon", "ctrl+g", "escape")
        assert screen.app.screen.focused is pane


async def test_a_refusal_has_the_room_that_the_line_leaves(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(60, 16)) as screen:
        await go_to(screen, "zz")
        assert "'zz' is no place; write 00:01:12, 90s, 40%" in screen.text


async def test_what_is_not_found_is_said(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        before = market_session.timeline.position
        await go_to(screen, "next type:PLAN")
        assert "nothing found: next type:PLAN" in screen.text
        assert market_session.timeline.position == before


async def test_a_speed_chosen_while_nothing_plays_is_said(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await go_to(screen, "#3")
        await screen.press("greater_than_sign")
        assert "Goes on at 2x" in screen.text
        await screen.press("less_than_sign", "less_than_sign")
        assert "Goes on at 0.5x" in screen.text


async def test_silences_can_be_cut_by_key(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("P")
        assert market_session.timeline.cut_pauses
        await screen.press("P")
        assert not market_session.timeline.cut_pauses
