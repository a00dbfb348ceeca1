"""Auctions that a mirror tells of, and those held on the bus, among all others on a board."""

from __future__ import annotations

import pytest

from cosmo_doppler.model.coordination.terms import clock_price, least_next, to_next_tick
from tests.doppler.model.coordinating import BEGIN, Told, coord, faults
from tests.doppler.model.folding import fold, frame


def test_a_mirrored_auction_stays_open_past_its_clock_until_its_end_is_told():
    told = Told()
    auction = told.auction("english", "e", start=100, increment=10, duration_s=2)
    auction.submit_bid("ann", 100)
    auction.submit_bid("bob", 105)
    board = told.board(until=60)
    [seen] = board.auctions.values()
    assert (seen.state, seen.refused, seen.leading.bid.neuron) == ("open", 1, "coord:ann")
    assert least_next(seen.terms, seen.leading.bid.cost) == 110
    assert seen.closes_at == BEGIN + 2
    told.clock.advance(3)
    auction.resolve()
    [seen] = told.board().auctions.values()
    assert (seen.state, seen.price) == ("awarded", 100.0)


def test_a_soft_close_moves_the_end():
    told = Told()
    auction = told.auction("english", "e", start=1, duration_s=60, soft_close_s=10)
    told.clock.advance(55)
    auction.submit_bid("ann", 1)
    [seen] = told.board().auctions.values()
    assert seen.closes_at == BEGIN + 65


def test_exact_rules_are_not_judged_as_strategies_of_a_producer():
    told = Told()
    auction = told.auction("second_price_sealed_bid", "s", reserve=3)
    for agent, amount in (("ann", 5), ("bob", 4), ("ann", 6)):
        auction.submit_bid(agent, amount)
    [seen] = told.board().auctions.values()
    assert [(each.state, each.bid.cost) for each in seen.bids] == [
        ("replaced", None),
        ("sealed", None),
        ("sealed", None),
    ]
    assert seen.leading is None
    auction.resolve()
    board = told.board()
    [seen] = board.auctions.values()
    assert [(each.state, each.bid.cost) for each in seen.bids] == [
        ("replaced", None),
        ("declined", 4.0),
        ("won", 6.0),
    ]
    assert (seen.price, seen.runner_up, seen.explained_by()) == (4.0, "bob", [])
    assert board.market.ledger.desks == {}


def test_an_auction_whose_offer_was_not_seen_is_known_from_a_snapshot():
    state = {
        "coord": "auction",
        "state": "open",
        "auction_type": "english",
        "direction": "forward",
        "start": 100.0,
        "increment": 10.0,
        "opened_ms": 1000,
        "closes_ms": 61_000,
        "lot": "a boat",
        "bids": [{"agent": "ann", "amount": 100.0}, {"agent": "bob", "amount": 110.0}],
    }
    meta = coord("auction.snapshot", "e", rev=5)
    told = frame("CONTEXT_SYNC", "z", parent="offer", meta=meta, snapshot=state, version="5")
    better = frame(
        "BID", "b", parent="offer", who="coord:cat", meta=coord("auction.bid", "e", rev=6), cost=120.0
    )
    board = fold((2.0, told), (3.0, told.replace(b"evt_z", b"evt_y")), (4.0, better))
    [seen] = board.auctions.values()
    assert [(each.bid.neuron, each.bid.cost) for each in seen.bids] == [
        ("coord:ann", 100.0),
        ("coord:bob", 110.0),
        ("coord:cat", 120.0),
    ]
    assert (seen.offer_id, seen.title, seen.closes_at) == ("evt_offer", "a boat", 61.0)
    assert board.coordination.find("auction s e").offers == ("evt_offer",)


def test_an_auction_on_the_bus_tells_its_rules_and_its_price():
    live = {"v": 1, "subject": "a1", "mode": "live", "auction_type": "second_price_sealed_bid"}
    opened = frame(
        "TASK_OFFER",
        "o",
        meta={"coord": {**live, "kind": "auction.opened", "round": 1}},
        input={"text": "dig"},
    )
    bids = [
        (1.1, frame("BID", "b1", parent="o", who="ann", cost=2)),
        (1.2, frame("BID", "b2", parent="o", who="bob", cost=3)),
    ]
    won = frame(
        "TASK_AWARDED",
        "w",
        parent="b1",
        who="ann",
        meta={"coord": {**live, "kind": "auction.sold"}},
        price=3.0,
    )
    board = fold((1.0, opened), *bids, (1.3, won))
    auction = board.auctions["evt_o"]
    assert (auction.mirror, auction.terms.live, auction.terms.reverse, auction.price) == (
        None,
        True,
        True,
        3.0,
    )
    sale = board.coordination.find("auction  a1")
    assert (sale.state, sale.winner, sale.price, sale.lot, sale.live) == ("sold", "ann", 3.0, "dig", True)


def test_an_auction_on_the_bus_that_nobody_wins_is_unsold():
    live = {"v": 1, "subject": "a1", "mode": "live", "auction_type": "english"}
    opened = frame("TASK_OFFER", "o", meta={"coord": {**live, "kind": "auction.opened"}}, input={})
    bid = frame("BID", "b1", parent="o", who="ann", cost=2)
    lost = frame(
        "TASK_DECLINED",
        "d",
        parent="b1",
        who="ann",
        meta={"coord": {**live, "kind": "auction.lost"}},
        reason="below_reserve",
    )
    board = fold((1.0, opened), (1.1, bid), (1.2, lost))
    assert board.coordination.find("auction  a1").state == "unsold"
    assert faults(board) == [("unsold", "warning", True)]


@pytest.mark.parametrize(
    ("after_s", "asks", "left_s"), [(0, 20, 10), (9.9, 20, 0.1), (10, 14, 10), (30, 5, None), (99, 5, None)]
)
def test_a_dutch_clock_is_computed_from_its_offer(after_s, asks, left_s):
    told = Told()
    told.auction("dutch", "d", start=20, step=6, step_s=10, limit=5)
    [seen] = told.board().auctions.values()
    assert clock_price(seen.terms, BEGIN + after_s) == asks
    left = to_next_tick(seen.terms, BEGIN + after_s)
    assert left == (None if left_s is None else pytest.approx(left_s, abs=0.01))


def test_a_dutch_clock_does_not_lose_a_tick_to_binary_fractions():
    told = Told()
    told.auction("dutch", "d", start=10, step=1, step_s=0.1)
    told.auction("dutch", "r", direction="reverse", start=1, step=0.5, step_s=1, limit=2)
    forward, reverse = told.board().auctions.values()
    assert clock_price(forward.terms, BEGIN + 0.3) == 7
    assert [clock_price(reverse.terms, BEGIN + s) for s in (0, 1, 5)] == [1.0, 1.5, 2.0]
