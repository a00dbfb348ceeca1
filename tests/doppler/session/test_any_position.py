"""What is shown at a point is what was known then, however one came there."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.session.timeline import Timeline
from cosmo_doppler.store import Store
from tests.doppler.model.folding import view
from tests.doppler.model.generated import sessions
from tests.doppler.session.playhead import AGES, Wall, settle


@settings(max_examples=50)
@given(
    sessions,
    st.lists(
        st.tuples(st.sampled_from(["seek", "step", "time", "play", "live"]), st.integers(-3, 18)), max_size=12
    ),
)
def test_however_one_moves_live_or_recorded_the_board_is_a_fresh_fold_of_the_prefix(frames, moves):
    store, wall = Store(), Wall()
    timeline = Timeline(store, live=True, wall=wall)
    coming = list(frames)
    for how, number in moves:
        for at, data in coming[:2]:
            store.append(at, "cosmonapse.dev.X", data)
        del coming[:2]
        if how == "seek":
            timeline.seek(number)
        elif how == "step":
            timeline.step(number)
        elif how == "time":
            timeline.seek_time(number / 5)
        elif how == "play":
            timeline.pause()
            timeline.playing = True
        else:
            timeline.to_end()
        wall.now += 0.3
        timeline.pump(0.2, AGES)
        settle(timeline, 0.0)
        fresh = Board()
        for seq in range(timeline.position):
            fresh.apply(store.observed(seq))
        fresh.advance(timeline.board.now)
        assert view(timeline.board) == view(fresh)


@settings(max_examples=50)
@given(sessions, st.lists(st.integers(-3, 18), min_size=1, max_size=6))
def test_wherever_one_jumps_the_board_is_a_fresh_fold_of_the_prefix(frames, jumps):
    store = Store()
    for at, data in frames:
        store.append(at, "cosmonapse.dev.X", data)
    timeline = Timeline(store, live=False)
    timeline.pump(1.5, AGES)
    for position in jumps:
        timeline.seek(position)
        settle(timeline, 0.0)
        fresh = Board()
        for seq in range(timeline.position):
            fresh.apply(store.observed(seq))
        fresh.advance(timeline.now)
        assert view(timeline.board) == view(fresh)
        assert timeline.position == min(max(0, position), len(store))


@given(sessions, st.lists(st.floats(0.01, 1.0), min_size=1, max_size=10))
def test_however_fast_one_plays_the_end_looks_the_same(frames, turns):
    store = Store()
    for at, data in frames:
        store.append(at, "cosmonapse.dev.X", data)
    played, jumped = Timeline(store, live=False), Timeline(store, live=False)
    for elapsed in turns:
        played.pump(elapsed, AGES)
    while played.playing and len(store):
        played.pump(1.0, AGES)
    jumped.to_end()
    settle(jumped)
    assert view(played.board) == view(jumped.board)
