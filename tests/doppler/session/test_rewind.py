"""What was folded can be taken back, to the last attribute, whoever looked at the board in between."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.work.recording_file import write
from cosmo_doppler.model import trace_book
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.roster import Roster
from cosmo_doppler.session import open_replay, rewind
from cosmo_doppler.session.rewind import Rewind, _model_classes
from tests.doppler.model.folding import observed, view
from tests.doppler.model.generated import sessions
from tests.doppler.session.facts import facts


@settings(max_examples=60)
@given(
    sessions,
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=6),
    st.booleans(),
)
def test_a_board_taken_back_is_what_it_was_to_the_last_attribute(frames, length, jumps, packing):
    with pytest.MonkeyPatch.context() as patch:
        if packing:
            patch.setattr(trace_book, "AWAKE", 0)
            patch.setattr(trace_book, "_PACKED_AT_ONCE", 1)
        take_back(frames, length, jumps)


def take_back(frames: Any, length: int, jumps: list[tuple[int, bool]]) -> None:
    """Fold, go back, and hold every attribute against what it was."""
    seen = observed(frames)
    board = Board()
    back = Rewind(board)
    was: list[list[Any]] = []
    position = 0
    for goal, looks in jumps:
        while position < min(goal, len(seen)):
            if position % length == 0:
                back.begin(position)
            if position == len(was):
                was.append(facts(board))
            with back.watching():
                board.apply(seen[position])
                if looks:
                    board.advance(seen[position].at + 0.1)
            position += 1
        found = back.back(min(goal, position) // 2, 1e12)
        if found is not None:
            position = found
            del was[position + 1 :]
            now, then = facts(board), was[position]
            assert next((pair for pair in zip(now, then, strict=False) if pair[0] != pair[1]), None) is None
            assert len(now) == len(then)
        del was[position:]


@settings(max_examples=40)
@given(sessions, st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_looking_at_a_board_in_between_does_not_show_afterwards(frames, steps):
    seen = observed(frames)
    looked_at = Board()
    back = Rewind(looked_at)
    was = []
    for position, each in enumerate(seen):
        back.begin(position)
        was.append((view(looked_at), look_at_all(looked_at)))
        with back.watching():
            looked_at.apply(each)
    look_at_all(looked_at)
    position = len(seen)
    for step in steps:
        position = max(0, position - step)
        if back.back(position, 1e12) is None:
            break
        fresh = Board()
        for each in seen[:position]:
            fresh.apply(each)
        assert view(looked_at) == view(fresh)
        assert (view(looked_at), look_at_all(looked_at)) == was[position]


def look_at_all(board: Board) -> list[Any]:
    """What panes ask that is only worked out once somebody asks."""
    told: list[Any] = []
    for trace in board.traces.values():
        spans = trace.timed(board.now)
        told.append([(node.id, node.depth) for node in trace.rows])
        told.append((spans.whole.end, sorted(spans.critical(board.now))))
    return told


def test_a_board_cannot_be_taken_back_further_than_it_was_watched():
    seen = observed([(float(number), b"{}") for number in range(9)])
    board = Board()
    back = Rewind(board)
    board.apply(seen[0])
    assert back.back(0, 1e9) is None
    for position in range(1, 5):
        back.begin(position)
        with back.watching():
            board.apply(seen[position])
    assert back.reaches == 1
    assert back.back(0, 1e9) is None
    assert board.signals == 5
    assert back.back(4, 2.5) == 3
    assert (board.signals, board.now) == (3, 2.0)
    back.forget()
    assert back.back(3, 1e9) is None


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(rewind, "MOST_STRETCHES", 4)
    board = Board()
    back = Rewind(board)
    for position in range(20):
        back.begin(position)
        with back.watching():
            board.apply(observed([(0.0, b"{}")])[0])
    assert back.reaches == 16
    monkeypatch.setattr(rewind, "MOST_KEPT", 1)
    back.begin(20)
    assert back.reaches == 20


def test_nothing_is_watched_but_what_the_thread_that_watches_does():
    board, other = Board(), Board()
    back = Rewind(board)
    back.begin(0)
    entered, leave = threading.Event(), threading.Event()

    def elsewhere() -> None:
        entered.wait()
        other.apply(observed([(0.0, b"{}")])[0])
        leave.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with back.watching():
        entered.set()
        leave.wait()
        board.apply(observed([(0.0, b"{}")])[0])
    thread.join()
    back.back(0, 1e9)
    assert (board.signals, other.signals) == (0, 1)


def test_nothing_of_it_is_left_behind():
    assert Roster in _model_classes()
    for kind in _model_classes():
        assert "__getattribute__" not in vars(kind)
        assert "__setattr__" not in vars(kind)


@pytest.mark.parametrize("count", [300])
def test_stepping_through_a_recording_shows_what_was_known_at_each_signal(tmp_path, count):
    path = tmp_path / "session.ndjson"
    write(path, count)
    session = open_replay(path, paused=True)
    while session.source.load(session, 1.0):
        pass
    timeline = session.timeline
    fresh, expected = Board(), []
    for position in range(count + 1):
        expected.append(view(fresh)["counts"])
        if position < count:
            fresh.apply(session.store.observed(position))
    timeline.to_end()
    while timeline.seeking is not None:
        timeline.pump(0.0, 1e9)
    boards = {id(timeline.board)}
    for position in range(count - 1, count - 200, -1):
        timeline.step(-1)
        while timeline.seeking is not None:
            timeline.pump(0.0, 1e9)
        assert view(timeline.board)["counts"] == expected[position]
        boards.add(id(timeline.board))
    # Nothing was folded from the beginning again.
    assert len(boards) == 1


def test_folding_leaves_the_collector_as_it_was(tmp_path):
    path = tmp_path / "session.ndjson"
    write(path, 300)
    session = open_replay(path, paused=True)
    while session.source.load(session, 1.0):
        pass
    before = gc.get_threshold()
    try:
        for usual in ((700, 10, 10), (0, 10, 10), (90_000, 5, 5)):
            gc.set_threshold(*usual)
            session.timeline.step(100)
            while session.timeline.seeking is not None:
                session.timeline.pump(0.0)
            assert gc.get_threshold() == usual
    finally:
        gc.set_threshold(*before)
    assert session.timeline.position == 300
