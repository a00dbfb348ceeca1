"""The screen, on a terminal or as a picture. The one module of the commands that imports textual."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.running import until_interrupted
from cosmo_doppler.session import Session, load_all
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.headless import render_svg

if TYPE_CHECKING:
    from cosmo_doppler.cli.doppler import Picture, View

PICTURE_S = 5.0
"""How long a live picture waits for signals when nobody says, seconds."""


async def open_screen(session: Session, view: View, select: str, seconds: float | None) -> None:
    """Show a session on the terminal until the person quits, SIGTERM comes, or some seconds have passed.

    Raises:
        CommandError: the engine behind the screen failed.
    """
    app = DopplerApp(session, view=view, select=select or None)
    loop = asyncio.get_running_loop()
    timer = loop.call_later(seconds, app.exit) if seconds is not None else None
    if sys.platform != "win32":
        loop.add_signal_handler(signal.SIGTERM, app.exit)
    try:
        await app.run_async()
    finally:
        if timer is not None:
            timer.cancel()
        app.session.stop()
    if app.return_code:
        raise CommandError("the screen ended with an error", "the lines above say where", Exit.FAILED)
    if app.session.failure is not None:
        raise app.session.failure


async def draw(session: Session, picture: Picture, seconds: float | None) -> None:
    """Render one screen of a session and write it as SVG.

    A recording is shown at its end, or at its start when it was opened paused. A bus or the demo is watched for some
    seconds first.

    Raises:
        CommandError: the bus did not answer.
        OSError: the file cannot be written.
    """
    try:
        if session.kind != "replay":
            session.start()
            await until_interrupted(asyncio.sleep(seconds or PICTURE_S))
            status = session.status()
            if status.state not in ("live", "reconnecting"):
                raise CommandError(
                    f"cannot reach {session.title}: {status.detail or status.state}",
                    "start a bus with `cosmo synapse start memory`",
                    Exit.UNREACHABLE,
                )
        elif not session.timeline.paused:
            load_all(session)
        await render_svg(session, picture.path, picture.size, picture.view, picture.select or None)
    finally:
        session.stop()
