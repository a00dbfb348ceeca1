"""Who hangs under whom, in whatever order signals arrive."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.traces import MAX_DEPTH
from tests.doppler.model.folding import fold, frame, outline


def at_once(*frames):
    return fold(*((float(index) / 1000, each) for index, each in enumerate(frames)))


def test_children_follow_their_parent_and_siblings_their_arrival():
    board = at_once(
        frame("TASK", "a"),
        frame("PLAN", "b", parent="a"),
        frame("TOOL_CALL", "c", parent="a"),
        frame("TOOL_RESULT", "d", parent="c"),
        frame("AUDIT", "e", parent="b"),
    )
    assert outline(board) == ["a", "  b", "    e", "  c", "    d"]


def test_a_parent_that_arrives_late_gets_its_children():
    board = at_once(
        frame("TASK", "a"),
        frame("TOOL_RESULT", "c", parent="b"),
        frame("TOOL_CALL", "b", parent="a"),
    )
    assert outline(board) == ["a", "  b", "    c"]


def test_a_root_that_arrives_last_is_still_the_root():
    board = at_once(
        frame("AGENT_OUTPUT", "b", parent="a"), frame("FINAL", "c", parent="b"), frame("TASK", "a")
    )
    assert outline(board) == ["a", "  b", "    c"]


def test_an_unknown_parent_hangs_its_child_under_the_root_with_a_mark():
    board = at_once(frame("TASK", "a"), frame("PLAN", "b", parent="lost"))
    assert outline(board) == ["a", "  b (orphan)"]


def test_the_first_signal_of_a_trace_may_be_an_orphan_itself():
    board = at_once(frame("PLAN", "b", parent="lost"), frame("AUDIT", "c", parent="b"))
    assert outline(board) == ["b (orphan)", "  c"]


def test_a_stop_hangs_under_the_root_although_it_names_no_parent():
    board = at_once(frame("TASK", "a"), frame("STOP", "s"), frame("STOPPED", "t", parent="s"))
    assert outline(board) == ["a", "  s", "    t"]


def test_a_second_signal_without_a_parent_is_a_second_root():
    assert outline(at_once(frame("TASK", "a"), frame("TASK", "b"))) == ["a", "b"]


def test_a_reply_to_a_task_nobody_published_is_adopted_by_its_award():
    board = at_once(
        frame("TASK_OFFER", "o"),
        frame("BID", "b", parent="o", who="n"),
        frame("TASK_AWARDED", "w", parent="b", who="n"),
        frame("TOOL_CALL", "t", parent="hidden", who="hammer"),
        frame("AGENT_OUTPUT", "r", parent="hidden", who="n"),
        frame("IMPRINT", "i", parent="hidden", who="memory"),
    )
    # The tool call names the tool; only once the reply is recognised is it known whose work it was.
    assert outline(board) == [
        "o",
        "  b",
        "    w",
        "      t (adopted)",
        "      r (adopted)",
        "      i (adopted)",
    ]


def test_a_reply_goes_to_the_latest_award_of_its_neuron_and_to_nobody_elses():
    board = at_once(
        frame("TASK_OFFER", "o"),
        frame("TASK_AWARDED", "w1", parent="o", who="n"),
        frame("TASK_AWARDED", "w2", parent="o", who="m"),
        frame("TASK_AWARDED", "w3", parent="o", who="n"),
        frame("AGENT_OUTPUT", "r", parent="hidden", who="n"),
        frame("AGENT_OUTPUT", "q", parent="hidden2", who="stranger"),
    )
    assert outline(board) == ["o", "  w1", "  w2", "  w3", "    r (adopted)", "  q (orphan)"]


def test_a_reply_that_overtook_its_award_is_adopted_when_it_comes():
    board = fold(
        (0.0, frame("TASK_OFFER", "o")),
        (0.1, frame("AGENT_OUTPUT", "r", parent="hidden", who="n")),
        (0.2, frame("TASK_AWARDED", "w", parent="o", who="n")),
    )
    assert outline(board) == ["o", "  w", "    r (adopted)"]


def test_an_old_orphan_does_not_belong_to_a_new_award():
    board = fold(
        (0.0, frame("TASK_OFFER", "o")),
        (0.1, frame("AGENT_OUTPUT", "r", parent="hidden", who="n")),
        (60.0, frame("TASK_AWARDED", "w", parent="o", who="n")),
    )
    assert outline(board) == ["o", "  r (orphan)", "  w"]


def test_parents_in_a_circle_show_every_signal_once():
    board = at_once(
        frame("PLAN", "a", parent="c"),
        frame("PLAN", "b", parent="a"),
        frame("PLAN", "c", parent="b"),
        frame("PLAN", "self", parent="self"),
    )
    assert outline(board) == ["a (loop)", "  b", "    c", "  self (loop)"]


def test_a_guess_gives_way_when_the_parent_comes_from_below_it():
    # q was hung under r only because nobody knew better; r's real parent p hangs under q.
    board = at_once(
        frame("PLAN", "r", parent="p"), frame("PLAN", "q", parent="lost"), frame("PLAN", "p", parent="q")
    )
    assert outline(board) == ["q (orphan)", "  p", "    r"]


def test_nested_work_is_linked_to_the_trace_of_its_parent():
    board = at_once(
        frame("TASK", "a", trace="1"),
        frame("TASK", "b", trace="2", parent="a"),
        frame("TASK_OFFER", "c", trace="3", parent="b"),
    )
    one, two, three = (board.traces[f"trc_{key}"] for key in "123")
    assert (two.parent_trace, three.parent_trace) == (one.id, two.id)
    assert (one.child_traces, two.child_traces) == ([two.id], [three.id])
    assert outline(board, "2") == ["b (linked)"]


def test_nested_work_is_linked_also_when_its_parent_comes_later():
    board = at_once(
        frame("TASK", "b", trace="2", parent="a"),
        frame("AGENT_OUTPUT", "c", trace="2", parent="b"),
        frame("TASK", "a", trace="1"),
    )
    assert board.traces["trc_2"].parent_trace == "trc_1"
    assert board.traces["trc_1"].child_traces == ["trc_2"]
    assert outline(board, "2") == ["b (linked)", "  c"]


def test_very_deep_chains_are_folded_and_drawn_at_a_capped_depth():
    chain = [frame("PLAN", str(n), parent=str(n - 1) if n else None) for n in range(10_000)]
    for frames in (chain, chain[::-1], random.Random(1).sample(chain, len(chain))):
        rows = at_once(*frames).traces["trc_1"].rows
        assert [node.id for node in rows] == [f"evt_{n}" for n in range(10_000)]
        assert [node.depth for node in rows] == [min(n, MAX_DEPTH) for n in range(10_000)]
        assert sum(1 for _ in rows[0].subtree()) == 10_000


@st.composite
def families(draw):
    """Signals of one trace: most name an earlier one as parent, some name nobody known or each other."""
    count = draw(st.integers(1, 14))
    parents = [
        draw(st.none() | st.integers(0, count + 2).map(str)) if index else None for index in range(count)
    ]
    types = st.sampled_from(["TASK", "PLAN", "AGENT_OUTPUT", "TASK_AWARDED", "STOP", "TOOL_CALL"])
    frames = [
        frame(draw(types), str(index), parent=parent, who=draw(st.sampled_from(["m", "n"])))
        for index, parent in enumerate(parents)
    ]
    return parents, draw(st.permutations(range(count))), frames


@given(families())
def test_every_signal_is_shown_once_below_its_parent_if_that_is_possible(family):
    parents, order, frames = family
    trace = at_once(*(frames[index] for index in order)).traces["trc_1"]
    assert sorted(node.id for node in trace.rows) == sorted(f"evt_{index}" for index in order)
    shown = {node.id: node for node in trace.rows}
    for index, parent in enumerate(parents):
        node = shown[f"evt_{index}"]
        if parent is not None and f"evt_{parent}" in shown and not in_a_circle(parents, index):
            assert node.parent is shown[f"evt_{parent}"]
        assert node.depth == (0 if node.parent is None else node.parent.depth + 1)
        assert node.parent is None or node in node.parent.children
    assert trace.rows == [node for root in trace.tree.roots for node in root.subtree()]


@given(families())
def test_rows_are_the_same_however_often_they_are_read(family):
    _, order, frames = family
    trace_once = at_once(*(frames[index] for index in order)).traces["trc_1"]
    board = at_once(frames[order[0]])
    for seq, index in enumerate(order[1:], 1):
        fold((seq / 1000, frames[index]), board=board)
        assert len(board.traces["trc_1"].rows) == board.traces["trc_1"].signals
    ids = [(node.id, node.depth, node.placement) for node in board.traces["trc_1"].rows]
    assert ids == [(node.id, node.depth, node.placement) for node in trace_once.rows]


def in_a_circle(parents, index):
    seen = set()
    while index not in seen:
        seen.add(index)
        parent = parents[index] if index < len(parents) else None
        if parent is None:
            return False
        index = int(parent)
    return True
