"""Any event can be named as a parent from another trace, however long ago it came."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from cosmo_doppler.model import links, trace_book
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.links import Links
from cosmo_doppler.model.traces import Trace
from tests.doppler.model.folding import fold, frame, observed, view
from tests.doppler.model.generated import sessions
from tests.doppler.model.nodes import nodes, work


def aging_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trace_book, "YOUNG", 2)
    patch.setattr(links, "_TOGETHER", 3)


@settings(max_examples=60)
@given(sessions)
def test_events_that_are_no_longer_young_are_found_all_the_same(frames):
    young = Board()
    for seen in observed(frames):
        young.apply(seen)
    with pytest.MonkeyPatch.context() as patch:
        aging_at_once(patch)
        aged = Board()
        for seen in observed(frames):
            aged.apply(seen)
    assert view(aged) == view(young)
    assert nodes(aged) == nodes(young)


def test_work_of_long_ago_is_the_home_of_what_it_caused(monkeypatch):
    aging_at_once(monkeypatch)
    board = fold(*(each for n in range(50) for each in work(f"{n}", 10.0 * n)))
    fold((900.0, frame("TASK", "late", trace="late", parent="h7", who="w")), board=board)
    assert board.traces["trc_late"].parent_trace == "trc_7"
    assert board.traces["trc_late"].rows[0].placement == "linked"


def test_what_is_forgotten_is_no_home_and_takes_no_room(monkeypatch):
    aging_at_once(monkeypatch)
    board = Board(max_traces=10)
    fold(*(each for n in range(200) for each in work(f"{n}", 10.0 * n)), board=board)
    fold((9000.0, frame("TASK", "late", trace="late", parent="h7", who="w")), board=board)
    assert board.traces["trc_late"].parent_trace is None
    assert board.traces["trc_late"].rows[0].placement == "orphan"
    kept = sum(len(run.entries) for run in board._traces._links._runs)
    assert kept < 4 * 10 * 4


def test_work_that_never_ends_is_found_among_few_runs(monkeypatch):
    aging_at_once(monkeypatch)
    board = Board(max_traces=30)
    for n in range(400):
        fold(*work(f"{n}", 10.0 * n), board=board)
        if n % 40 == 0:
            fold((10.0 * n + 5, frame("TASK", f"open{n}", trace=f"open{n}", who="w")), board=board)
    fold((9000.0, frame("TASK", "late", trace="late", parent="open40", who="w")), board=board)
    assert board.traces["trc_late"].parent_trace == "trc_open40"
    assert len(board._traces._links._runs) < 40


def test_of_two_ids_that_look_alike_each_is_found(monkeypatch):
    monkeypatch.setattr(links, "_KEPT", 0)
    known: dict[str, Trace] = {}
    book = Links(known)
    for name in "abc":
        trace = known[f"trc_{name}"] = Trace(f"trc_{name}", 1.0)
        assert trace.plain is not None
        assert trace.plain.add(0, 1.0, f"evt_{name}", -1, "TASK", "w")
        book.young[hash(f"evt_{name}")] = trace.id
    book.age()
    book.age()
    assert [book.home_of(f"evt_{name}") for name in "abcd"] == ["trc_a", "trc_b", "trc_c", None]
