"""A picture of the screen without a terminal, for documents and CI."""

from __future__ import annotations

from pathlib import Path

from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.session import Session
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look

_MOST_TURNS = 10_000
"""Turns after which a picture is taken even if the session has not come to rest."""


async def render_svg(
    session: Session,
    out: Path,
    size: tuple[int, int],
    view: View = "traces",
    select: str | None = None,
    look: Look | None = None,
    wanted: str = "",
    baseline: Baseline | None = None,
) -> None:
    """Draw a session once, at rest, and write it as SVG.

    A replay is drawn where its playhead comes to stand: paused sessions at once, others at their end. A live
    session is drawn as it is; start it, and wait for what the picture should show, before.

    Args:
        session: pumped here, never started.
        out: the file to write.
        size: columns and rows.
        view: which view.
        select: a trace or offer id, or the end of one.
        look: theme and signs.
        wanted: a filter; empty for none.
        baseline: what everything is held against.

    Raises:
        OSError: the file cannot be written.
    """
    app = DopplerApp(
        session,
        view=view,
        select=select,
        frame_rate=0,
        look=look,
        wanted=wanted,
        reference=Reference(baseline),
    )
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        for _ in range(_MOST_TURNS):
            app.observatory.turn()
            await pilot.pause()
            if session.timeline.seeking is None:
                break
        app.observatory.turn()
        await pilot.pause()
        picture = app.export_screenshot(title="Doppler")
    # One short write before the program ends: nothing else waits for this loop.
    out.write_text(picture, encoding="utf-8")  # noqa: ASYNC240
