"""What a modal leaves of the screen below."""

from __future__ import annotations

from typing import Any

from rich.segment import Segment
from textual.geometry import Size
from textual.renderables.background_screen import BackgroundScreen

from cosmo_doppler.session import Session
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.modals.veiled import Veiled
from tests.doppler.tui.showing import Shown


def veiled(app: DopplerApp) -> Veiled[Any]:
    assert isinstance(app.screen, Veiled)
    return app.screen


async def test_the_screen_below_is_tinted_as_a_translucent_background_would(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        await screen.press("question_mark")
        modal = veiled(screen.app)
        below = screen.app.observatory._compositor.render_strips(Size(100, 30))
        tint = modal.styles.background
        assert 0 < tint.a < 1
        for y, strip in enumerate(below):
            assert list(modal.render_line(y)) == list(BackgroundScreen.process_segments(strip, tint))


async def test_what_changes_below_shows_through(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        await screen.press("question_mark")
        modal = veiled(screen.app)
        assert "never said before" not in modal.render_line(29).text
        screen.app.say("a sentence never said before")
        await screen.settle()
        assert "never said before" in modal.render_line(29).text


async def test_a_line_beyond_the_screen_below_is_blank(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        await screen.press("question_mark")
        assert list(veiled(screen.app).render_line(30)) == [Segment(" " * 100)]


async def test_the_panes_keep_their_room_while_a_line_is_asked_for(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        prompt, keys = screen.app.observatory.prompt, screen.app.observatory._keys
        room = screen.stage.size
        prompt.ask(":")
        assert (prompt.display, keys.display) == (True, False)
        await screen.settle()
        assert screen.stage.size == room
        prompt.close()
        assert (prompt.display, keys.display) == (False, True)
