"""A session on a screen, as a test drives it and reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from cosmo_doppler.session import Session
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look

Shown = Callable[..., Any]
"""What the fixture `shown` gives."""


class Screen:
    """An app under test, with what it shows as text."""

    def __init__(self, app: DopplerApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.stage = app.observatory.stage
        self.scene = app.observatory.scene

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        self.app.observatory.turn()
        await self.pilot.pause()
        self.app.observatory.turn()
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@asynccontextmanager
async def show(
    session: Session,
    *,
    view: View = "traces",
    size: tuple[int, int] = (120, 40),
    select: str | None = None,
    look: Look | None = None,
) -> AsyncIterator[Screen]:
    app = DopplerApp(session, view=view, select=select, frame_rate=0, look=look)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        await screen.settle()
        yield screen


async def command(screen: Any, line: str) -> None:
    """Give the words behind `:`."""
    await screen.pilot.press("colon", *line)
    await screen.press("enter")


async def write(screen: Any, line: str) -> None:
    """Write them, and do not send them off."""
    await screen.pilot.press("colon", *[{" ": "space", ":": "colon"}.get(glyph, glyph) for glyph in line])
    await screen.settle()
