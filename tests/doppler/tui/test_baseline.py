"""Rows against a baseline: a recording read in the background, or what the cursor was on."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.session.baseline import Reference, read_baseline, take_apart
from tests.doppler.tui.market import START, market, signal
from tests.doppler.tui.showing import Screen, Shown, write

Recorded = Callable[..., Session]


def slower() -> list[tuple[float, dict[str, Any]]]:
    """The market at half its pace, where ada won and the other task went well."""
    told = []
    for at, frame in market():
        frame = dict(frame)
        if frame["type"] == "TASK_AWARDED":
            frame |= {"parent_id": f"evt_{'BID1':0>26}", "directed": {"id": "ada"}}
        if frame["type"] == "TASK_DECLINED":
            frame |= {"parent_id": f"evt_{'BID2':0>26}", "directed": {"id": "bob"}}
        if frame["type"] == "ERROR":
            frame["type"] = "AGENT_OUTPUT"
        told.append((START + 2 * (at - START), frame))
    return told


@pytest.fixture
def base(recorded: Recorded, tmp_path: Path) -> Path:
    recorded(slower()).stop()
    return (tmp_path / "session.ndjson").rename(tmp_path / "base.ndjson")


async def read_to_the_end(screen: Screen) -> None:
    async with asyncio.timeout(60):
        while screen.scene.against.reference.done is not None:
            await screen.settle()


async def test_a_recording_is_the_baseline_by_its_name(base: Path, recorded: Recorded, shown: Shown) -> None:
    async with shown(recorded(market()), size=(200, 50)) as screen:
        assert "baseline" not in screen.text
        await write(screen, f"baseline {base}")
        await screen.press("enter")
        await read_to_the_end(screen)
        await screen.settle()
        assert "against base.ndjson" in screen.text
        assert any("was done" in line and "divide by zero" in line for line in screen.lines)
        await screen.press("2")
        assert any("was ada" in line and "-0.003" in line for line in screen.lines)
        await screen.press("7")
        assert "Against base.ndjson" in screen.text
        await write(screen, "baseline off")
        await screen.press("enter", "1")
        assert "against base.ndjson" not in screen.text
        assert not any("was done" in line for line in screen.lines)


async def test_a_key_takes_what_the_cursor_is_on_and_lets_it_go(recorded: Recorded, shown: Shown) -> None:
    again = [
        (START + 9, signal("TASK", "TASK3", "FOUR", who="ada", payload={"input": {"text": "divide by two"}})),
        (START + 9.5, signal("AGENT_OUTPUT", "OUT3", "FOUR", parent="TASK3", who="ada")),
    ]
    async with shown(recorded([*market(), *again]), size=(200, 50), select="0TWO") as screen:
        await screen.press("ctrl+b")
        assert any("baseline" in line and "divide by zero" in line for line in screen.lines)
        assert any("was failed" in line and "divide by two" in line for line in screen.lines)
        assert any("sing" in line and "new" not in line for line in screen.lines)
        await screen.press("ctrl+b")
        assert "was failed" not in screen.text
        assert screen.scene.against.baseline is None


async def test_in_the_list_of_signals_the_trace_of_the_signal_counts(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, view="signals", size=(200, 50)) as screen:
        await screen.press("g", *"jjjjjjjjj", "ctrl+b")
        assert "held against trace" in screen.text
        assert any("baseline" in line and "divide by zero" in line for line in await at(screen, "1"))
        await screen.press("ctrl+b", "5", "g", "ctrl+b")
        assert "This belongs to no trace" in screen.text
        assert screen.scene.against.baseline is None


async def test_where_figures_are_shown_all_of_a_recording_is_the_baseline(
    recorded: Recorded, shown: Shown
) -> None:
    async with shown(recorded(market()), view="metrics", size=(200, 50)) as screen:
        await screen.press("ctrl+b")
        assert "held against session.ndjson" in screen.text
        await read_to_the_end(screen)
        assert len(screen.scene.against.baseline.runs.all) == 3
        await screen.press("ctrl+b")
        assert screen.scene.against.baseline is None
        await write(screen, "baseline this")
        await screen.press("enter")
        await read_to_the_end(screen)
        assert screen.scene.against.baseline.name == "session.ndjson"


async def test_what_is_live_and_not_recorded_is_no_baseline(silent_session: Session, shown: Shown) -> None:
    async with shown(silent_session) as screen:
        await write(screen, "baseline this")
        await screen.press("enter")
        assert "Only a recording can be a baseline; ctrl+r begins one" in screen.lines[-1]


async def at(screen: Screen, key: str) -> list[str]:
    await screen.press(key)
    return screen.lines


async def test_what_is_no_recording_is_said_and_the_baseline_stays(
    base: Path, market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, size=(200, 50)) as screen:
        screen.scene.against.reference.take(read_baseline(base))
        await write(screen, "baseline /nowhere.ndjson")
        await screen.press("enter")
        assert "no such file" in screen.text
        assert screen.scene.against.baseline is not None


async def test_going_back_in_time_keeps_every_twin(base: Path, recorded: Recorded, shown: Shown) -> None:
    async with shown(recorded(market()), size=(200, 50)) as screen:
        screen.scene.against.reference.take(read_baseline(base))
        await screen.settle()
        at_the_end = next(line for line in screen.lines if "divide by zero" in line)
        await screen.press("circumflex_accent")
        assert "No trace yet" in screen.text
        await screen.press("dollar_sign")
        assert next(line for line in screen.lines if "divide by zero" in line) == at_the_end


def test_reading_says_how_far_it_is_and_can_be_given_up(base: Path) -> None:
    reference = Reference(Baseline("before"))
    reference.read(base)
    assert reference.name == "base.ndjson"
    assert reference.done is not None
    assert 0.0 <= reference.done <= 1.0
    reference.take(None)
    assert (reference.done, reference.name, reference.baseline) == (None, "", None)


def test_a_board_that_was_taken_apart_is_gone_without_the_collector(base: Path) -> None:
    session = open_replay(base, paused=True)
    load_all(session)
    board = session.timeline.board
    spans = [weakref.ref(trace.timed(board.now)) for trace in board.traces.values()]
    gc.disable()
    try:
        take_apart(board)
        assert not any(trace.rows for trace in board.traces.values())
        assert [span() for span in spans] == [None] * len(spans)
    finally:
        gc.enable()
