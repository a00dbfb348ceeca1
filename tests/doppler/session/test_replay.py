"""Sessions on recordings: ours, the peers', torn, foreign, missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording, record_line
from cosmo_doppler.controls import ControlError
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session import load_all, open_replay, replay
from cosmo_doppler.store import lines as store_lines
from tests.doppler.model.folding import frame, view
from tests.doppler.session.waiting import until

DATA = Path(__file__).parents[1] / "data"
AT = 1_767_225_605.0


def lines(count: int) -> bytes:
    return b"".join(
        record_line(
            AT + number, "cosmonapse.dev.TASK", frame("TASK", str(number), trace=str(number), who="n")
        )
        for number in range(count)
    )


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "session.ndjson"
    path.write_bytes(data)
    return path


def opened(tmp_path: Path, data: bytes):
    session = open_replay(written(tmp_path, data))
    load_all(session)
    return session


def test_a_recording_is_read_and_folded_to_its_end(tmp_path):
    session = opened(tmp_path, lines(3))
    status = session.status()
    assert (session.kind, session.title, status.state, status.loaded) == (
        "replay",
        "session.ndjson",
        "replay",
        1.0,
    )
    assert (status.signals, status.skipped, status.malformed, status.rate) == (3, 0, 0, 0.0)
    assert [session.store.at(seq) - AT for seq in range(3)] == [0, 1, 2]
    assert session.timeline.board.signals == 3


@pytest.mark.parametrize("name", ["peer-0.1.8.ndjson", "peer-0.1.14.ndjson"])
def test_bare_envelopes_as_the_peers_own_tools_write_them_open_with_the_senders_times(tmp_path, name):
    bare = b"".join(line.frame + b"\n" for line in read_recording(DATA / name))
    session = opened(tmp_path, bare)
    assert (len(session.store), session.status().skipped) == (88, 0)
    assert session.store.subject(0) == "cosmonapse.replay.DISCOVER"
    assert 2.0 < session.timeline.end_at - session.timeline.start_at < 10.0
    as_recorded = open_replay(DATA / name)
    load_all(as_recorded)
    assert [(trace.title, trace.status) for trace in session.timeline.board.traces.values()] == [
        (trace.title, trace.status) for trace in as_recorded.timeline.board.traces.values()
    ]
    assert [auction.winner for auction in session.timeline.board.auctions.values()] == [
        "kettle",
        "kettle",
        "samovar",
        "",
    ]


def test_bad_lines_are_skipped_and_counted_and_everything_else_is_read(tmp_path):
    session = opened(tmp_path, b"hello\n" + lines(2) + b"\x00\xff\n[1]\n" + lines(1) + b'{"rx":"2026')
    assert session.status().skipped == 4
    assert len(session.store) == 3
    assert [skip.number for skip in session.source.skips.first] == [1, 4, 5, 7]
    assert all(skip.reason for skip in session.source.skips.first)


def test_frames_that_were_no_signals_when_recorded_are_shown_again(tmp_path):
    session = opened(tmp_path, record_line(AT, "cosmonapse.dev.X", b"\xff?") + lines(1))
    assert (session.status().malformed, len(session.store)) == (1, 2)


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", None, "the file is empty"),
        (b"\n\n", None, "no whole line"),
        (b"%PDF-1.7 \xff\xfe\n\x00\x01\n", 1, "not JSON"),
        (b'\n{"level":"info"}\n{"level":"warn"}\n', 2, "an object that is no signal"),
        (b'[{"type":"TASK"}]', None, "a JSON list"),
        (b'{"v":"1","id":"evt_', 1, "cut short"),
    ],
)
def test_a_file_without_a_signal_is_refused_with_what_is_wrong(tmp_path, data, line, words):
    path = written(tmp_path, data)
    with pytest.raises(RecordingError) as caught:
        open_replay(path)
    assert caught.value.line_number == line
    assert caught.value.path == path
    assert words in str(caught.value)


def test_a_very_long_foreign_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "_FOREIGN", 10)
    monkeypatch.setattr(store_lines, "BLOCK", 4_000)
    with pytest.raises(RecordingError, match="none of 1000 lines read is one"):
        open_replay(written(tmp_path, b"log\n" * 1000 + lines(1)))


def test_files_that_are_none(tmp_path):
    with pytest.raises(RecordingError, match="no such file; record one with"):
        open_replay(tmp_path / "none.ndjson")
    with pytest.raises(RecordingError, match="not a file"):
        open_replay(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(RecordingError, match="not a file"):
        open_replay(pipe)


def test_a_file_that_cannot_be_read():
    with pytest.raises(RecordingError, match="cannot be read"):
        open_replay(Path("/proc/self/mem"))


def test_by_hand_a_recording_is_read_and_played_by_pumping(tmp_path):
    session = open_replay(written(tmp_path, lines(50)), speed=float("inf"))
    assert session.status().state == "loading"
    while session.timeline.playing:
        session.pump()
    assert (session.timeline.position, session.status().state) == (50, "replay")


def test_a_paused_recording_stands_at_its_start(tmp_path):
    session = open_replay(written(tmp_path, lines(3)), paused=True)
    for _ in range(3):
        session.pump()
    assert (session.timeline.position, session.timeline.length, session.timeline.paused) == (0, 3, True)


async def test_the_engine_reads_and_plays_a_recording_in_its_own_thread(tmp_path):
    session = open_replay(written(tmp_path, lines(5000)), speed=float("inf"))
    session.start()
    session.start()
    try:
        await until(lambda: session.timeline.at_end and not session.timeline.playing)
        assert session.timeline.board.signals == 5000
        assert session.status().state == "replay"
        with session.lock:
            session.timeline.step(-1)
        await until(lambda: session.timeline.seeking is None)
        assert session.timeline.position == 4999
    finally:
        session.stop()
        session.stop()
    assert session.status().state == "closed"
    assert session.failure is None


async def test_the_thread_and_the_hand_come_to_the_same_board(tmp_path):
    data = (DATA / "peer-0.1.14.ndjson").read_bytes()
    by_hand = opened(tmp_path, data)
    by_thread = open_replay(written(tmp_path, data), paused=True)
    by_thread.start()
    try:
        with by_thread.lock:
            by_thread.timeline.to_end()
        await until(lambda: by_thread.timeline.seeking is None)
        assert view(by_thread.timeline.board) == view(by_hand.timeline.board)
    finally:
        by_thread.stop()


async def test_a_recording_cannot_be_acted_on(tmp_path):
    session = opened(tmp_path, lines(1))
    with pytest.raises(ControlError, match="recording"):
        await session.act(lambda operator: operator.discover())


def test_skewed_clocks_do_not_turn_time_back(tmp_path):
    session = opened(
        tmp_path,
        frame("TASK", "a").replace(b"2026-01-01T00:00:00Z", b"2026-01-01T00:00:09Z")
        + b"\n"
        + frame("TASK", "b")
        + b"\n"
        + frame("TASK", "c").replace(b"2026-01-01T00:00:00Z", b"whenever")
        + b"\n",
    )
    times = [session.store.at(seq) for seq in range(3)]
    assert times == sorted(times)
    assert times[0] > AT
