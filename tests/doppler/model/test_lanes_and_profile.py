"""A trace by participant, and by what was done."""

from __future__ import annotations

import pytest
from hypothesis import given

from cosmo_doppler.model import profile as module
from cosmo_doppler.model.lanes import MAX_LANES, OTHERS, Stretches
from tests.doppler.model.folding import fold, frame
from tests.doppler.model.workflows import market, workflows


def timed(board, trace="1"):
    return board.traces[f"trc_{trace}"].timed(board.now)


def entries(board):
    profile = timed(board).profile
    return [
        (
            "  " * depth(entry) + f"{entry.type} {entry.who}",
            entry.count,
            round(entry.total * 1000),
            round(entry.own * 1000),
        )
        for entry in (profile.outline.at(line) for line in range(len(profile.outline)))
    ]


def depth(entry):
    return 0 if entry.parent is None else 1 + depth(entry.parent)


def tenths(stretches, now, until=20):
    """Tenths of seconds that are covered."""
    return {tenth for tenth in range(until) if stretches.covers(tenth / 10, tenth / 10 + 0.1, now)}


def range_of(first, last):
    return set(range(first, last))


def test_each_participant_has_a_lane_with_its_signals_and_when_it_was_busy():
    lanes = timed(fold(*market())).lanes
    assert [lane.who for lane in lanes.order] == ["", "n", "hammer", "memory"]
    worker = lanes.of("n")
    assert worker.signals == 6
    assert tenths(worker.busy, 2.0) == range_of(2, 10)
    assert tenths(worker.asks, 2.0) == range_of(5, 8)
    assert worker.between(0.2, 0.6) == ["TASK_AWARDED", "CLARIFICATION"]
    assert lanes.of("hammer").busy.covers(0.33, 0.34, 2.0)
    assert (lanes.place("memory"), lanes.place("nobody")) == (3, None)


def test_stretches_that_overlap_are_one_and_the_last_goes_on_until_now():
    stretches = Stretches()
    for at in (1.0, 2.0):
        stretches.begin(at)
    for at in (3.0, 4.0):
        stretches.finish(at)
    stretches.begin(4.0)
    stretches.finish(5.0)
    stretches.begin(7.0)
    assert tenths(stretches, 8.0, until=100) == range_of(10, 50) | range_of(70, 80)
    assert stretches.covers(4.9, 9.0, 8.0)
    assert not stretches.covers(5.0, 7.0, 8.0)
    assert not stretches.covers(0.0, 1.0, 8.0)


def test_lanes_are_bounded_and_say_so():
    board = fold(*((float(n), frame("TASK", str(n), who=f"w{n}")) for n in range(MAX_LANES + 10)))
    lanes = timed(board).lanes
    assert len(lanes.order) == MAX_LANES
    assert lanes.order[-1].who == OTHERS
    assert lanes.order[-1].signals == 11


def test_spans_of_one_way_are_one_entry_with_total_and_own_time():
    board = fold(
        (0.0, frame("TASK", "a", who="n")),
        (0.1, frame("TOOL_CALL", "t", parent="a", who="h")),
        (0.3, frame("TOOL_RESULT", "u", parent="t", who="h")),
        (0.5, frame("TOOL_CALL", "v", parent="a", who="h")),
        (0.6, frame("TOOL_RESULT", "w", parent="v", who="h")),
        (1.0, frame("AGENT_OUTPUT", "x", parent="a", who="n")),
    )
    assert entries(board) == [("TASK n", 1, 1000, 700), ("  TOOL_CALL h", 2, 300, 300)]


def test_what_goes_on_counts_up_to_now():
    board = fold((1.0, frame("TASK", "a", who="n")), (2.0, frame("TASK", "b", who="n")), until=4.0)
    [entry] = timed(board).profile.roots
    assert (entry.count, entry.open) == (2, 2)
    assert entry.lasted(4.0) == pytest.approx(5.0)


def test_entries_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    board = fold(*((float(n), frame("TASK", str(n), who=f"w{n}")) for n in range(9)))
    assert [name for name, *_ in entries(board)] == ["TASK w0", "TASK w1", "TASK w2"]


@given(workflows())
def test_entries_hold_all_spans_and_own_time_is_part_of_the_total(frames):
    board = fold(*frames)
    trace = board.traces["trc_1"]
    profile = trace.timed(board.now).profile
    spans = [node.span for node in trace.rows if node.span is not None]
    shown = [profile.outline.at(line) for line in range(len(profile.outline))]
    assert sum(entry.count for entry in shown) == len(spans)
    assert sum(entry.open for entry in shown) == sum(span.end is None for span in spans)
    ended = [span for span in spans if span.end is not None]
    assert sum(entry.total for entry in shown) == pytest.approx(sum(each.end - each.start for each in ended))
    for entry in shown:
        assert -1e-9 <= entry.own <= entry.total + 1e-9
