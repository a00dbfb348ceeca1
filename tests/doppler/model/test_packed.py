"""Traces on which nothing happens any more take little room, and nobody can tell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cosmo_doppler.model import trace_book
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.tree import Tree
from tests.doppler.model.folding import fold, frame, observed, view
from tests.doppler.model.generated import sessions
from tests.doppler.model.nodes import nodes, work


def packed_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trace_book, "AWAKE", 0)
    patch.setattr(trace_book, "_PACKED_AT_ONCE", 1)


@settings(max_examples=60)
@given(sessions)
def test_packed_as_soon_as_they_are_over_traces_look_and_go_on_as_ever(frames):
    ready = Board()
    for seen in observed(frames):
        ready.apply(seen)
    with pytest.MonkeyPatch.context() as patch:
        packed_at_once(patch)
        packing = Board()
        for seen in observed(frames):
            packing.apply(seen)
    assert view(packing) == view(ready)
    assert nodes(packing) == nodes(ready)


def test_what_is_asked_of_a_packed_trace_without_its_tree_does_not_unpack_it(monkeypatch):
    packed_at_once(monkeypatch)
    unpacked: list[Tree] = []
    monkeypatch.setattr(trace_book.Trace, "_unpack", unpacked.append)
    board = fold(*work("1", 1.0), *work("2", 3.0))
    trace = board.traces["trc_1"]
    assert trace.signals == 4
    assert trace.began_with == (0, "TASK", "w")
    assert list(trace.ids) == ["evt_t1", "evt_h1", "evt_o1", "evt_f1"]
    assert list(trace.unknown_parents) == []
    assert (trace.status, trace.ended_at) == ("done", 2.5)
    assert unpacked == []


def test_a_packed_trace_that_is_looked_at_is_packed_again(monkeypatch):
    packed_at_once(monkeypatch)
    board = fold(*work("1", 1.0), *work("2", 3.0))
    trace = board.traces["trc_1"]
    assert not trace.resting
    first = trace.tree
    assert trace.resting
    assert trace.tree is first
    fold(*work("3", 5.0), *work("4", 7.0), *work("5", 9.0), board=board)
    assert trace.tree is not first
    assert [node.id for node in trace.rows] == ["evt_t1", "evt_h1", "evt_o1", "evt_f1"]


def test_work_goes_on_in_a_packed_trace(monkeypatch):
    packed_at_once(monkeypatch)
    board = fold(*work("1", 1.0), *work("2", 3.0))
    fold((6.0, frame("TASK", "again", trace="1", parent="f1", who="w")), board=board)
    trace = board.traces["trc_1"]
    assert (trace.status, dict(trace.working)) == ("open", {"w": 6.0})
    assert trace.by_id["evt_again"].parent is trace.by_id["evt_f1"]
    assert trace.by_id["evt_again"].gap == 3.5


@pytest.mark.parametrize("id", ["with\0zero", ""])
def test_a_trace_with_strange_ids_keeps_them(monkeypatch, id):
    packed_at_once(monkeypatch)
    board = fold(
        (0.5, frame("AUDIT", id, trace="1", who="w")), *work("1", 1.0), *work("2", 3.0), *work("3", 5.0)
    )
    assert next(node.id for node in board.traces["trc_1"].rows) == f"evt_{id}"
    assert board.traces["trc_1"].signals == 5
