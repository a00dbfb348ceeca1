"""Recording a bus from the screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session import Session
from tests.doppler.tui.market import market
from tests.doppler.tui.showing import Screen, Shown


async def _name(screen: Screen, path: Path) -> None:
    """Begin to record to a file, in place of the name that is proposed."""
    await screen.press("ctrl+r")
    assert "record to doppler-" in screen.text
    await screen.press("ctrl+u", *str(path), "enter")


def _say(session: Session) -> None:
    for _, frame in market():
        session.ingest(f"cosmonapse.dev.{frame['type']}", json.dumps(frame).encode())


async def test_a_bus_is_recorded_from_the_screen(
    silent_session: Session, shown: Shown, tmp_path: Path
) -> None:
    path = tmp_path / "part.ndjson"
    silent_session.redact(Redaction(["payload.question"]))
    _say(silent_session)
    async with shown(silent_session) as screen:
        await _name(screen, path)
        _say(silent_session)
        await screen.settle()
        assert "REC " in screen.lines[0]
        await screen.press("ctrl+r")
        assert "REC " not in screen.lines[0]
        assert f"Recorded {len(market())} signals" in screen.text
        _say(silent_session)
    lines = list(read_recording(path))
    assert [json.loads(line.frame)["type"] for line in lines] == [frame["type"] for _, frame in market()]
    assert b"which year?" not in path.read_bytes()


async def test_a_file_that_is_there_is_never_written_over(
    silent_session: Session, shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "kept.ndjson"
    path.write_text("mine")
    _say(silent_session)
    async with shown(silent_session, size=(200, 40)) as screen:
        await _name(screen, Path(path.name))
        assert "is there already" in screen.text
        await screen.press("escape")
    assert path.read_text() == "mine"
    assert silent_session.recorder is None


async def test_a_recording_is_not_recorded(market_session: Session, shown: Shown, tmp_path: Path) -> None:
    async with shown(market_session) as screen:
        await screen.press("ctrl+r")
        assert "is a recording already" in screen.text
    with pytest.raises(RecordingError, match="is a recording already"):
        market_session.record_to(tmp_path / "again.ndjson")


async def test_a_full_disk_is_said_and_what_it_lost_stays_counted(
    silent_session: Session, shown: Shown
) -> None:
    _say(silent_session)
    async with shown(silent_session, size=(160, 40)) as screen:
        # The device of Linux that is always full.
        silent_session.end_recording()
        with pytest.raises(RecordingError, match="is there already"):
            silent_session.record_to(Path("/dev/full"))
        from cosmo_doppler.session.recorder import Recorder

        silent_session.recorder = Recorder(Path("/dev/full"))
        silent_session.recorder.pump(1.0)
        _say(silent_session)
        silent_session.recorder.pump(1.0)
        _say(silent_session)
        await screen.settle()
        assert "recording stopped: No space left on device" in screen.lines[0]
        lost = silent_session.status().dropped
        assert lost >= len(market())
        await screen.press("ctrl+r")
        assert "No space left on device" in screen.text
        assert silent_session.status().dropped == lost
