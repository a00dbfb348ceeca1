"""What a namespace measures, and that the measuring stays small."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.metrics import MOST_NAMES, OTHERS
from cosmo_doppler.model.rates import ALL, SECONDS, Rates
from cosmo_doppler.model.sketch import Sketch
from cosmo_doppler.model.timings import SLOWEST, Asked, Timings
from tests.doppler.model.coordinating import Told
from tests.doppler.model.folding import fold, frame


@settings(deadline=None)
@given(st.lists(st.floats(1e-5, 1e6), min_size=1, max_size=200), st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_right_within_two_per_cent(values: list[float], share: float) -> None:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    exact = sorted(values)[max(0, -(-int(share * len(values) * 10**9) // 10**9) - 1)]
    near = sorted(values)[min(len(values) - 1, max(0, round(share * len(values) + 0.5) - 1))]
    assert min(exact, near) * 0.98 <= sketch.quantile(share) <= max(exact, near) * 1.021
    assert (sketch.count, sketch.least, sketch.most) == (len(values), min(values), max(values))


def test_a_sketch_stays_small_and_takes_anything() -> None:
    sketch = Sketch()
    dice = random.Random(1)
    for _ in range(20_000):
        sketch.add(10 ** dice.uniform(-9, 12))
    sketch.add(-1)
    sketch.add(0)
    assert len(sketch._buckets) <= 764
    assert sketch.quantile(0.5) == pytest.approx(10**1.5, rel=0.2)
    assert sum(sketch.histogram(10)) == 20_002
    assert (Sketch().quantile(0.5), Sketch().mean, Sketch().histogram(3)) == (0, 0, [0, 0, 0])


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 200), st.sampled_from("ab")), max_size=60), st.floats(200, 400))
def test_rates_are_what_arrived_in_each_second(arrivals: list[tuple[float, str]], now: float) -> None:
    rates = Rates()
    for at, kind in sorted(arrivals):
        ring = rates.ring(kind)
        ring[rates.place if at < rates.ends else rates.turn(at)] += 1
    for kind in ("a", ALL):
        wanted = [at for at, each in arrivals if kind in (each, ALL)]
        first = int(now) - SECONDS + 1
        assert rates.series(kind, now) == [
            sum(int(at) == second for at in wanted) for second in range(first, int(now) + 1)
        ]
    assert rates.series("never", now) == [0] * SECONDS


def test_timings_keep_the_slowest_and_forget_what_is_never_answered() -> None:
    timings = Timings()
    for number in range(70_000):
        timings.ask(Asked("tool", float(number), number, f"t{number}"), f"k{number}")
    assert timings.given_up == 10_000
    assert timings.answer("tool", "k1", 1.0) is None
    assert timings.answer("recall", "k69999", 1.0) is None
    for number in range(60_000, 60_010):
        timings.answer("tool", f"k{number}", number + number % 7)
    assert [slow.took_s for slow in timings.slowest["tool"]] == sorted(
        (number % 7 for number in range(60_000, 60_010)), reverse=True
    )[:SLOWEST]


def market() -> Board:
    return fold(
        (0.0, frame("TASK_OFFER", "o", input={}, capabilities=[], deadline_ms=500)),
        (0.1, frame("BID", "b", parent="o", who="a", cost=0.25, eta_ms=1000, confidence=0.9)),
        (0.2, frame("BID", "c", parent="o", who="z", cost=0.5)),
        (
            0.5,
            frame(
                "TASK_AWARDED",
                "w",
                parent="b",
                who="a",
                input={},
                winning_bid={"cost": 0.25, "eta_ms": 1000, "confidence": 0.9},
            ),
        ),
        (0.5, frame("TASK_DECLINED", "d", parent="c", who="z", reason="not selected")),
        (1.0, frame("TOOL_CALL", "tc", parent="w", who="a", tool="search", args={}, call_id="1")),
        (1.2, frame("TOOL_RESULT", "tr", parent="w", tool="search", error="none", call_id="1")),
        (1.3, frame("RECALL", "r", parent="w", who="mem", query={})),
        (1.4, frame("RECALLED", "rr", parent="r", who="mem", engram_id="mem", hits=[{}])),
        (2.5, frame("AGENT_OUTPUT", "x", parent="never-published", who="a", output={})),
        (3.0, frame("TASK", "t", trace="2", who="z", input={})),
        (3.5, frame("CLARIFICATION", "q", parent="t", trace="2", who="z", question="?")),
        (9.5, frame("TASK", "u", parent="q", trace="2", who="z", input={})),
        (9.9, frame("ERROR", "e", parent="u", trace="2", who="z", code="X")),
    )


def test_a_market_in_figures() -> None:
    metrics = market().metrics
    assert dict(metrics.tally) == {
        "offers": 1,
        "bids": 2,
        "answered offers": 1,
        "awards": 1,
        "declines": 1,
        "failed calls": 1,
        "recalls": 1,
        "hits": 1,
        "answers": 1,
        "tasks": 2,
        "errors": 1,
    }
    took = metrics.timings.took
    assert {kind: (round(took[kind].most, 3), took[kind].count) for kind in took} == {
        "task": (2.0, 3),
        "award": (0.5, 1),
        "tool": (0.2, 1),
        "recall": (0.1, 1),
        "imprint": (0.0, 0),
        "human": (6.0, 1),
    }
    assert metrics.spent == 0.25


def test_what_a_bidder_promised_against_what_came() -> None:
    metrics = market().metrics
    a, z = metrics.workers["a"], metrics.workers["z"]
    assert (a.bids, a.wins, a.answers, a.errors) == (1, 1, 1, 0)
    assert a.late_by.quantile(0.5) == 2.0
    assert a.surety.mean == 0.9
    assert (z.bids, z.wins, z.answers, z.errors, z.took.count) == (1, 0, 0, 1, 1)


def test_an_answer_counts_once_however_it_is_found() -> None:
    twice = fold(
        (0.0, frame("TASK", "t", who="a", input={})),
        (1.0, frame("AGENT_OUTPUT", "x", parent="t", who="a", output={})),
        (2.0, frame("AGENT_OUTPUT", "y", parent="t", who="a", output={})),
        (3.0, frame("AGENT_OUTPUT", "z", who="a", output={})),
    )
    assert (twice.metrics.tally["answers"], twice.metrics.timings.took["task"].count) == (1, 1)


def test_participants_beyond_the_limit_are_counted_together() -> None:
    board = fold(
        *((0.0, frame("BID", f"b{n}", parent="o", who=f"w{n}", cost=1.0)) for n in range(MOST_NAMES + 9))
    )
    assert len(board.metrics.workers) == MOST_NAMES + 1
    assert board.metrics.workers[OTHERS].bids == 9


def test_auctions_of_a_store_are_in_no_figure_of_the_market() -> None:
    told = Told()
    sale = told.auction("second_price_sealed_bid", "a-cart", "a cart")
    for agent, amount in (("ann", 40), ("bob", 55)):
        sale.submit_bid(agent, amount)
    sale.resolve()
    metrics = told.board().metrics
    assert metrics.tally["mirrored"] == 1
    assert not {"offers", "bids", "awards", "declines"} & {
        name for name, count in metrics.tally.items() if count
    }
    assert metrics.spent == 0.0
    assert not [name for name in metrics.workers if name.startswith("coord:")]
