"""Breaks and held signals in a recording: what was held then is shown, and a break pauses the playback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.widgets import Input

from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice
from tests.doppler.tui.showing import Shown

STEPPED = Path(__file__).parents[3] / "snapshots" / "data" / "stepped.ndjson"
WHILE_TWO_WERE_HELD = 54
"""A position in the recording."""


@pytest.fixture
def stepped() -> Session:
    session = open_replay(STEPPED, paused=True)
    load_all(session)
    return session


def at(session: Session, position: int) -> Session:
    session.timeline.seek(position)
    while session.timeline.seeking is not None:
        session.pump()
    return session


async def test_what_was_held_then_is_listed_with_its_rule(stepped: Session, shown: Shown) -> None:
    async with shown(at(stepped, WHILE_TWO_WERE_HELD), view="held") as screen:
        assert "2 held" in screen.text
        assert re.search(r"BID +night-owl +969 ms .* cost 0.00073", screen.text)
        assert "by doppler, type:BID" in screen.text
        assert '"cost": 0.00073' in screen.text
        assert "space pause" in screen.lines[-1]
        assert "let go" not in screen.lines[-1]
        await screen.press("a")
        assert "this is a recording" in screen.text
        await screen.press("dollar_sign")
        assert "Nothing was held at this moment" in screen.text


async def test_a_break_pauses_the_playback_and_shows_the_signal(stepped: Session, shown: Shown) -> None:
    async with shown(at(stepped, 0), view="signals") as screen:
        await screen.press("B")
        form = screen.app.screen
        assert isinstance(form, Form)
        while form.deaf:
            await screen.pilot.pause(0.05)
        assert "pause the view" in screen.text
        form.query_one("#when", Input).value = "type:BID is:edited"
        await screen.pilot.pause()
        await screen.pilot.press("ctrl+s")
        await screen.pilot.pause()
        stepped.timeline.speed = float("inf")
        await screen.press("space")
        while not stepped.timeline.paused:
            await screen.settle()
        await screen.settle()
        assert stepped.store.header(stepped.timeline.position - 1).id.endswith("3ZDHDDF")
        assert "Paused: type:BID is:edited matches" in screen.text
        assert screen.scene.seq == stepped.timeline.position - 1
        await screen.press("v")
        assert "pause" in screen.text
        await screen.press("X")
        assert len(stepped.timeline.breaks) == 0


async def test_the_keys_that_hold_are_faint_where_nothing_can_be_held(stepped: Session, shown: Shown) -> None:
    async with shown(stepped, view="held") as screen:
        await screen.press("c")
        assert "a break pauses it where its expression matches" in screen.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("view", ["traces", "auctions"])
async def test_of_the_expressions_to_take_exactly_one_is_marked(
    stepped: Session, shown: Shown, view: str, size: tuple[int, int]
) -> None:
    async with shown(stepped, view=view, size=size) as screen:
        await screen.press("B")
        form = screen.app.screen
        assert isinstance(form, Form)
        while form.deaf:
            await screen.pilot.pause(0.05)
        take = form.query_one("#about", Choice)
        taken = []
        take.focus()
        for key in ("right", "right", "left", "left", "left", "home", "q"):
            await screen.settle()
            [line] = [line for line in screen.lines if " Take " in line]
            assert line.count("●") == 1
            assert line.count("●") + line.count("○") == len(take._options)
            taken.append(form.query_one("#when", Input).value)
            assert taken[-1] == take.value
            await screen.pilot.press(key)
        assert len(set(taken)) == len(take._options)
