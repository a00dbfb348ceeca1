"""What is seen also goes to a file, and what could not is counted."""

from __future__ import annotations

import pytest

from cosmo_bus.recording import read_recording
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session import Recorder, Session, load_all, open_replay
from cosmo_doppler.session.recorder import FLUSH_EVERY_S
from tests.doppler.model.folding import frame, view
from tests.doppler.nowhere import Nowhere

TASK = frame("TASK", "a", who="n", input={"text": "x"})


def test_what_is_seen_is_in_the_file_within_a_moment(tmp_path):
    path = tmp_path / "session.ndjson"
    recorder = Recorder(path)
    recorder.write(1.0, "cosmonapse.dev.TASK", TASK)
    recorder.pump(FLUSH_EVERY_S / 2)
    assert path.stat().st_size == 0
    recorder.pump(FLUSH_EVERY_S / 2)
    assert path.stat().st_size == recorder.bytes_written
    assert (recorder.lines, recorder.lost, recorder.fault) == (1, 0, "")
    recorder.close()


def test_a_full_disk_stops_the_recording_and_not_the_watching(tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    session = Session(Nowhere(), kind="live", title="t", recorder=Recorder(full))
    big = frame("TASK", "a", input={"text": "x" * 400_000})
    for _ in range(3):
        session.ingest("cosmonapse.dev.TASK", big)
    session.recorder.pump(1.0)
    session.ingest("cosmonapse.dev.TASK", big)
    assert "space" in session.recorder.fault
    assert session.status().dropped >= 1
    session.pump()
    assert session.timeline.board.signals == 4
    session.stop()


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(RecordingError, match="choose another file"):
        Recorder(tmp_path / "no" / "such" / "directory.ndjson")


def test_a_replay_shows_what_was_watched(tmp_path):
    path = tmp_path / "session.ndjson"
    session = Session(Nowhere(), kind="live", title="t", recorder=Recorder(path))
    sent = [
        TASK,
        b"\xff junk",
        frame("TASK_OFFER", "o", trace="2", deadline_ms=60_000),
        frame("BID", "b", trace="2", parent="o", who="n", cost=1, confidence=1),
        frame("TASK_AWARDED", "w", trace="2", parent="b", who="n"),
        frame("AGENT_OUTPUT", "r", parent="a", who="n"),
    ]
    for data in sent:
        session.ingest("cosmonapse.dev.X", data)
    session.pump()
    session.stop()
    assert [line.problem for line in read_recording(path)] == [""] * len(sent)
    replayed = open_replay(path)
    load_all(replayed)
    watched, again = view(session.timeline.board), view(replayed.timeline.board)
    for shown in ("requests", "roster"):
        assert watched[shown] == again[shown]
    assert watched["counts"] == again["counts"]
    assert [node[:5] for node in watched["traces"]["trc_1"][0]] == [
        node[:5] for node in again["traces"]["trc_1"][0]
    ]
    assert watched["auctions"]["evt_o"][0][:3] == again["auctions"]["evt_o"][0][:3]
