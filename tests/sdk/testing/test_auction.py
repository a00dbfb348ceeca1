"""A recorded round of bidding, held again."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosmo_sdk.testing import Auction, RecordedBid

DATA = Path(__file__).parents[2] / "doppler" / "data" / "peer-0.1.14.ndjson"

ROUND = Auction(
    input={"text": "a long article"},
    capabilities=["summarize"],
    deadline_ms=250,
    bids=[
        RecordedBid("s-b", 0.0061, {"cost": 0.005, "eta_ms": 120, "confidence": 0.81}),
        RecordedBid("s-a", 0.0098, {"cost": 0.002, "eta_ms": 300, "confidence": 0.92}),
        RecordedBid("s-c", 0.0140, {"cost": 0.0041, "eta_ms": 210, "confidence": 0.97}),
        RecordedBid("s-d", 0.2613, {"cost": 0.001, "eta_ms": 900, "confidence": 0.99}),
    ],
)


def producer(select, **changes):
    return lambda desk: desk.dispatch_offer(**{**ROUND.offer, **changes}, select=select)


@pytest.mark.parametrize(
    ("select", "winner", "awarded_after_s"),
    [("first_bid", "s-b", 0.0061), ("lowest_cost", "s-a", 0.25), ("highest_confidence", "s-c", 0.25)],
)
def test_each_strategy_chooses_as_it_would_have(select, winner, awarded_after_s):
    outcome = ROUND.run(producer(select))
    assert outcome.winner == winner
    assert outcome.awarded_after_s == pytest.approx(awarded_after_s, abs=1e-3)
    assert set(outcome.declined) == {"s-a", "s-b", "s-c", "s-d"} - {winner}
    assert outcome.declined["s-d"] == "late"


def test_a_longer_window_lets_the_late_bid_in():
    outcome = ROUND.run(producer("lowest_cost", deadline_ms=300))
    assert (outcome.winner, outcome.bid["cost"]) == ("s-d", 0.001)


async def test_a_producer_may_wait_for_the_result():
    async def ask(desk):
        pathway = await desk.dispatch_offer(**ROUND.offer, select="lowest_cost", scope="terminal")
        return (await pathway.wait(timeout_s=30)).payload["result"]

    auction = Auction(**{**vars_of(ROUND), "output": {"summary": "short"}})
    outcome = await auction.play(ask)
    assert (outcome.winner, outcome.result) == ("s-a", {"summary": "short"})
    assert "TASK_AWARDED" in str(outcome)


def vars_of(auction):
    return {
        "bids": auction.bids,
        "input": auction.input,
        "capabilities": auction.capabilities,
        "deadline_ms": auction.deadline_ms,
    }


def test_bids_that_are_not_valid_are_made_again_and_never_win():
    auction = Auction(
        bids=[
            RecordedBid("null", 0.001, {"cost": None}),
            RecordedBid("text", 0.002, {"cost": "free"}),
            RecordedBid(None, 0.003, {"cost": 0.0}),
            RecordedBid("fair", 0.004, {"cost": 5}),
        ]
    )
    outcome = auction.run(lambda desk: desk.dispatch_offer(**auction.offer, select="lowest_cost"))
    assert outcome.winner == "fair"


def test_where_nobody_bids_nobody_wins():
    auction = Auction(bids=[])
    outcome = auction.run(lambda desk: desk.dispatch_offer(**auction.offer))
    assert (outcome.winner, outcome.awarded_after_s, outcome.declined) == ("", None, {})


def test_a_producer_that_offers_nothing_is_told_so():
    async def idle(desk):
        return None

    with pytest.raises(AssertionError, match="made no offer"):
        ROUND.run(idle)


def test_what_the_producer_raises_is_raised():
    async def broken(desk):
        raise KeyError("oops")

    with pytest.raises(KeyError, match="oops"):
        ROUND.run(broken)


@pytest.mark.parametrize(
    ("number", "select", "winner"),
    [(0, "first_bid", "kettle"), (1, "lowest_cost", "kettle"), (2, "highest_confidence", "samovar")],
)
def test_auctions_of_a_recording(number, select, winner):
    offers = [
        line.split('"id":"')[1].split('"')[0]
        for line in DATA.read_text().splitlines()
        if "TASK_OFFER" in line
    ]
    auction = Auction.from_recording(DATA, offers[number][-8:])
    assert (auction.capabilities, auction.deadline_ms) == (["brew"], 150)
    outcome = auction.run(lambda desk: desk.dispatch_offer(**auction.offer, select=select))
    assert outcome.winner == winner


def test_an_offer_that_is_not_in_the_recording():
    with pytest.raises(LookupError, match="no offer whose id ends in 'nowhere'"):
        Auction.from_recording(DATA, "nowhere")
