"""Hits that are found a little at a time, while the store grows and time goes by."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.board import Board
from cosmo_doppler.query import Hits, Known, Unmet, compile_filter, completions
from cosmo_doppler.query.fields import FIELDS, FLAGS, table_of_fields
from cosmo_doppler.query.patterns import search
from cosmo_doppler.store import Store
from tests.doppler.model.folding import frame
from tests.doppler.query.market import fill, market


def turns(hits: Hits, position: int, known: Known, most: int) -> None:
    """So many turns of one slice each."""
    for _ in range(most):
        hits.turn(position, known, lambda: True)


def test_the_newest_are_found_first_and_progress_is_told() -> None:
    store = Store()
    fill(store, 100)
    hits = Hits(compile_filter("type:BID"), store, slice_rows=10)
    turns(hits, 100, Known(), 1)
    assert list(hits) == list(range(90, 100))
    assert hits.searching == pytest.approx(0.1)
    fill(store, 5)
    hits.turn(105, Known(), lambda: True)
    assert list(hits) == list(range(90, 105))
    turns(hits, 105, Known(), 9)
    assert hits.searching is None
    assert list(hits) == list(range(105))


def test_looking_stops_where_the_playhead_is() -> None:
    store = Store()
    fill(store, 50)
    hits = Hits(compile_filter("seq>10"), store)
    hits.turn_all(50, Known())
    assert len(hits) == 39
    hits.turn_all(20, Known())
    assert list(hits) == list(range(11, 20))
    assert 15 in hits
    assert 5 not in hits
    assert (hits.index(15), hits.index(16), hits.index(5)) == (4, 5, 0)
    hits.turn_all(50, Known())
    assert len(hits) == 39


def test_a_leap_forward_begins_again_at_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosmo_doppler.query.hits.LEAP", 20)
    told: list[list[int]] = []
    store = Store()
    fill(store, 100)
    hits = Hits(compile_filter("type:BID"), store, told.append, slice_rows=10)
    hits.turn_all(10, Known())
    told.clear()
    hits.turn(100, Known(), lambda: True)
    assert told == [[], list(range(90, 100))]
    hits.turn_all(100, Known())
    assert list(hits) == list(range(100))


def test_what_changes_with_time_is_looked_at_again_and_the_old_hits_stand_meanwhile() -> None:
    store, board = market()
    hits = Hits(compile_filter("is:pending or trace.idle>10s"), store, slice_rows=4)
    hits.turn_all(len(store), Known(board, board.now))
    assert [store.header(seq).id for seq in hits] == ["evt_q1"]
    later = Known(board, board.now + 60)
    hits.turn(len(store), later, lambda: True)
    assert [store.header(seq).id for seq in hits] == ["evt_q1"]
    turns(hits, len(store), later, 4)
    assert len(hits) == 11  # all but the two that belong to no trace


def test_a_question_that_is_answered_is_pending_no_more() -> None:
    store, board = market()
    hits = Hits(compile_filter("is:pending"), store)
    hits.turn_all(len(store), Known(board, board.now))
    assert len(hits) == 1
    store.append(130.0, "cosmonapse.dev.X", frame("CLARIFICATION_ANSWER", "a1", parent="q1", answer="2026"))
    board.apply(store.observed(len(store) - 1))
    hits.turn_all(len(store), Known(board, board.now))
    assert len(hits) == 0


def test_bookmarks_and_the_stale_can_be_asked_for() -> None:
    store, board = market()
    marked = Hits(compile_filter("has:bookmark"), store)
    marked.turn_all(len(store), Known(board, board.now, {3, 5}))
    assert list(marked) == [3, 5]
    board.advance(board.now + 3600)
    stale = Hits(compile_filter("is:stale"), store)
    stale.turn_all(len(store), Known(board, board.now))
    assert {store.who(seq) for seq in stale} == {"worker-1"}


def test_without_a_board_nothing_holds_that_is_about_more_than_a_signal() -> None:
    store, _ = market()
    for text in ("won:true", "trace.errors:0", "is:stale", "bids>0", "is:orphan", "is:pending"):
        hits = Hits(compile_filter(text), store)
        hits.turn_all(len(store), Known(Board()))
        assert len(hits) == 0


def test_no_pattern_of_a_person_can_hang_the_screen() -> None:
    for pattern in (r"(a+)+$", r"(a|a)*b", r"(.*)(.*)(.*)(.*)x", r"(?=a)b", r"(a)\1", "x" * 501):
        with pytest.raises(ValueError, match=r"."):
            search(pattern)
    assert search(r"a.*b")("x" * 1000 + "a-b")
    assert (compile_filter("/a/ -who~x+").sees, compile_filter("/a/").sees) == (4472, 65_536)
    assert not search(r".*a.*b")("a" * 100_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ty", ("type",)),
        ("trace.e", ("trace.errors",)),
        ("type:bi", ("BID",)),
        ("auto:", ("true", "false")),
        ("who:wor", ("worker-1", "worker-2")),
        ("type:BID -has:e", ("error",)),
        ("strategy:l", ("lowest_cost",)),
        ('"type', ()),
        ("nothing:x", ()),
    ],
)
def test_what_can_come_next_is_offered(text: str, words: tuple[str, ...]) -> None:
    offered = completions(text, len(text), lambda field: ["worker-1", "worker-2"] * (field == "who"))
    assert offered.words == words
    assert text[offered.start :].lower() == words[0][: len(text) - offered.start].lower() if words else True


def test_every_field_is_listed_with_what_it_is() -> None:
    listed = "\n".join(table_of_fields())
    for name, field in {**FIELDS, **FLAGS}.items():
        assert f"\n{name} " in f"\n{listed}"
        assert field.help in listed


def test_the_conditions_that_no_signal_meets_are_found_a_slice_at_a_time() -> None:
    store = Store()
    fill(store, 1_000)
    unmet = Unmet(compile_filter("type:BID who:nobody seq>=0 -seq<2000"), store)
    assert unmet.several
    turns = 1
    while unmet.turn(1_000, Known(), lambda: True):
        assert not unmet.known
        turns += 1
    assert unmet.conditions == ["who:nobody", "not seq<2000"]
    assert unmet.known
    # One slice of what is met at once, all of them of what nothing meets.
    assert turns > 4


def test_one_condition_alone_is_not_looked_into() -> None:
    store = Store()
    fill(store, 10)
    unmet = Unmet(compile_filter("who:nobody or has:error"), store)
    assert not unmet.several
    assert not unmet.turn(10, Known(), lambda: True)
