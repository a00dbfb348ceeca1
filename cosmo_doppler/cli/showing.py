"""What `cosmo doppler` does when it was said what is asked: one session, shown in one of its ways."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import click

from cosmo_doppler.cli.asked import Asked, Picture, on_terminal, why_no_screen
from cosmo_doppler.cli.output import say
from cosmo_doppler.cli.running import run
from cosmo_doppler.cli.tail import print_recording, stream
from cosmo_doppler.config import read_config

if TYPE_CHECKING:
    from pathlib import Path

    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session import Session
    from cosmo_doppler.steward import Steward


def show_what_is_asked(ctx: click.Context, asked: Asked) -> None:
    """Watch, replay, record, judge, draw or print, whatever the words say."""
    redaction = asked.redaction()
    if asked.told_as_lines and not asked.recordings:
        _stream(asked, redaction)
    elif asked.daemon and asked.record is not None:
        _record(asked, asked.record, redaction)
    else:
        on_screen = asked.shown and _begin_screen()
        session = _open(asked, redaction)
        if on_screen:
            _open_screen(ctx, session, asked, redaction)
        else:
            _tell(session, asked)


def _stream(asked: Asked, redaction: Redaction) -> None:
    run(
        lambda: stream(
            asked.url,
            asked.namespace,
            asked.selection,
            redaction,
            payload=asked.payload,
            as_json=asked.as_json,
            seconds=asked.seconds,
        )
    )


def _record(asked: Asked, path: Path, redaction: Redaction) -> None:
    from cosmo_doppler.cli.record import record_bus

    run(
        lambda: record_bus(
            path, asked.url, asked.namespace, asked.seconds, None, False, redaction, asked.as_json
        )
    )


def _begin_screen() -> bool:
    """Whether there is a screen to draw on. The collector rests then until the first picture, since all made so far stays."""
    if not on_terminal():
        return False
    gc.disable()
    return True


def _open(asked: Asked, redaction: Redaction) -> Session:
    """The session that is meant, not started yet, with what is asked of its playing."""
    session = _opened(asked)
    asked.playing.apply(session)
    session.redact(redaction)
    if asked.checks.at is not None and not asked.checks.any:
        # Stand there from the beginning; a judged run goes there by itself.
        session.timeline.play_between(asked.checks.at, asked.playing.last)
        session.timeline.pause()
    return session


def _opened(asked: Asked) -> Session:
    if asked.recordings:
        from cosmo_doppler.session import open_replay

        return open_replay(asked.recordings, speed=asked.playing.speed, paused=asked.playing.paused)
    if asked.record is not None:
        from cosmo_doppler.cli.files import refuse_existing

        refuse_existing(asked.record)
    if asked.demo:
        from cosmo_doppler.demo import open_demo

        return open_demo(record=asked.record)
    return _watch(asked.url, asked, asked.record)


def _watch(url: str, asked: Asked, record: Path | None = None) -> Session:
    from cosmo_doppler.session.live import open_live

    session = open_live(url, asked.namespace, record=record)
    if asked.allow_actions:
        session.arm(True)
    return session


def _tell(session: Session, asked: Asked) -> None:
    """Everything that needs no terminal."""
    if asked.told_as_lines:
        rows = asked.playing.rows(session, asked.checks.at)
        print_recording(session, rows, asked.selection, payload=asked.payload, as_json=asked.as_json)
    elif asked.checks.any:
        _judge(session, asked)
    elif asked.picture is not None:
        _draw(session, asked.picture, asked, judged=False)
    else:
        _tell_plainly(session, asked)


def _judge(session: Session, asked: Asked) -> None:
    from cosmo_doppler.cli.checks import check_live, check_recording, tell

    if session.kind == "replay":
        shown = bool(asked.checks.report or asked.as_json or asked.picture)
        verdict = check_recording(session, asked.checks, asked.playing, shown=shown)
    else:
        verdict = run(lambda: check_live(session, asked.checks, asked.seconds))
    if asked.picture is not None:
        _draw(session, asked.picture, asked, judged=True)
    tell(verdict, asked.checks, as_json=asked.as_json)


def _draw(session: Session, picture: Picture, asked: Asked, *, judged: bool) -> None:
    from cosmo_doppler.cli.looks import chosen_look
    from cosmo_doppler.cli.screens import draw

    look = chosen_look(read_config(), asked.theme, ascii=asked.ascii)
    baseline = asked.checks.read_baseline(session)
    run(lambda: draw(session, picture, asked.seconds, look, judged=judged, baseline=baseline))
    say(f"wrote {picture.path}")


def _tell_plainly(session: Session, asked: Asked) -> None:
    from cosmo_doppler.cli.plain import tell_live, tell_recording

    if not asked.plain:
        say(f"{why_no_screen()}: printing plain lines")
    if session.kind == "replay":
        tell_recording(session, asked.playing.rows(session, asked.checks.at), asked.wanted)
    else:
        run(lambda: tell_live(session, asked.wanted, seconds=asked.seconds))


def _open_screen(ctx: click.Context, session: Session, asked: Asked, redaction: Redaction) -> None:
    from cosmo_doppler.cli.screens import open_screen

    beside = [_watch(url, asked) for url in asked.beside]
    for each in beside:
        each.redact(redaction)
    run(
        lambda: open_screen(
            session,
            asked.view,
            asked.select,
            asked.seconds,
            asked.theme,
            ascii=asked.ascii,
            wanted=asked.expression,
            beside=beside,
            baseline=asked.checks.baseline,
            steward=None if asked.store is None else _steward(ctx, asked.store),
        )
    )


def _steward(ctx: click.Context, where: str) -> Steward:
    """Who acts on a store; it is closed with the command."""
    from cosmo_doppler.cli.coord_reading import opened, shown
    from cosmo_doppler.steward import Steward

    return Steward(ctx.with_resource(opened(where)), shown(where))
