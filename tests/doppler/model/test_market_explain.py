"""The strategy an award shows is never a wrong one, whatever producer and observer saw in which order."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.market.explain import explain, verdict
from cosmo_sdk.bidding import SELECTS, choose_winner, latest_per_neuron, read_bid

WINDOW_S = 0.25
PRICES = (0.0, 0.1, 0.1, 0.2, 0.5)


class Dice:
    """One auction with a known strategy: who bid what and when it reached the producer, and what we saw of it."""

    def __init__(self, seed: int) -> None:
        self.roll = random.Random(seed)
        self.select = self.roll.choice(SELECTS)
        self.ours = self.roll.random() < 0.5
        self.bids = self._bids()

    def delay(self) -> float:
        return self.roll.uniform(0, 0.03)

    def _bids(self):
        """(when it reached the producer, when we saw it, the bid), in the producer's order."""
        bids = []
        for number in range(self.roll.randint(1, 7)):
            sent = self.roll.uniform(0.001, WINDOW_S + 0.05)
            payload = {}
            if self.roll.random() < 0.85:
                payload["cost"] = self.roll.choice(PRICES)
            if self.roll.random() < 0.85:
                payload["confidence"] = self.roll.choice(PRICES)
            if self.roll.random() < 0.1 and len(bids) != 1:
                payload["cost"] = -0.5
            name = self.roll.choice(["a", "b", "c", "d", "e", "f"])
            meta = {"cosmo.instance": f"i{number}"} if self.roll.random() < 0.5 else {}
            bid = read_bid(id=f"evt_{number}", neuron=name, payload=payload, meta=meta)
            bids.append((sent + self.delay(), sent + self.delay(), bid))
        return sorted(bids, key=lambda each: each[0])

    def decide(self):
        """(winning bid, when it was awarded, the losers that are declined in time), or None."""
        if self.select == "first_bid":
            valid = [each for each in self.bids if not (self.ours and each[2].problem)]
            if not valid or valid[0][0] > WINDOW_S:
                return None
            return valid[0][2], valid[0][0] + 0.001, []
        weighed = [each[2] for each in self.bids if each[0] <= WINDOW_S]
        if self.ours:
            weighed = latest_per_neuron([bid for bid in weighed if not bid.problem])
            won = choose_winner(weighed, self.select)
        else:
            # Released producers know no invalid prices, and let every bid stand.
            key = {
                "lowest_cost": lambda bid: float("inf") if bid.cost is None else bid.cost,
                "highest_confidence": lambda bid: float("inf") if bid.confidence is None else -bid.confidence,
            }
            won = min(weighed, key=key[self.select]) if weighed else None
        return None if won is None else (won, WINDOW_S + 0.001, [bid for bid in weighed if bid is not won])

    def observed(self, *, clocks: bool, declines: bool) -> Auction | None:
        """The auction as somebody else saw it; None when nobody won."""
        decided = self.decide()
        if decided is None:
            return None
        won, awarded_at, losers = decided
        auction = Auction("evt_o", "trc_1", 0, self.delay(), 250, [], "", sent_at=100.0 if clocks else None)
        happened = [(seen_at, 0, bid) for _, seen_at, bid in self.bids]
        happened.append((awarded_at + self.delay(), 1, won))
        if declines:
            happened += [(awarded_at + self.delay(), 2, bid) for bid in losers]
        for at, what, bid in sorted(happened, key=lambda each: each[0]):
            if what == 0:
                auction.admit(bid, 0, at)
            elif what == 1:
                auction.award(bid.id, bid.neuron, at, sent_at=100.0 + awarded_at if clocks else None)
            else:
                auction.decline(bid.id, bid.neuron, "not selected")
        return auction


