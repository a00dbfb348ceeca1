"""A playhead that pauses by itself where an expression matches."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from cosmo_bus.testing import running_bus
from cosmo_doppler.query import QueryError
from cosmo_doppler.session import load_all, open_replay
from cosmo_doppler.session.live import open_live
from cosmo_doppler.session.timeline import Timeline
from cosmo_doppler.store import Store
from cosmo_sdk import Signal, SignalType
from tests.doppler.session.waiting import until


def filled(*types: str) -> Store:
    store = Store()
    trace_id = Signal(type=SignalType.TASK).trace_id
    for number, type in enumerate(types):
        frame = Signal(type=SignalType(type), trace_id=trace_id, payload={"number": number}).encode()
        store.append(100.0 + number, f"cosmonapse.dev.{type}", frame)
    return store


def run(timeline: Timeline) -> int:
    while timeline.pump(10.0) and not timeline.paused:
        pass
    return timeline.position


def test_a_replay_pauses_right_after_each_match_and_goes_on():
    timeline = Timeline(filled("TASK", "BID", "FINAL", "BID", "BID"), live=False, speed=100.0)
    hit = timeline.breaks.add("type:BID payload.number>=3")
    assert run(timeline) == 4
    caught = timeline.breaks.take_caught()
    assert caught is not None
    assert (caught.text, caught.seq) == ("type:BID payload.number>=3", 3)
    assert timeline.now == pytest.approx(103.0)
    timeline.toggle()
    assert run(timeline) == 5
    assert hit.hits == 2


def test_at_full_speed_nothing_is_passed_over():
    timeline = Timeline(filled(*["TASK"] * 3000, "ERROR", *["TASK"] * 3000), live=False, speed=float("inf"))
    timeline.breaks.add("has:error")
    assert run(timeline) == 3001


def test_what_depends_on_everything_before_pauses_where_it_first_holds():
    timeline = Timeline(filled("TASK", "FINAL", "ERROR", "FINAL"), live=False, speed=float("inf"))
    timeline.breaks.add("trace.errors>0")
    assert run(timeline) == 3


def test_a_live_view_is_unglued_and_nothing_is_lost():
    store = filled("TASK", "BID", "FINAL")
    timeline = Timeline(store, live=True, wall=lambda: 200.0)
    timeline.breaks.add("type:BID")
    timeline.pump(0.01)
    assert (timeline.position, timeline.following) == (2, False)
    assert len(store) == 3
    timeline.to_end()
    timeline.pump(0.01)
    assert timeline.at_end


def test_one_that_is_off_or_removed_pauses_nothing():
    timeline = Timeline(filled("TASK", "BID", "FINAL"), live=False, speed=float("inf"))
    first, second = timeline.breaks.add("type:BID"), timeline.breaks.add("type:TASK")
    timeline.breaks.switch(first.number)
    timeline.breaks.remove(second.number)
    assert run(timeline) == 3
    assert len(timeline.breaks) == 1


def test_seeking_passes_over_them():
    timeline = Timeline(filled("TASK", "BID", "FINAL"), live=False)
    timeline.breaks.add("type:BID")
    timeline.seek(3)
    timeline.pump(0.01)
    assert timeline.position == 3


def test_nonsense_is_refused():
    with pytest.raises(QueryError):
        Timeline(filled("TASK"), live=False).breaks.add("type:BIT")


async def test_breaks_that_only_pause_are_in_the_recording_of_who_set_them(tmp_path: Path) -> None:
    path = tmp_path / "seen.ndjson"
    async with running_bus() as bus:
        session = open_live(bus.url, "dev", record=path)
        session.start()
        try:
            with session.lock:
                hit = session.timeline.breaks.add("type:BID cost<0.3")
                session.timeline.breaks.switch(hit.number)
                session.timeline.breaks.switch(hit.number)
                session.timeline.breaks.clear()

            def told() -> list[str]:
                with session.lock:
                    return [each.clause() for each in session.timeline.board.by_hand.order]

            await until(lambda: len(told()) >= 4)
        finally:
            await asyncio.to_thread(session.stop)
    again = open_replay(path, paused=True)
    load_all(again)
    begun = "break set by doppler, which pauses its view only: type:BID cost<0.3"
    ended = "break gone (cleared): type:BID cost<0.3"
    assert [each.clause() for each in again.timeline.board.by_hand.order] == [begun, ended, begun, ended]
    # Watching a recording writes nothing.
    again.timeline.breaks.add("type:BID")
    assert len(again.store) == len(list(read_recording(path)))
    again.stop()
