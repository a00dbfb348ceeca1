"""A tree that grows once somebody asks for it is the one that grew with each signal, and nobody can tell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cosmo_doppler.model import plain
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.tree import LARGE
from tests.doppler.model.folding import fold, frame, observed, view
from tests.doppler.model.generated import sessions
from tests.doppler.model.nodes import nodes, work


@settings(max_examples=60)
@given(sessions)
def test_trees_look_as_if_they_had_grown_with_each_signal(frames):
    later = Board()
    for seen in observed(frames):
        later.apply(seen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "LARGE", 0)
        at_once = Board()
        for seen in observed(frames):
            at_once.apply(seen)
    assert view(later) == view(at_once)
    assert nodes(later) == nodes(at_once)


def test_a_trace_has_no_tree_before_somebody_asks_for_it():
    board = fold(*work("1", 1.0))
    trace = board.traces["trc_1"]
    assert trace.plain is not None
    assert (trace.signals, trace.began_with, trace.status) == (4, (0, "TASK", "w"), "done")
    assert trace.plain is not None
    assert [node.depth for node in trace.rows] == [0, 1, 1, 2]
    assert trace.plain is None


@pytest.mark.parametrize(
    "odd",
    [
        frame("THOUGHT_DELTA", "odd", trace="1", parent="never", who="w"),
        frame("THOUGHT_DELTA", "t1", trace="1", parent="t1", who="w"),
        frame("THOUGHT_DELTA", "odd", trace="1", parent="odd", who="w"),
        frame("STOP", "odd", trace="1"),
    ],
    ids=["orphan", "duplicate", "loop", "stop"],
)
def test_a_signal_whose_place_has_to_be_sought_has_the_tree_grow(odd):
    board = fold(*work("1", 1.0), (3.0, odd))
    trace = board.traces["trc_1"]
    assert trace.plain is None
    assert trace.signals == 5


def test_a_large_trace_keeps_its_tree():
    board = fold(*((float(n), frame("AUDIT", f"a{n}", trace="1", who="w")) for n in range(LARGE)))
    trace = board.traces["trc_1"]
    assert trace.plain is None
    assert trace.tree.is_written_down
