"""Other rules, other windows, bids that never were; and two rounds side by side."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.market.compare import compare, in_words
from cosmo_doppler.model.market.curve import shortest_window, window_curve, winner_at
from cosmo_doppler.model.market.rules import RULE_NAMES, rule
from cosmo_doppler.model.market.score import MAX_LENGTH, Score, ScoreError, Terms
from cosmo_doppler.model.market.what_if import GHOST, Ghost, what_if
from cosmo_sdk.bidding import SELECTS, choose_winner, latest_per_neuron, read_bid

ROUND = (
    ("s-b", 0.0061, {"cost": 0.005, "eta_ms": 120, "confidence": 0.81}),
    ("s-a", 0.0098, {"cost": 0.002, "eta_ms": 300, "confidence": 0.92}),
    ("s-c", 0.0140, {"cost": 0.0041, "eta_ms": 210, "confidence": 0.97}),
    ("s-d", 0.2613, {"cost": 0.001, "eta_ms": 900, "confidence": 0.99}),
)


def the_auction(*bids, winner="s-a", at=0.251, opened=0.0, capabilities=("summarize",)):
    auction = Auction("evt_o", "trc_1", 0, opened, 250, list(capabilities), "")
    happened = [(when, name, payload) for name, when, payload in bids]
    for index, (when, name, payload) in enumerate(happened):
        if winner and when > at and auction.state == "open":
            auction.award(None, winner, opened + at)
        bid = read_bid(id=f"evt_{index}", neuron=name, payload=payload, meta={})
        auction.admit(bid, index, opened + when)
    if winner and auction.state == "open":
        auction.award(None, winner, opened + at)
    return auction


def winners(outcomes):
    return {each.rule: each.winner.neuron if each.winner else None for each in outcomes}


def test_every_rule_names_its_winner_and_what_it_is_paid():
    outcomes = what_if(the_auction(*ROUND), score=Score("conf - cost * 50 - eta / 1000"))
    assert winners(outcomes) == {
        "first_bid": "s-b",
        "lowest_cost": "s-a",
        "highest_confidence": "s-c",
        "second_price": "s-a",
        "score": "s-c",
    }
    prices = {each.rule: each.price for each in outcomes}
    assert (prices["lowest_cost"], prices["second_price"]) == (0.002, 0.0041)
    assert {each.rule: each.same for each in outcomes}["lowest_cost"] is True
    cheapest = outcomes[1]
    assert cheapest.runner_up.neuron == "s-c"
    assert cheapest.margin == pytest.approx(0.0021)


def test_a_longer_window_lets_the_late_bid_win_and_a_shorter_one_the_early():
    auction = the_auction(*ROUND)
    assert winners(what_if(auction, window_ms=262))["lowest_cost"] == "s-d"
    assert winners(what_if(auction, window_ms=7))["lowest_cost"] == "s-b"
    assert winners(what_if(auction, window_ms=1)) == {
        "first_bid": None,
        "lowest_cost": None,
        "highest_confidence": None,
        "second_price": None,
    }


def test_who_came_after_an_early_award_would_have_been_in_time_for_who_waits():
    auction = the_auction(*ROUND[:3], winner="s-b", at=0.007)
    assert [seen.state for seen in auction.bids] == ["won", "late", "late"]
    assert winners(what_if(auction)) == {
        "first_bid": "s-b",
        "lowest_cost": "s-a",
        "highest_confidence": "s-c",
        "second_price": "s-a",
    }


def test_a_ghost_wins_where_it_is_better_and_never_a_tie():
    auction = the_auction(*ROUND)
    assert winners(what_if(auction, ghosts=[Ghost(cost=0.0019)]))["lowest_cost"] == GHOST
    assert winners(what_if(auction, ghosts=[Ghost(cost=0.002)]))["lowest_cost"] == "s-a"
    assert winners(what_if(auction, ghosts=[Ghost(cost=9.0, after_ms=0.0)]))["first_bid"] == GHOST
    assert winners(what_if(auction, window_ms=100, ghosts=[Ghost(0.0, after_ms=101)]))["lowest_cost"] == "s-a"


def test_ties_are_named_and_go_to_the_earlier():
    outcomes = what_if(the_auction(("a", 0.01, {"cost": 1}), ("b", 0.02, {"cost": 1}), winner="a"))
    assert [(each.rule, each.tie) for each in outcomes] == [
        ("first_bid", False),
        ("lowest_cost", True),
        ("highest_confidence", True),
        ("second_price", True),
    ]
    assert set(winners(outcomes).values()) == {"a"}


def test_without_a_rival_the_second_price_is_the_own_one():
    [*_, second] = what_if(the_auction(("a", 0.01, {"cost": 1}), winner="a"))
    assert (second.rule, second.price, second.runner_up) == ("second_price", 1, None)


def test_the_window_curve_of_a_round():
    steps = window_curve(the_auction(*ROUND), rule("lowest_cost"))
    assert [(round(step.from_ms, 1), step.winner.neuron) for step in steps] == [
        (6.1, "s-b"),
        (9.8, "s-a"),
        (261.3, "s-d"),
    ]
    assert winner_at(steps, 250).winner.neuron == "s-a"
    assert winner_at(steps, 6) is None
    assert shortest_window(steps, 250) == pytest.approx(9.8)
    assert shortest_window(steps, 5) is None


terms = st.fixed_dictionaries(
    {}, optional={"cost": st.sampled_from([0, 1, 2]), "confidence": st.sampled_from([0, 0.5, 1])}
)
rounds = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 0.24), terms), max_size=8).map(
    lambda bids: sorted(bids, key=lambda each: each[1])
)


@given(rounds, st.sampled_from(SELECTS))
def test_the_rules_of_producers_choose_as_producers_do(bids, select):
    auction = the_auction(*bids, winner="")
    weighed = [seen.bid for seen in auction.bids]
    best = choose_winner(latest_per_neuron(weighed), select)
    found = {each.rule: each.winner for each in what_if(auction)}[select]
    assert (found and found.neuron) == (best and best.neuron)
    # The first bid ends a round; where a producer waits, the latest bid of a neuron counts.
    assert found == (weighed[0] if weighed and select == "first_bid" else best)
    assert auction.contenders() == latest_per_neuron(weighed)


@given(rounds, st.sampled_from([name for name in RULE_NAMES if name != "score"]), st.floats(0, 250))
def test_the_curve_agrees_with_each_window_tried_alone(bids, name, window_ms):
    auction = the_auction(*bids, winner="")
    step = winner_at(window_curve(auction, rule(name)), window_ms)
    alone = {each.rule: each.winner for each in what_if(auction, window_ms=window_ms)}[name]
    assert (step.winner if step else None) == alone


def test_two_rounds_side_by_side():
    first = the_auction(*ROUND)
    second = the_auction(
        ("s-e", 0.005, {"cost": 0.001, "confidence": 0.5}),
        ("s-a", 0.01, {"cost": 0.003, "eta_ms": 250, "confidence": 0.92}),
        winner="s-e",
    )
    found = compare(first, second)
    assert [bid.neuron for bid in found.appeared] == ["s-e"]
    assert [bid.neuron for bid in found.left] == ["s-b", "s-c"]
    [move] = found.stayed
    assert (move.after.neuron, move.cost, move.eta_ms, move.confidence) == (
        "s-a",
        pytest.approx(0.001),
        -50,
        0,
    )
    assert (found.winners, found.winner_changed, found.prices) == (("s-a", "s-e"), True, (0.002, 0.001))
    assert found.same_need
    assert in_words(found) == "s-e at 0.001 won, before it was s-a at 0.002"
    assert in_words(compare(first, first)) == "s-a at 0.002 won, as before"
    dearer = the_auction(("s-a", 0.01, {"cost": 0.003}), winner="s-a")
    assert in_words(compare(first, dearer)) == "s-a at 0.003 won again, dearer than 0.002"
    nobody = the_auction(winner="")
    assert in_words(compare(nobody, nobody)) == "nobody won, as before"
    assert in_words(compare(first, nobody)) == "nobody won, before it was s-a at 0.002"


# -- scores

TERMS = Terms(cost=0.5, eta=200, conf=0.9, age=10, honesty=1.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("conf", 0.9),
        ("-cost * 2 + eta / 100", 1.0),
        ("conf if cost < 1 else 0", 0.9),
        ("min(conf, honesty, 2)", 0.9),
        ("abs(-3) + sqrt(4) ** 2", 7.0),
        ("eta_ms // 150 + confidence * 0", 1.0),
    ],
)
def test_a_score_is_arithmetic(text, value):
    assert Score(text)(TERMS) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "conf.__class__",
        "open('/etc/passwd')",
        "[x for x in (1,2)]",
        "lambda: 1",
        "f'{conf}'",
        "conf[0]",
        "'text'",
        "True",
        "1j",
        "(x := 1)",
        "price",
        "min(1)",
        "sqrt(x=1)",
        "conf and cost",
        "",
        "1 +",
        "(" * 150 + ")" * 150,
        "1" * (MAX_LENGTH + 1),
        "cost if",
        "\x00",
    ],
)
def test_whatever_is_no_arithmetic_is_refused_in_words(text):
    with pytest.raises(ScoreError, match=r"."):
        Score(text)


def test_a_misspelt_term_is_suggested():
    with pytest.raises(ScoreError, match="did you mean 'conf'"):
        Score("cnof * 2")


@pytest.mark.parametrize("text", ["1 / (cost - 0.5)", "9.0 ** 9999", "log(0)", "(-1) ** 0.5", "exp(10000)"])
def test_a_score_that_cannot_be_calculated_is_none(text):
    assert Score(text)(TERMS) is None


def test_a_bid_that_lacks_a_term_of_the_score_cannot_win():
    auction = the_auction(("a", 0.01, {"cost": 1}), ("b", 0.02, {"cost": 5, "eta_ms": 10}), winner="a")
    assert winners(what_if(auction, score=Score("-eta")))["score"] == "b"
    assert Score("eta if cost < 1 else 0")(TERMS._replace(cost=math.nan)) is None


def test_a_score_may_weigh_how_honest_a_bidder_was():
    auction = the_auction(*ROUND)
    liar = {"s-a": 0.1, "s-b": 0.9}.get
    assert winners(what_if(auction, score=Score("honesty"), honesty=liar))["score"] == "s-b"


@given(st.text(alphabet="cost efa()+-*/%<>=!.0123456789,_'[]if el", max_size=60))
def test_no_text_does_anything_but_score_or_be_refused(text):
    try:
        value = Score(text)(TERMS)
    except ScoreError:
        return
    assert value is None or isinstance(value, float)
