"""Auctions: properties of the four types, what is told of them, and many who bid at once."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_sdk.coordination import (
    AuctionRules,
    AuctionType,
    BiddingProtocol,
    CoordinationMetrics,
    ExistsError,
    ManualClock,
    MetricsCollector,
    SqliteStore,
    StateError,
)
from cosmo_sdk.coordination.events import signal_fields

TYPES = ("first_price_sealed_bid", "second_price_sealed_bid", "english")

cents = st.integers(0, 2000).map(lambda value: Decimal(value) / 100)
bidders = st.lists(cents, min_size=1, max_size=6)
directions = st.sampled_from(["forward", "reverse"])


def sealed(auction_type: str, amounts, **rules):
    auction = BiddingProtocol.with_rules(AuctionRules(**rules), auction_type=auction_type)
    for number, amount in enumerate(amounts):
        assert auction.submit_bid(f"a{number}", amount)
    auction.resolve()
    return auction.result()


def utility(result, agent: str, value: Decimal, direction: str) -> Decimal:
    if result.winner != agent:
        return Decimal(0)
    price = Decimal(str(result.price))
    return value - price if direction == "forward" else price - value


@settings(max_examples=300, deadline=None)
@given(bidders, cents, directions, st.none() | cents, st.sampled_from(["earliest", "agent_id", "random"]))
def test_at_the_second_price_nobody_gains_by_lying(values, lie, direction, reserve, tie_break):
    if direction == "reverse" and reserve is None:
        reserve = Decimal(30)  # Without one a lone seller is paid what it asks for.
    rules = {"direction": direction, "reserve": reserve, "tie_break": tie_break}
    honest = sealed(AuctionType.SECOND_PRICE_SEALED_BID, values, **rules)
    lying = sealed(AuctionType.SECOND_PRICE_SEALED_BID, [lie, *values[1:]], **rules)
    told_truth = utility(honest, "a0", values[0], direction)
    assert utility(lying, "a0", values[0], direction) <= told_truth
    assert told_truth >= 0


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TYPES[:2]), bidders, directions, st.none() | cents)
def test_no_sale_is_worse_than_the_reserve_or_the_winners_own_bid(auction_type, amounts, direction, reserve):
    result = sealed(auction_type, amounts, direction=direction, reserve=reserve)
    good = [
        amount
        for amount in amounts
        if reserve is None or (amount >= reserve if direction == "forward" else amount <= reserve)
    ]
    assert (result.status == "sold") == bool(good)
    if result.status == "sold":
        price = Decimal(str(result.price))
        won = Decimal(str(dict(result.bids)[result.winner]))
        assert won == (max(good) if direction == "forward" else min(good))
        assert price <= won if direction == "forward" else price >= won
        if reserve is not None:
            assert price >= reserve if direction == "forward" else price <= reserve


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=2, max_size=5), st.integers(1, 7))
def test_english_bidders_end_within_an_increment_of_the_second_value(values, increment):
    auction = BiddingProtocol.with_rules(
        AuctionRules(start=0, increment=increment), auction_type=AuctionType.ENGLISH
    )
    going = True
    while going:
        going = False
        for number, value in enumerate(values):
            agent = f"a{number}"
            least = auction.min_next_bid
            if auction.leader != agent and least <= value:
                assert auction.submit_bid(agent, least)
                going = True
    auction.resolve()
    result = auction.result()
    second = sorted(values)[-2]
    assert abs(result.price - second) <= increment
    assert values[int(result.winner[1:])] >= max(values) - increment


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 500), st.integers(1, 90), st.integers(1, 3000), st.integers(0, 400), directions)
def test_a_dutch_clock_moves_on_its_ticks_and_ends_a_tick_after_the_last(
    start, step, step_ms, span, direction
):
    limit = max(0, start - span) if direction == "forward" else start + span
    clock = ManualClock()
    auction = BiddingProtocol.with_rules(
        AuctionRules(direction=direction, start=start, step=step, step_s=step_ms / 1000, limit=limit),
        auction_type=AuctionType.DUTCH,
        clock=clock,
    )
    prices = [start]
    while prices[-1] != limit:
        moved = prices[-1] - step if direction == "forward" else prices[-1] + step
        prices.append(max(limit, moved) if direction == "forward" else min(limit, moved))
    for tick, price in enumerate(prices[:20]):
        clock.set(tick * step_ms / 1000)
        assert auction.current_price == price
        clock.set(((tick + 1) * step_ms - 1) / 1000)
        assert (auction.current_price, auction.active) == (price, True)
    clock.set(len(prices) * step_ms / 1000)
    assert not auction.active


def test_of_two_who_accept_at_once_one_has_it(store, clock):
    rules = AuctionRules(start=10, step=1, step_s=1)
    auction = BiddingProtocol.with_rules(
        rules, auction_type=AuctionType.DUTCH, store=store, clock=clock, auction_id="d"
    )
    clock.advance(3)
    takers = [BiddingProtocol.attached("d", store=store) for _ in range(8)]
    got = []
    together = threading.Barrier(8)

    def take(number: int) -> None:
        together.wait()
        if takers[number].submit_bid(f"a{number}", 8):
            got.append(f"a{number}")

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    assert (auction.resolve(), auction.result().price) == (got[0], 7.0)


def test_no_bid_of_a_crowd_is_lost(tmp_path):
    store = SqliteStore(tmp_path / "c.db")
    auction = BiddingProtocol.with_rules(AuctionRules(), store=store)
    threads = [threading.Thread(target=auction.submit_bid, args=(f"a{n}", n)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert auction.resolve() == "a11"
    assert len(auction.bids) == auction.rounds == 12
    store.close()


def test_a_plain_auction_is_opened_once_however_many_bid_first():
    auction = BiddingProtocol()
    stood = []
    together = threading.Barrier(8)

    def bid(number: int) -> None:
        together.wait()
        stood.append(auction.submit_bid(f"a{number}", number))

    threads = [threading.Thread(target=bid, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stood == [True] * 8
    assert auction.resolve() == "a7"


def test_bids_of_a_sealed_auction_are_kept_back_on_a_shared_store(store):
    shared = BiddingProtocol.with_rules(AuctionRules(), store=store)
    alone = BiddingProtocol()
    for auction in (shared, alone):
        auction.submit_bid("ann", 5)
        assert auction.current_price is None
    assert (shared.bids, shared.leader) == ({}, None)
    assert (alone.bids, alone.leader) == ({"ann": 5.0}, "ann")
    shared.resolve()
    assert (shared.bids, shared.leader, shared.current_price) == ({"ann": 5.0}, "ann", 5.0)


def test_an_auction_is_opened_once_and_joined_by_others(store):
    auction = BiddingProtocol.with_rules(AuctionRules(reserve=3), store=store, auction_id="x", lot={"n": 1})
    with pytest.raises(ExistsError, match="attached"):
        BiddingProtocol.with_rules(AuctionRules(), store=store, auction_id="x")
    with pytest.raises(StateError, match="no auction"):
        BiddingProtocol.attached("y", store=store)
    other = BiddingProtocol.attached("x", store=store)
    assert other.auction_type == "first_price_sealed_bid"
    assert other.submit_bid("ann", 4)
    assert auction.resolve() == "ann"
    with pytest.raises(StateError, match="another store"):
        auction.bind(store=store)
    store.delete("auc:x")
    with pytest.raises(StateError, match="deleted"):
        auction.resolve()


def test_a_plain_auction_moves_to_a_store_before_its_first_bid(store):
    auction = BiddingProtocol(AuctionType.ENGLISH).bind(store=store)
    assert auction.submit_bid("ann", 1, {"why": "hungry"})
    assert store.get(f"auc:{auction.auction_id}").bids["ann"].content == {"why": "hungry"}


@pytest.mark.parametrize(
    ("auction_type", "rules", "error"),
    [
        ("raffle", {}, ValueError),
        ("english", {"direction": "sideways"}, ValueError),
        ("english", {"start": "10"}, TypeError),
        ("english", {"increment": -1}, ValueError),
        ("english", {"reserve": float("nan")}, ValueError),
        ("english", {"reserve": 10**400}, ValueError),
        ("english", {"duration_s": -1}, ValueError),
        ("english", {"rebid": "always"}, ValueError),
        ("english", {"tie_break": "dice"}, ValueError),
        ("english", {"min_bidders": True}, TypeError),
        ("english", {"eligible": "ann"}, TypeError),
        ("english", {"seed": "x"}, TypeError),
        ("dutch", {}, ValueError),
        ("dutch", {"start": 1, "step": 0, "step_s": 1}, ValueError),
        ("dutch", {"start": 1, "step": 1, "step_s": 0.0001}, ValueError),
        ("dutch", {"start": 1, "step": 1, "step_s": 1, "limit": 2}, ValueError),
        ("dutch", {"start": 9, "step": 1, "step_s": 1, "limit": 2, "reserve": 3}, ValueError),
        ("dutch", {"start": 1, "step": 1, "step_s": 1, "direction": "reverse"}, ValueError),
    ],
)
def test_rules_that_make_no_sense_are_refused(auction_type, rules, error, store, kinds):
    with pytest.raises(error):
        BiddingProtocol.with_rules(AuctionRules(**rules), auction_type=auction_type, store=store)
    assert kinds() == []


def test_a_constructor_knows_its_types():
    for auction_type in TYPES:
        assert BiddingProtocol(auction_type).active
    with pytest.raises(ValueError, match="raffle"):
        BiddingProtocol("raffle")
    with pytest.raises(ValueError, match="with_rules"):
        BiddingProtocol("dutch")


def signals(store):
    return [signal_fields(event) for _, event in store.events(0)]


def test_a_sealed_auction_tells_no_amount_before_its_end(store, clock):
    counts = MetricsCollector()
    auction = BiddingProtocol.with_rules(
        AuctionRules(reserve=77, duration_s=5),
        auction_type=AuctionType.SECOND_PRICE_SEALED_BID,
        store=store,
        clock=clock,
        auction_id="x",
        lot={"gpu": 4},
        metrics=CoordinationMetrics(counts),
    )
    for agent, amount in (("ann", 81), ("bob", 93), ("cat", 55)):
        auction.submit_bid(agent, amount)
    before = str(signals(store))
    assert not any(amount in before for amount in ("77", "81", "93", "55"))
    auction.resolve()
    told = signals(store)
    assert "77" not in str(told)
    assert [type for type, _, _ in told] == [
        "TASK_OFFER",
        *["BID"] * 3,
        "TASK_AWARDED",
        *["TASK_DECLINED"] * 2,
    ]
    opened = told[0][2]
    assert opened["capabilities"] == ["coord.auction"]
    assert (opened["deadline_ms"], opened["input"]["lot"]) == (5000, {"gpu": 4})
    assert told[1][1:] == ("coord:ann", {"sealed": True, "accepted": True, "round": 1})
    assert told[4][1] == "coord:bob"
    assert told[4][2]["winning_bid"] == {"agent": "bob", "amount": 93.0, "cost": 81.0}
    assert [(to, payload["reason"]) for _, to, payload in told[5:]] == [
        ("coord:ann", "outbid"),
        ("coord:cat", "below_reserve"),
    ]
    events = [event for _, event in store.events(0)]
    assert [event.parent for event in events[4:]] == [events[2].id, events[1].id, events[3].id]
    assert counts.snapshot() == {"bid_accepted_total": 3, "auction_sold_total": 1}


def test_an_english_auction_tells_everything_but_the_reserve(store, clock):
    auction = BiddingProtocol.with_rules(
        AuctionRules(start=10, increment=5, reserve=888, duration_s=10, soft_close_s=2),
        auction_type=AuctionType.ENGLISH,
        store=store,
        clock=clock,
        auction_id="x",
    )
    auction.submit_bid("ann", 10)
    auction.submit_bid("bob", 11)
    clock.advance(9)
    auction.submit_bid("bob", 20)
    auction.resolve()
    auction.resolve()
    told = signals(store)
    assert "888" not in str(told)
    assert told[1][2] == {"cost": 10.0, "accepted": True, "round": 1}
    assert told[2] == (
        "MEMORY_APPEND",
        None,
        {
            "key": "coord/auction/x",
            "value": {"event": "bid_rejected", "agent": "bob", "reason": "below_increment"},
        },
    )
    assert told[4][2]["value"]["closes_ms"] == clock.now_ms() + 2000
    assert told[5:] == [("TASK_DECLINED", None, {"reason": "unsold:below_reserve"})]


def test_an_auction_that_is_called_off_says_so(store):
    auction = BiddingProtocol.with_rules(AuctionRules(), store=store)
    assert auction.cancel()
    assert signals(store)[-1] == ("TASK_DECLINED", None, {"reason": "cancelled"})
    assert (auction.status, auction.active, auction.result().reason) == ("cancelled", False, "cancelled")
