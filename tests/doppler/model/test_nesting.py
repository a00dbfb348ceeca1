"""Traces inside traces: each is shown once, below what caused it, whatever comes in which order and goes again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.node import Portal
from tests.doppler.model.folding import fold, frame


def portals(trace):
    outline = trace.tree.outline
    items = [outline.at(line) for line in range(len(outline))]
    return [item for item in items if isinstance(item, Portal)]


def listed(board):
    outline = board.trace_outline
    return [outline.at(line).id for line in range(len(outline))]


def check(board):
    """Everything is where it belongs, once."""
    assert sorted(listed(board)) == sorted(board.traces)
    for trace in board.traces.values():
        outline = trace.tree.outline
        items = [outline.at(line) for line in range(len(outline))]
        own = [item for item in items if not isinstance(item, Portal)]
        assert own == trace.rows
        assert sorted(node.seq for node in own) == [node.seq for node in trace.tree.arrivals]
        assert len(own) == trace.signals
        for portal in portals(trace):
            assert board.traces[portal.trace_id] is portal.inside
            assert portal.inside.parent_trace == trace.id
            assert board.portal_to(portal.trace_id) is portal
        for child in trace.child_traces:
            assert board.traces[child].parent_trace == trace.id
            assert board.trace_outline.holds(trace, board.traces[child])
        above, steps = trace, 0
        while above.parent_trace is not None:
            above, steps = board.traces[above.parent_trace], steps + 1
            assert steps <= len(board.traces)


@st.composite
def nested_work(draw):
    """Signals of a few traces whose parents may be in any of them, or nowhere; some ids come twice."""
    count = draw(st.integers(1, 25))
    types = st.sampled_from(["TASK", "PLAN", "AGENT_OUTPUT", "FINAL", "TASK_AWARDED", "TOOL_CALL", "STOP"])
    return [
        (
            number / 10,
            frame(
                draw(types),
                str(draw(st.integers(0, count))),
                trace=str(draw(st.integers(0, 5))),
                parent=draw(st.none() | st.integers(0, count + 1).map(str)),
                who=draw(st.sampled_from(["m", "n"])),
            ),
        )
        for number in range(count)
    ]


@given(nested_work(), st.sampled_from([2, 3, 100]), st.booleans())
def test_every_trace_and_every_signal_is_shown_exactly_once(frames, most, looked):
    board = Board(max_traces=most)
    for each in frames:
        fold(each, board=board)
        if looked:
            check(board)
            for trace in board.traces.values():
                trace.timed(board.now)
    check(board)
    for trace in board.traces.values():
        spans = trace.timed(board.now)
        assert min(spans.whole.parts(board.now)) >= 0.0
        spans.critical(board.now)


def test_traces_that_name_each_other_as_parents_do_not_go_in_a_circle():
    board = fold(
        (0.0, frame("TASK", "a", trace="1", parent="b")),
        (0.1, frame("TASK", "b", trace="2", parent="a")),
    )
    assert [trace.parent_trace for trace in board.traces.values()].count(None) == 1
    check(board)


def test_a_door_stands_where_its_trace_was_caused_and_goes_with_it():
    board = fold(
        (0.0, frame("TASK", "a", trace="1")),
        (0.1, frame("TASK", "b", trace="2", parent="a")),
        (0.2, frame("PLAN", "c", trace="1", parent="a")),
    )
    outline = board.traces["trc_1"].tree.outline
    assert [outline.at(line).seq for line in range(3)] == [0, 1, 2]
    assert isinstance(outline.at(1), Portal)
    assert listed(board) == ["trc_1", "trc_2"]
    board = Board(max_traces=2)
    fold(
        (0.0, frame("TASK", "a", trace="1")),
        (0.1, frame("TASK", "b", trace="2", parent="a")),
        (0.2, frame("FINAL", "f", trace="2", parent="b")),
        (0.3, frame("TASK", "c", trace="3")),
        board=board,
    )
    assert listed(board) == ["trc_3", "trc_1"]
    assert portals(board.traces["trc_1"]) == []
