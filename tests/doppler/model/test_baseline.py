"""A run held against another one: who is whose twin, and what changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.baseline import Baseline, Filling, baseline_of
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.twins import NEW_AUCTION, NEW_TRACE, Pairing
from tests.doppler.model.folding import fold, frame, observed


def task(trace, at, asked, took=0.1, who="n", end="AGENT_OUTPUT"):
    return [
        (at, frame("TASK", f"{trace}t", trace=trace, who=who, input=asked)),
        (at + took, frame(end, f"{trace}e", parent=f"{trace}t", trace=trace, who=who)),
    ]


def auction(trace, at, prices, winner, need="dig"):
    frames = [
        (at, frame("TASK_OFFER", f"{trace}o", trace=trace, capabilities=[need], deadline_ms=50, input="x"))
    ]
    frames += [
        (at + 0.01, frame("BID", f"{trace}{who}", parent=f"{trace}o", trace=trace, who=who, cost=cost))
        for who, cost in prices.items()
    ]
    if winner:
        won = frame("TASK_AWARDED", f"{trace}a", parent=f"{trace}{winner}", trace=trace, who=winner)
        frames.append((at + 0.05, won))
    return frames


def held_against(before, after):
    """What a run is, held against another one."""
    board = fold(*after, until=after[-1][0] + 1)
    pairing = Pairing(baseline_of(fold(*before, until=before[-1][0] + 1), "before.ndjson"), board)
    assert pairing.turn(lambda: False)
    return pairing, board


def changes(pairing, board):
    return [pairing.trace(board.traces[id], board.now) for id in board.trace_order]


def test_the_nth_with_the_same_words_is_the_twin_of_the_nth():
    before = [*task("1", 0.0, "a", 0.1), *task("2", 1.0, "b", 0.2), *task("3", 2.0, "a", 0.3)]
    after = [*task("8", 0.0, "b", 0.5), *task("9", 1.0, "a", 0.1), *task("10", 2.0, "a", 0.2)]
    pairing, board = held_against(before, after)
    told = changes(pairing, board)
    assert [change.twin.id for change in told] == ["trc_2", "trc_1", "trc_3"]
    assert [change.later_s for change in told] == pytest.approx([0.3, 0.0, -0.1])
    assert all(change.same for change in told)
    assert pairing.missing() == ([], [])


def test_where_the_words_are_others_the_nth_of_the_kind_is_the_twin():
    before = [*task("1", 0.0, "order 17"), *task("2", 1.0, "order 18"), *task("3", 2.0, "cook", who="m")]
    after = [*task("8", 0.0, "order 91"), *task("9", 1.0, "order 92"), *task("10", 2.0, "order 93")]
    pairing, board = held_against(before, after)
    told = changes(pairing, board)
    assert [change.twin.id for change in told[:2]] == ["trc_1", "trc_2"]
    assert told[2] == NEW_TRACE
    assert not told[2].same
    assert [run.id for run in pairing.missing()[0]] == ["trc_3"]


def test_another_result_is_said_and_what_goes_on_is_no_result():
    before = [*task("1", 0.0, "a"), *task("2", 1.0, "b", 0.1)]
    after = [*task("8", 0.0, "a", end="ERROR"), (1.0, frame("TASK", "9t", trace="9", who="n", input="b"))]
    board = fold(*after, until=1.05)
    pairing = Pairing(baseline_of(fold(*before, until=5.0), "before"), board)
    pairing.turn(lambda: False)
    failed, going_on = changes(pairing, board)
    assert (failed.was, failed.same) == ("done", False)
    assert going_on.was is None
    assert going_on.later_s is None
    board.advance(1.5)
    assert pairing.trace(board.traces["trc_9"], 1.5).later_s == pytest.approx(0.4)


def test_an_auction_tells_price_winner_and_bidders():
    before = [*auction("1", 0.0, {"ann": 0.5, "bob": 0.7}, "ann"), *auction("2", 1.0, {"ann": 0.5}, "ann")]
    after = [*auction("8", 0.0, {"bob": 0.4, "cat": 0.6}, "bob"), *auction("9", 1.0, {}, "")]
    after += auction("10", 2.0, {"ann": 0.1}, "ann", need="fill")
    pairing, board = held_against(before, after)
    changed, unsold, new = (pairing.auction(board.auctions[id]) for id in board.auction_order)
    assert changed.twin.id == "evt_1o"
    assert changed.dearer == pytest.approx(-0.1)
    assert (changed.was, changed.came, changed.left) == ("ann", ("cat",), ("ann",))
    assert (unsold.was, unsold.dearer, unsold.left) == ("ann", None, ("ann",))
    assert new == NEW_AUCTION


def test_of_a_single_trace_every_other_of_its_kind_is_the_twin():
    frames = [*task("1", 0.0, "a", 0.1), *task("2", 1.0, "b", 0.2), *task("3", 2.0, "c", 0.3, who="m")]
    board = fold(*frames, until=9.0)
    pairing = Pairing(Baseline.of_trace(board.traces["trc_1"], board), board)
    pairing.turn(lambda: False)
    itself, alike, unlike = changes(pairing, board)
    assert itself is None
    assert alike.later_s == pytest.approx(0.1)
    assert unlike is None


def test_a_baseline_is_filled_in_slices():
    frames = [each for number in range(300) for each in task(str(number), number, "a")]
    filling = Filling(fold(*frames), "before")
    turns = 0
    while not filling.turn(lambda: True):
        turns += 1
        assert 0.0 < filling.done <= 1.0
    assert turns > 2
    assert len(filling.baseline.runs.all) == 300
    assert filling.baseline.took["task"] == pytest.approx((0.1, 0.1), rel=0.1)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=30),
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=30),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_twins_do_not_depend_on_when_somebody_looked_or_went_back(before, after, looks):
    def frames(kinds):
        return [
            each
            for number, (who, asked) in enumerate(kinds)
            for each in task(str(number), float(number), asked, who=who)
        ]

    baseline = baseline_of(fold(*frames(before)), "before")
    seen = observed(frames(after))
    whole = fold(*frames(after))
    straight = Pairing(baseline, whole)
    straight.turn(lambda: False)
    # One pairing lives through everything: boards that know more and less, as going back makes them.
    board = Board()
    wandering = Pairing(baseline, board)
    for position in [*looks, len(seen)]:
        known = Board()
        for each in seen[:position]:
            known.apply(each)
        order, traces = known.trace_order, known.traces
        while not wandering._runs.turn(order, traces, lambda: True):
            pass
    for id in whole.trace_order:
        assert wandering._runs.twin(id) == straight._runs.twin(id)
