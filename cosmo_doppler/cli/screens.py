"""The screen, on a terminal or as a picture. The one module of the commands that imports textual."""

from __future__ import annotations

import asyncio
import codecs
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cosmo_doppler.cli.exits import CommandError, Exit, no_bus
from cosmo_doppler.cli.looks import chosen_look, follow_config, frame_rate, state_file, takes_mouse
from cosmo_doppler.cli.output import say
from cosmo_doppler.cli.piped import recording
from cosmo_doppler.cli.running import end_at_latest, ending_signals, until_interrupted
from cosmo_doppler.cli.skipped import say_skipped
from cosmo_doppler.config import read_config
from cosmo_doppler.session import Session, load_all, load_start
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.headless import render_svg
from cosmo_doppler.tui.offer_shelf import OfferShelf, shelf_beside
from cosmo_doppler.tui.remembered import Remembered

if TYPE_CHECKING:
    from cosmo_doppler.cli.asked import Picture, View
    from cosmo_doppler.config import ThemeName
    from cosmo_doppler.model.baseline import Baseline
    from cosmo_doppler.steward import Steward
    from cosmo_doppler.tui.look import Look

LAST_PICTURE_S = 15.0
"""How long the screen may take to end once its terminal is gone, seconds: longer than recordings take to be closed."""

PICTURE_S = 5.0
"""How long a live picture waits for signals when nobody says, seconds."""


async def open_screen(
    session: Session,
    view: View,
    select: str,
    seconds: float | None,
    theme: ThemeName | None,
    *,
    ascii: bool,
    wanted: str = "",
    beside: Sequence[Session] = (),
    baseline: Path | None = None,
    steward: Steward | None = None,
) -> None:
    """Show a session on the terminal until the person quits, SIGTERM comes, or some seconds have passed.

    Raises:
        CommandError: the engine behind the screen failed.
        ConfigError: the config file cannot be used.
        RecordingError: the baseline is no recording.
    """
    config = read_config()
    only_ascii = ascii or not _has_all_letters(sys.__stderr__)
    reference = Reference()
    if baseline is not None:
        reference.read(recording(baseline), session.store.redaction)
    look = chosen_look(config, theme, ascii=only_ascii)
    app = DopplerApp(
        session,
        view=view,
        select=select or None,
        frame_rate=frame_rate(config),
        look=look,
        wanted=wanted,
        beside=beside,
        reference=reference,
    )
    app.watched.steward = steward
    app.remembered = Remembered(state_file())
    app.watched.shelf = OfferShelf(shelf_beside(state_file()))
    loop = asyncio.get_running_loop()
    timer = loop.call_later(seconds, app.exit) if seconds is not None else None
    if sys.platform != "win32":
        for number in ending_signals():
            if number is signal.SIGHUP:
                loop.add_signal_handler(number, _end_with_terminal, app)
            elif number is not signal.SIGINT:  # Ctrl-C is a key
                loop.add_signal_handler(number, app.exit)
    following = asyncio.create_task(follow_config(app, theme, ascii=only_ascii))
    try:
        await app.run_async(mouse=takes_mouse(config))
    finally:
        following.cancel()
        if timer is not None:
            timer.cancel()
        app.session.stop()
        app.remembered.save()
    if app.remembered.problem:
        say(app.remembered.problem)
    if app.return_code:
        raise CommandError("the screen ended with an error", "the lines above say where", Exit.FAILED)
    if app.session.failure is not None:
        raise app.session.failure


def _end_with_terminal(app: DopplerApp) -> None:
    """End without the terminal: what still has to be drawn on it may wait for ever, so not for long."""
    end_at_latest(LAST_PICTURE_S, 128 + signal.SIGHUP)
    app.exit()


def _has_all_letters(terminal: TextIO | None) -> bool:
    """Whether what is drawn on a terminal, by textual on stderr, can be any letter. If not, escapes would take its place."""
    encoding = getattr(terminal, "encoding", None) or "utf-8"
    return codecs.lookup(encoding).name.startswith("utf-")


async def draw(
    session: Session,
    picture: Picture,
    seconds: float | None,
    look: Look,
    *,
    judged: bool = False,
    baseline: Baseline | None = None,
) -> None:
    """Render one screen of a session and write it as SVG.

    A recording is shown at its end, or where it was to begin when it was opened paused. A bus or the demo is watched for some
    seconds first.

    Raises:
        CommandError: the bus did not answer.
        OSError: the file cannot be written.
    """
    try:
        if judged:
            # It was watched already, and stands where that ended.
            session.timeline.pause()
        elif session.kind != "replay":
            session.start()
            await until_interrupted(asyncio.sleep(seconds or PICTURE_S))
            status = session.status()
            if status.state not in ("live", "reconnecting"):
                raise no_bus(session.title, status.detail or status.state)
        elif session.timeline.paused:
            load_start(session)
        else:
            load_all(session)
        if not judged:
            say_skipped(session)
        await render_svg(
            session,
            picture.path,
            picture.size,
            picture.view,
            picture.select or None,
            look,
            picture.wanted,
            baseline,
        )
    finally:
        session.stop()
