"""The playhead: with time that the test lets pass by hand."""

from __future__ import annotations

import pytest

from cosmo_doppler.errors import SettingError
from cosmo_doppler.session.places import SPEEDS, read_speed
from cosmo_doppler.session.timeline import Timeline
from tests.doppler.model.folding import frame, view
from tests.doppler.session.playhead import AGES, Wall, replay, settle, stored

# -- replay


def test_a_replay_plays_as_recorded():
    timeline = replay(10.0, 11.0, 13.0)
    assert (timeline.start_at, timeline.end_at, timeline.length) == (10.0, 13.0, 3)
    positions = []
    for _ in range(8):
        timeline.pump(0.5, AGES)
        positions.append(timeline.position)
    assert positions == [1, 2, 2, 2, 2, 3, 3, 3]
    assert (timeline.now, timeline.playing, timeline.at_end) == (13.0, False, True)


def test_speed_scales_the_recorded_time():
    timeline = replay(0.0, 1.0, 10.0, speed=10.0)
    timeline.pump(0.5, AGES)
    assert (timeline.position, timeline.now) == (2, 5.0)


def test_the_highest_speed_folds_everything_at_once():
    timeline = replay(0.0, 1e6, 2e6, speed=SPEEDS[-1])
    timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.now, timeline.playing) == (3, 2e6, False)


def test_speeds_go_up_and_down_and_no_further():
    timeline = replay(0.0)
    assert timeline.speed == 1.0
    timeline.faster()
    assert timeline.speed == 2.0
    for _ in SPEEDS:
        timeline.faster()
    assert timeline.speed == SPEEDS[-1] == float("inf")
    for _ in SPEEDS:
        timeline.slower()
    assert timeline.speed == SPEEDS[0] == 0.1
    timeline.speed = 3.0
    timeline.faster()
    assert timeline.speed == 4.0


@pytest.mark.parametrize(
    ("text", "speed"), [("4", 4.0), ("0.25x", 0.25), (" 100 X", 100.0), (".5", 0.5), ("MAX", SPEEDS[-1])]
)
def test_speeds_are_read_as_people_write_them(text: str, speed: float):
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["", "0", "0.05", "101", "-1", "fast", "1e2", "nan", "inf", "4xx"])
def test_what_is_no_speed_is_said(text: str):
    with pytest.raises(SettingError, match=r"is no speed; write a number from 0\.1 to 100, or max"):
        read_speed(text)


def test_the_clock_waits_for_what_could_not_be_folded_in_time():
    timeline = replay(*(float(number) for number in range(1000)), speed=100.0)
    timeline.pump(20.0, 0.0)
    assert timeline.position == 64
    assert timeline.now == 63.0
    while timeline.playing:
        timeline.pump(0.0, 0.0)
        timeline.pump(20.0, AGES)
    assert (timeline.position, timeline.now) == (1000, 999.0)


def test_pausing_and_going_on():
    timeline = replay(0.0, 1.0, 2.0)
    timeline.pump(0.5, AGES)
    timeline.toggle()
    assert timeline.paused
    assert not timeline.pump(9.0, AGES)
    assert timeline.position == 1
    timeline.toggle()
    timeline.pump(0.6, AGES)
    assert timeline.position == 2


def test_going_on_at_the_end_starts_again():
    timeline = replay(0.0, 1.0)
    timeline.to_end()
    settle(timeline)
    timeline.toggle()
    timeline.pump(0.0, AGES)
    timeline.pump(0.5, AGES)
    assert (timeline.position, timeline.playing) == (1, True)


def test_steps_pause_and_stay_inside():
    timeline = replay(0.0, 1.0, 2.0)
    for count, position in ((1, 1), (1, 2), (-1, 1), (5, 3), (-9, 0), (-1, 0)):
        timeline.step(count)
        settle(timeline)
        assert (timeline.position, timeline.board.signals, timeline.paused) == (position, position, True)
    timeline.step(2)
    timeline.step(-1)
    settle(timeline)
    assert timeline.position == 1


def test_the_board_shows_the_moment_of_the_last_signal():
    timeline = replay(10.0, 11.0, 13.0)
    for position, now in ((0, 10.0), (2, 11.0), (3, 13.0), (1, 10.0)):
        timeline.seek(position)
        settle(timeline)
        assert timeline.now == now
        assert timeline.board.now == (now if position else max(now, timeline.board.now))


def test_a_moment_between_two_signals_can_be_looked_at():
    timeline = replay(10.0, 20.0)
    for at, position in ((15.0, 1), (12.0, 1), (25.0, 2), (3.0, 0)):
        timeline.seek_time(at)
        settle(timeline)
        assert (timeline.position, timeline.now) == (position, min(max(at, 10.0), 20.0))
        assert timeline.board.now == timeline.now


