"""Several buses and recordings at the same time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmo_bus.recording import RecordingWriter
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.tui.theme import DARK, Ink
from cosmo_doppler.tui.watched import Watched, watched_line
from tests.doppler.tui.showing import Shown


@pytest.fixture
def other(tmp_path: Path, signal_frame: Callable[..., dict[str, Any]]) -> Session:
    path = tmp_path / "other.ndjson"
    writer = RecordingWriter(path)
    frame = signal_frame("TASK", "T", "OTHER", who="zoe", payload={"input": {"text": "something else"}})
    writer.write(1.0, "cosmonapse.dev.TASK", json.dumps(frame).encode())
    writer.close()
    session = open_replay(path, paused=True)
    load_all(session)
    return session


async def attach(screen: Any, session: Session) -> None:
    observatory = screen.app.observatory
    observatory.post_message(observatory.Chosen(session))
    await screen.settle()
    await screen.settle()


async def test_another_one_joins_and_one_goes_to_and_fro(
    market_session: Session, other: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        assert "other.ndjson" not in screen.text
        await attach(screen, other)
        assert screen.app.session is other
        assert "something else" in screen.text
        assert screen.lines[1].split() == ["▶", "session.ndjson", "▶", "other.ndjson"]
        await screen.press("ctrl+n")
        assert screen.app.session is market_session
        assert "add the figures" in screen.text
        await screen.pilot.click("#watched", offset=(24, 0))
        await screen.settle()
        assert screen.app.session is other


async def test_what_is_redacted_in_one_is_redacted_in_what_is_opened_from_it(
    market_session: Session, other: Session, shown: Shown
) -> None:
    market_session.redact(Redaction(["payload.input.text"]))
    async with shown(market_session, view="signals") as screen:
        await attach(screen, other)
        assert b"[redacted]" in other.store.frame(0)


async def test_one_that_is_left_stays_as_it_was(
    market_session: Session, other: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.press("g", "j", "j")
        await attach(screen, other)
        await screen.press("2", "ctrl+n")
        assert screen.app.observatory.stage.view == "signals"
        assert screen.app.observatory.scene.seq == 2


async def test_detaching_ends_it_and_the_last_one_stays(
    market_session: Session, other: Session, shown: Shown
) -> None:
    async with shown(market_session) as screen:
        await attach(screen, other)
        await screen.press("ctrl+w")
        assert screen.app.session is market_session
        assert "other.ndjson" not in screen.text
        await screen.press("ctrl+w")
        assert "Nothing else is watched" in screen.lines[-1]
        await screen.press("ctrl+n")
        assert "Nothing else is watched" in screen.lines[-1]


async def test_a_bus_that_never_answered_gives_its_place(
    silent_session: Session, other: Session, shown: Shown
) -> None:
    silent_session.report("unreachable", detail="nothing listens there")
    async with shown(silent_session) as screen:
        await attach(screen, other)
        assert screen.app.watched.sessions == [other]


async def test_a_command_attaches_too(market_session: Session, other: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.pilot.press("colon", *"open", "space", *str(other.store and _path(other)), "enter")
        await screen.settle()
        await screen.settle()
        assert len(screen.app.watched.sessions) == 2


def _path(session: Session) -> Path:
    return session.source.paths[0]  # type: ignore[attr-defined,no-any-return]


def test_what_does_not_fit_on_the_line_is_left_out(market_session: Session, other: Session) -> None:
    watched = Watched(market_session)
    watched.add(other)
    line, places = watched_line(watched, 30, Ink(DARK))
    assert len(places) == 1
    assert sum(len(segment.text) for segment in line) <= 31