@pytest.mark.parametrize("declines", [True, False])
@pytest.mark.parametrize("clocks", [True, False])
def test_the_true_strategy_is_never_ruled_out(clocks, declines):
    named = told = 0
    for seed in range(3_000):
        dice = Dice(seed)
        auction = dice.observed(clocks=clocks, declines=declines)
        if auction is None:
            continue
        told += 1
        consistent = auction.explained_by()
        assert consistent == [each.select for each in explain(auction) if each.fits != "no"]
        assert dice.select in consistent, f"seed {seed}: {dice.select} won, explained by {consistent}"
        named += len(consistent) == 1
    # Unsure is allowed, but not always.
    assert told > 2_000
    assert named > told * (0.4 if declines else 0.2)


def the_auction(*timed, at=0.251, winner=0, declined=()):
    auction = Auction("evt_o", "trc_1", 0, 0.0, 250, [], "")
    for index, (when, cost, confidence) in enumerate(timed):
        payload = {"cost": cost, "confidence": confidence}
        auction.admit(read_bid(id=f"evt_{index}", neuron=f"n{index}", payload=payload, meta={}), index, when)
    auction.award(f"evt_{winner}", f"n{winner}", at)
    for index in declined:
        auction.decline(f"evt_{index}", f"n{index}", "not selected")
    return auction


def test_every_strategy_that_is_ruled_out_says_by_what():
    auction = the_auction((0.01, 0.5, 0.9), (0.02, 0.1, 0.2), declined=[1])
    assert [(each.select, each.fits, each.why) for each in explain(auction)] == [
        ("first_bid", "no", "the award waited for the window"),
        ("lowest_cost", "no", "n1 asked 0.1"),
        ("highest_confidence", "yes", "nobody was surer"),
    ]
    assert verdict(explain(auction)) == "highest_confidence"


def test_where_several_fit_the_verdict_is_ambiguous():
    assert verdict(explain(the_auction((0.01, 0.1, 0.9)))) == "ambiguous: lowest_cost or highest_confidence"
    assert verdict(explain(the_auction((0.01, 0.5, 0.1), (0.02, 0.1, 0.9), declined=[1]))) == (
        "no known strategy"
    )
    assert verdict([]) == ""


def test_a_bid_at_the_very_end_of_the_window_rules_nothing_out_unless_it_was_declined():
    bids = ((0.01, 0.5, 0.9), (0.24, 0.1, 0.2))
    assert the_auction(*bids).explained_by() == ["lowest_cost", "highest_confidence"]
    assert the_auction(*bids, declined=[1]).explained_by() == ["highest_confidence"]


def test_what_only_another_order_explains_says_within_which_time():
    findings = explain(the_auction((0.01, 0.5, 0.9), (0.24, 0.1, 0.2)))
    assert [(each.select, each.fits) for each in findings] == [
        ("first_bid", "no"),
        ("lowest_cost", "maybe"),
        ("highest_confidence", "yes"),
    ]
    assert findings[1].why == (
        "only if bids within 100 ms of each other or of the end reached the producer in another order"
    )


def test_an_award_to_a_bid_nobody_saw_leaves_what_its_moment_allows():
    auction = Auction("evt_o", "trc_1", 0, 0.0, 250, [], "")
    auction.award("evt_lost", "n9", 0.251)
    assert {each.why for each in explain(auction)} == {"the winning bid was not seen"}
    assert auction.explained_by() == list(SELECTS)


def test_a_released_producer_may_choose_a_negative_price():
    auction = the_auction((0.01, -0.5, 0.1), (0.02, 0.1, 0.9), declined=[1])
    assert auction.bids[0].state == "won"
    assert auction.explained_by() == ["lowest_cost"]


def test_a_second_host_of_one_name_that_says_so_gives_way():
    auction = Auction("evt_o", "trc_1", 0, 0.0, 250, [], "")
    for number, instance in enumerate(["", "i2"]):
        meta = {"cosmo.instance": instance} if instance else {}
        bid = read_bid(id=f"evt_{number}", neuron="n", payload={"cost": 1 - number}, meta=meta)
        auction.admit(bid, number, 0.01 * number)
    assert [seen.state for seen in auction.bids] == ["bid", "duplicate"]
    auction.award("evt_0", "n", datetime(1970, 1, 1, tzinfo=UTC).timestamp() + 0.251)
    assert "lowest_cost" in auction.explained_by()
