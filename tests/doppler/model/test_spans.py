"""What lasts in a trace, and what its end waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.spans import OWN, PARTS
from tests.doppler.model.folding import fold, frame
from tests.doppler.model.workflows import market, workflows


def parts(board, now=None, trace="1"):
    """Milliseconds for each part of the critical path that has any."""
    found = board.traces[f"trc_{trace}"]
    until = found.ended_at if now is None else now
    sums = found.timed(board.now).whole.parts(until)
    return {part: round(sums[place] * 1000) for place, part in enumerate(PARTS) if sums[place] > 1e-9}


def span(board, id, trace="1"):
    board.traces[f"trc_{trace}"].timed(board.now)
    return board.traces[f"trc_{trace}"].by_id[f"evt_{id}"].span


def test_a_trace_is_split_into_what_its_end_waited_for():
    board = fold(*market())
    assert parts(board) == {
        "auction": 250,
        "compute": 370,
        "tool": 60,
        "memory": 20,
        "human": 300,
        "queue": 50,
    }
    path = board.traces["trc_1"].timed(2.0).critical(1.05)
    assert path == {0, 2, 3, 5, 7}


def test_of_two_at_once_the_one_that_ended_last_is_the_path():
    board = fold(
        (0.0, frame("TASK", "a", who="n")),
        (0.1, frame("TOOL_CALL", "slow", parent="a", who="s")),
        (0.2, frame("RECALL", "quick", parent="a", who="m")),
        (0.3, frame("RECALLED", "r", parent="quick", who="m")),
        (0.8, frame("TOOL_RESULT", "t", parent="slow", who="s")),
        (1.0, frame("AGENT_OUTPUT", "x", parent="a", who="n")),
    )
    assert parts(board) == {"compute": 300, "tool": 700}
    assert board.traces["trc_1"].timed(9.0).critical(1.0) == {0, 1}


def test_what_still_runs_counts_up_to_now():
    board = fold((0.0, frame("TASK", "a", who="n")), (0.5, frame("TOOL_CALL", "t", parent="a", who="s")))
    assert parts(board, now=2.0) == {"compute": 500, "tool": 1500}
    assert board.traces["trc_1"].timed(2.0).critical(2.0) == {0, 1}


def test_what_a_stop_interrupts_is_the_path_to_it():
    board = fold(
        (0.0, frame("TASK", "a", who="n")),
        (0.5, frame("TOOL_CALL", "t", parent="a", who="s")),
        (2.0, frame("STOP", "x")),
        (2.1, frame("STOPPED", "y", parent="x")),
    )
    assert parts(board) == {"compute": 500, "tool": 1500}
    assert board.traces["trc_1"].timed(3.0).critical(2.1) == {0, 1}
    fold((3.0, frame("TOOL_RESULT", "u", parent="t", who="s")), board=board)
    assert parts(board) == {"compute": 500, "tool": 1500}


def test_an_answer_sent_as_new_work_belongs_to_the_work_that_asked():
    board = fold(
        (0.0, frame("TASK", "a", who="n")),
        (0.2, frame("CLARIFICATION", "q", parent="a", who="n", question="?")),
        (0.7, frame("TASK", "b", parent="q", who="n")),
        (1.0, frame("AGENT_OUTPUT", "x", parent="b", who="n")),
    )
    assert (span(board, "a").end, span(board, "q").end, span(board, "b").end) == (1.0, 0.7, 1.0)
    assert parts(board) == {"compute": 500, "human": 500}


def test_work_in_another_trace_is_part_of_what_caused_it():
    board = fold(
        (0.0, frame("TASK", "a", who="n")),
        (0.2, frame("TASK", "b", trace="2", parent="a", who="m")),
        (0.3, frame("TOOL_CALL", "t", trace="2", parent="b", who="s")),
        (0.6, frame("TOOL_RESULT", "u", trace="2", parent="t", who="s")),
        (0.7, frame("AGENT_OUTPUT", "x", trace="2", parent="b", who="m")),
        (1.0, frame("AGENT_OUTPUT", "y", parent="a", who="n")),
    )
    assert parts(board) == {"compute": 700, "tool": 300}
    assert parts(board, trace="2") == {"compute": 200, "tool": 300}


def test_an_auction_nobody_bid_in_ends_with_its_window():
    board = fold((0.0, frame("TASK_OFFER", "o", deadline_ms=100)), until=5.0)
    assert span(board, "o").end == pytest.approx(0.1)
    assert parts(board)["auction"] == 100


def test_an_orphan_ends_nothing_but_once_adopted_it_does():
    board = fold(
        (0.0, frame("TASK", "a", who="n")), (0.5, frame("AGENT_OUTPUT", "x", parent="lost", who="m"))
    )
    assert span(board, "a").end is None
    board = fold(
        (0.0, frame("TASK_OFFER", "o", deadline_ms=50)),
        (0.1, frame("TASK_AWARDED", "w", parent="o", who="n")),
        (0.5, frame("AGENT_OUTPUT", "x", parent="hidden", who="n")),
    )
    assert span(board, "w").end == 0.5
    assert parts(board) == {"auction": 100, "compute": 400}


def test_signals_that_came_in_another_order_are_timed_the_same_in_the_end():
    frames = market()
    late = [frames[index] for index in (0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10)]
    times = [at for at, _ in frames]
    board = fold(*((at, data) for at, (_, data) in zip(times, late, strict=True)))
    assert board.traces["trc_1"].by_id["evt_u"].parent.id == "evt_t"
    assert sum(parts(board).values()) == 1050
    assert span(board, "t").end is not None


@given(workflows(), st.randoms(use_true_random=False))
def test_the_parts_of_a_trace_add_up_to_it_and_spans_keep_their_order(frames, random):
    board = fold(*frames)
    trace = board.traces["trc_1"]
    now = frames[-1][0] + 1.0
    sums = trace.timed(now).whole.parts(now)
    until = trace.ended_at if trace.ended_at is not None else now
    assert sum(sums[:OWN]) == pytest.approx(until - trace.started_at)
    assert min(sums) >= 0.0
    for node in trace.rows:
        if node.span is not None and node.span.end is not None:
            assert node.span.start <= node.span.end
            assert sum(node.span.took[:OWN]) == pytest.approx(node.span.end - node.span.start)
    times = [at for at, _ in frames]
    mixed = random.sample([data for _, data in frames], len(frames))
    board = fold(*zip(times, mixed, strict=True))
    trace = board.traces["trc_1"]
    trace.timed(now)
    for node in trace.rows:
        if node.span is not None and node.span.end is not None:
            assert node.span.start <= node.span.end


@given(workflows())
def test_going_through_all_again_finds_what_was_found_signal_by_signal(frames):
    board = fold(frames[0])
    trace = board.traces["trc_1"]
    trace.timed(0.0)
    fold(*frames[1:], board=board)
    before = {node.id: (node.span.end, node.span.took) for node in trace.rows if node.span is not None}
    whole = trace.spans.whole.parts(99.0)
    trace.spans.moved()
    trace.timed(99.0)
    after = {node.id: (node.span.end, node.span.took) for node in trace.rows if node.span is not None}
    assert after.keys() == before.keys()
    assert trace.spans.whole.parts(99.0) == pytest.approx(whole)
    for id, (end, took) in before.items():
        assert after[id] == (end, pytest.approx(took))


@given(workflows(), st.booleans())
def test_what_is_critical_does_not_depend_on_whether_somebody_looked_earlier(frames, offered):
    if offered:
        auction = (
            frame("TASK_OFFER", "o", parent="0", deadline_ms=1),
            frame("BID", "b", parent="o", who="m"),
        )
        frames[1:1] = [(0.0, data) for data in auction]
    watched, unwatched = Board(), Board()
    for each in frames:
        fold(each, board=watched)
        watched.traces["trc_1"].timed(watched.now).critical(watched.now)
        fold(each, board=unwatched)
    for now in (frames[-1][0], frames[-1][0] + 1.0, 99.0):
        told = []
        for board in (watched, unwatched):
            board.advance(now)
            trace = board.traces["trc_1"]
            spans = trace.timed(now)
            ends = [(node.span.end, node.span.outcome) for node in trace.rows if node.span is not None]
            told.append((spans.critical(now), spans.whole.parts(now), ends))
        assert told[0] == told[1]


def test_of_two_that_end_at_the_same_moment_the_longer_one_is_the_path():
    frames = [
        (0.0, frame("TASK", "t", who="n")),
        (0.1, frame("TOOL_CALL", "long", parent="t", who="n")),
        (0.2, frame("RECALL", "short", parent="t", who="n")),
        (0.5, frame("TOOL_RESULT", "1", parent="long", who="n")),
        (0.5, frame("RECALLED", "2", parent="short", who="n")),
        (0.6, frame("AGENT_OUTPUT", "3", parent="t", who="n")),
    ]
    assert parts(fold(*frames)) == {"compute": 200, "tool": 400}
    frames[3:5] = [frames[4], frames[3]]
    assert parts(fold(*frames)) == {"compute": 200, "tool": 400}
