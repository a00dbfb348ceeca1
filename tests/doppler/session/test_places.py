"""Where people want to go in a recording, and the parts of it they want to hear again."""

from __future__ import annotations

import pytest

from cosmo_doppler.errors import SettingError
from cosmo_doppler.session.places import read_place
from cosmo_doppler.session.timeline import Timeline
from cosmo_doppler.store import Store
from tests.doppler.model.folding import frame
from tests.doppler.session.playhead import AGES, replay, settle, stored

# -- where people want to go


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("00:01:12", ("seconds", 72.0)),
        ("1:02:03.5", ("seconds", 3723.5)),
        ("+0:07", ("seconds", 7.0)),
        ("90s", ("seconds", 90.0)),
        ("500ms", ("seconds", 0.5)),
        ("2 m", ("seconds", 120.0)),
        ("1h", ("seconds", 3600.0)),
        (" 40% ", ("part", 0.4)),
        ("250%", ("part", 1.0)),
        ("#18231", ("signal", 18231.0)),
        ("#18,231", ("signal", 18231.0)),
    ],
)
def test_places_are_read(text, place):
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "soon", "#", "#-1", "%", "1:2:3:4", "12", "nexttype:ERROR", "1e9s"])
def test_what_is_no_place_is_said_to_be_none(text):
    with pytest.raises(SettingError, match="is no place; write 00:01:12"):
        read_place(text)


@pytest.mark.parametrize(
    ("text", "position", "now"),
    [
        ("0:15", 2, 25.0),
        ("50%", 2, 30.0),
        ("#2", 2, 20.0),
        ("#99", 4, 50.0),
        ("10h", 4, 50.0),
        ("0s", 1, 10.0),
    ],
)
def test_one_can_stand_where_one_says(text, position, now):
    timeline = replay(10.0, 20.0, 40.0, 50.0)
    timeline.seek_text(text)
    settle(timeline)
    assert (timeline.position, timeline.now, timeline.paused) == (position, now, True)


def test_a_signal_is_looked_for_forward_and_back():
    store = Store()
    for number in range(2000):
        kind = "ERROR" if number in (300, 1700) else "TASK"
        store.append(float(number), "s", frame(kind, str(number), trace=str(number)))
    timeline = Timeline(store, live=False)
    visited = []
    for text in ("next type:ERROR", "next type:ERROR", "last type:ERROR"):
        timeline.seek_text(text)
        assert timeline.hunting == text
        assert timeline.seeking == 0.0
        settle(timeline, 0.0)
        visited.append(timeline.position)
    assert visited == [301, 1701, 301]
    timeline.seek_text("last type:ERROR")
    settle(timeline)
    assert (timeline.position, timeline.not_found) == (301, "last type:ERROR")
    timeline.step(1)
    assert timeline.not_found == ""


def test_an_expression_that_cannot_be_meant_moves_nothing():
    timeline = replay(0.0, 1.0)
    with pytest.raises(SettingError):
        timeline.seek_text("next typ:ERROR")
    assert (timeline.playing, timeline.seeking) == (True, None)


# -- a part, again and again, without its silences


def test_a_part_is_played():
    timeline = replay(*(float(number) for number in range(10)))
    timeline.play_between(read_place("3s"), read_place("6s"))
    seen = []
    for _ in range(12):
        timeline.pump(0.5, AGES)
        seen.append(timeline.now)
    assert (min(seen), max(seen), timeline.position, timeline.playing) == (3.0, 6.0, 7, False)
    timeline.toggle()
    timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.now) == (4, 3.0)


def test_a_recording_plays_in_a_loop():
    timeline = replay(0.0, 1.0, 2.0)
    timeline.loop = True
    positions = []
    for _ in range(12):
        timeline.pump(1.0, AGES)
        positions.append(timeline.position)
    assert timeline.playing
    assert positions.count(3) >= 2
    assert positions[-6:].count(0) >= 1


def test_playing_begins_where_it_should_as_soon_as_that_much_was_read():
    store = stored(0.0, 1.0)
    timeline = Timeline(store, live=False)
    timeline.growing = True
    timeline.play_between(read_place("5s"), None)
    timeline.pump(0.0, AGES)
    assert timeline.position <= 1
    for at in range(2, 9):
        store.append(float(at), "s", frame("TASK", f"x{at}"))
    timeline.pump(0.0, AGES)
    settle(timeline)
    assert (timeline.position, timeline.now, timeline.playing) == (6, 5.0, True)


def test_pauses_can_be_cut():
    timeline = replay(0.0, 1.0, 1000.0, 1001.0)
    timeline.cut_pauses = True
    positions = []
    for _ in range(12):
        timeline.pump(0.5, AGES)
        positions.append(timeline.position)
    assert timeline.position == 4
    # Two seconds of the pause were played.
    assert positions.count(2) in (3, 4, 5)


def test_a_recording_that_grows_is_stayed_with_at_its_end_and_only_there():
    store = stored(0.0, 1.0)
    timeline = Timeline(store, live=False)
    timeline.to_end()
    settle(timeline)
    store.append(5.0, "s", frame("TASK", "late"))
    assert timeline.pump(0.0, AGES)
    assert (timeline.position, timeline.now) == (3, 5.0)
    timeline.step(-1)
    settle(timeline)
    store.append(6.0, "s", frame("TASK", "later"))
    assert not timeline.pump(0.0, AGES)
    assert timeline.position == 2