def test_the_start_keeps_playing_if_it_played():
    timeline = replay(0.0, 1.0)
    timeline.pump(0.5, AGES)
    timeline.to_start()
    timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.playing) == (0, True)
    timeline.pause()
    timeline.to_start()
    settle(timeline)
    assert timeline.paused


def test_a_long_jump_is_made_in_slices_and_says_how_far_it_is():
    timeline = replay(*(float(number) for number in range(1000)))
    timeline.to_end()
    timeline.pump(0.0, 0.0)
    assert timeline.seeking == pytest.approx(0.064)
    assert settle(timeline, 0.0) > 10
    assert (timeline.position, timeline.seeking) == (1000, None)


def test_a_long_way_back_is_taken_back_in_slices_and_ends_as_if_it_had_been_one(monkeypatch):
    monkeypatch.setattr("cosmo_doppler.session.timeline._BACK_S", 0.0)
    times = [float(number) for number in range(500)]
    timeline, short = replay(*times), replay(*times[:50])
    for each in (timeline, short):
        each.to_end()
        settle(each)
    timeline.seek(50)
    assert 50 < timeline.position < 500
    assert timeline.seeking is not None
    on_the_way = []
    while timeline.seeking is not None:
        on_the_way.append(timeline.position)
        timeline.pump(0.0, 0.0)
        assert timeline.board.signals == timeline.position
    assert len(on_the_way) > 3
    assert view(timeline.board) == view(short.board)
    assert (timeline.position, timeline.now) == (50, 49.0)


def test_a_way_back_can_be_changed_before_its_end(monkeypatch):
    monkeypatch.setattr("cosmo_doppler.session.timeline._BACK_S", 0.0)
    timeline = replay(*[float(number) for number in range(500)])
    timeline.to_end()
    settle(timeline)
    timeline.seek(50)
    timeline.seek(490)
    settle(timeline)
    assert (timeline.position, timeline.board.signals, timeline.now) == (490, 490, 489.0)


def test_a_jump_back_is_announced_to_the_panels():
    timeline = replay(0.0, 1.0)
    timeline.to_end()
    settle(timeline)
    timeline.board.take_changes()
    timeline.step(-1)
    settle(timeline)
    assert timeline.board.take_changes().reset


def test_a_recording_that_is_still_being_read_does_not_end():
    store = stored(0.0, 1.0)
    timeline = Timeline(store, live=False)
    timeline.growing = True
    timeline.pump(9.0, AGES)
    assert (timeline.position, timeline.now, timeline.playing) == (2, 1.0, True)
    timeline.to_end()
    timeline.pump(0.0, AGES)
    assert timeline.seeking is not None
    store.append(5.0, "s", frame("TASK", "late"))
    timeline.pump(0.0, AGES)
    timeline.growing = False
    settle(timeline)
    assert (timeline.position, timeline.now) == (3, 5.0)


def test_an_empty_recording_stands_still():
    timeline = replay()
    for action in (timeline.to_end, timeline.to_start, timeline.toggle, timeline.toggle):
        action()
        settle(timeline)
        timeline.pump(1.0, AGES)
    assert (timeline.position, timeline.now, timeline.start_at, timeline.end_at) == (0, 0.0, 0.0, 0.0)


# -- live


def test_live_follows_and_ages():
    store, wall = stored(99.0), Wall()
    timeline = Timeline(store, live=True, wall=wall)
    assert timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.now, timeline.board.now) == (1, 100.0, 100.0)
    wall.now = 107.0
    timeline.pump(0.0, AGES)
    assert timeline.board.now == 107.0


def test_a_paused_live_view_loses_nothing():
    store, wall = stored(99.0), Wall()
    timeline = Timeline(store, live=True, wall=wall)
    timeline.pump(0.0, AGES)
    timeline.toggle()
    for number in range(5):
        store.append(101.0 + number, "s", frame("TASK", f"p{number}"))
    wall.now = 200.0
    assert not timeline.pump(1.0, AGES)
    assert (timeline.position, timeline.now, timeline.length) == (1, 100.0, 6)
    timeline.step(1)
    settle(timeline)
    assert (timeline.position, timeline.now) == (2, 101.0)
    timeline.toggle()
    timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.now, timeline.following) == (6, 200.0, True)


def test_looking_back_live_and_returning():
    wall = Wall()
    timeline = Timeline(stored(97.0, 98.0, 99.0), live=True, wall=wall)
    timeline.pump(0.0, AGES)
    timeline.step(-2)
    settle(timeline)
    assert (timeline.position, timeline.board.now, timeline.following) == (1, 97.0, False)
    timeline.to_end()
    timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.board.now) == (3, 100.0)


def test_the_end_of_a_followed_bus_is_where_one_is():
    timeline = Timeline(stored(99.0), live=True, wall=Wall())
    timeline.pump(0.0, AGES)
    board = timeline.board
    timeline.to_end()
    timeline.pump(0.0, AGES)
    assert timeline.board is board
