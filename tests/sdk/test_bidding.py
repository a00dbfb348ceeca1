"""Reading bids and choosing among them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_sdk.bidding import SELECTS, Bid, choose_winner, latest_per_neuron, rank, read_bid
from tests.sdk.envelopes import json_values

NOBODY = "anonymous: no directed.id"

costs = st.none() | st.floats(0, 1e6)
bids = st.lists(
    st.builds(
        Bid,
        id=st.uuids().map(str),
        neuron=st.sampled_from("abcd"),
        cost=costs,
        confidence=st.none() | st.floats(0, 1),
        problem=st.sampled_from(["", "", "", "cost is negative"]),
    ),
    max_size=8,
)


def bid(neuron, **values):
    return Bid(id=f"evt_{neuron}", neuron=neuron, **values)


def read(payload, neuron="n", meta=None):
    return read_bid(id="evt_1", neuron=neuron, payload=payload, meta=meta or {})


def test_a_bid_is_read_whole():
    assert read(
        {"cost": 1, "eta_ms": 900, "confidence": 0.5}, meta={"auto_bid": True, "cosmo.instance": "i1"}
    ) == Bid(id="evt_1", neuron="n", cost=1.0, eta_ms=900, confidence=0.5, auto=True, instance="i1")


@pytest.mark.parametrize("cost", [None, "1", True, float("nan"), float("inf"), [], 10**400])
def test_a_cost_that_is_no_number_cannot_win(cost):
    assert read({"cost": cost}).problem == "cost is not a finite number"


@pytest.mark.parametrize(
    ("payload", "neuron", "problem"),
    [
        ({"cost": -0.01}, "n", "cost is negative"),
        ({"cost": 1}, None, NOBODY),
        ({"cost": 1}, "", NOBODY),
        ({"cost": "x"}, None, NOBODY),
        ({"cost": 1, "confidence": "high"}, "n", "confidence is not a finite number"),
        ({"cost": 1, "confidence": None}, "n", ""),
        ({}, "n", ""),
        ({"cost": 0}, "n", ""),
    ],
)
def test_problems_of_bids(payload, neuron, problem):
    assert read(payload, neuron).problem == problem


@given(json_values, json_values, json_values, json_values)
def test_reading_a_bid_never_raises(cost, eta, confidence, instance):
    payload = {"cost": cost, "eta_ms": eta, "confidence": confidence}
    assert isinstance(read(payload, meta={"cosmo.instance": instance}), Bid)


@given(bids, st.sampled_from(SELECTS))
def test_the_winner_is_valid_and_nobody_is_better(offered, select):
    winner = choose_winner(offered, select)
    valid = [each for each in offered if not each.problem]
    if not valid:
        assert winner is None
        return
    assert winner in valid
    if select == "first_bid":
        assert winner is valid[0]
    elif select == "lowest_cost" and winner.cost is not None:
        assert all(each.cost is None or each.cost >= winner.cost for each in valid)
    elif select == "highest_confidence" and winner.confidence is not None:
        assert all(each.confidence is None or each.confidence <= winner.confidence for each in valid)


@given(bids, st.sampled_from(SELECTS))
def test_ranking_keeps_the_order_of_arrival_among_equals(offered, select):
    ranked = rank(offered, select)
    assert sorted(each.id for each in ranked) == sorted(each.id for each in offered if not each.problem)
    for better, worse in pairwise(ranked):
        same = (better.cost, better.confidence) == (worse.cost, worse.confidence)
        if same or select == "first_bid":
            assert offered.index(better) < offered.index(worse)


def test_what_is_not_said_ranks_last():
    silent, dear, cheap = bid("s"), bid("d", cost=5, confidence=0.1), bid("c", cost=1, confidence=0.9)
    assert rank([silent, dear, cheap], "lowest_cost") == [cheap, dear, silent]
    assert rank([silent, dear, cheap], "highest_confidence") == [cheap, dear, silent]
    assert choose_winner([silent], "lowest_cost") == silent


def test_a_tie_goes_to_the_first_arrival():
    assert choose_winner([bid("a", cost=1), bid("b", cost=1)], "lowest_cost").neuron == "a"


@given(bids)
def test_each_neuron_has_one_bid_its_latest_in_its_first_place(offered):
    kept = latest_per_neuron(offered)
    neurons = [each.neuron for each in offered]
    assert [each.neuron for each in kept] == list(dict.fromkeys(neurons))
    for each in kept:
        assert each is next(other for other in reversed(offered) if other.neuron == each.neuron)


def test_anonymous_bids_stay_apart():
    offered = [Bid(id="evt_1", neuron=""), Bid(id="evt_2", neuron="")]
    assert latest_per_neuron(offered) == offered


def test_an_unknown_strategy_is_refused_by_name():
    with pytest.raises(
        ValueError, match="select='cheapest' is not one of first_bid, lowest_cost, highest_confidence"
    ):
        choose_winner([], "cheapest")
