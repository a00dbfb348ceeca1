"""Auctions by the rules of coordination among real workers: who wins, what it is paid, and what everybody is told."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Axon, Dendrite, MemorySynapse, SignalType, connect_synapse
from cosmo_sdk.coordination import AuctionRules, BusAuctioneer
from cosmo_sdk.errors import PathwayClosedError, RoleError
from cosmo_sdk.testing import ManualClock
from tests.contracts.synapse import Inbox, all_delivered

SECOND = "second_price_sealed_bid"


class Floor:
    """A bus, workers with prices on it, and an auctioneer."""

    def __init__(self, stack, join):
        self.stack = stack
        self.join = join
        self.clock = ManualClock()
        self.told = Inbox()

    async def open(self, **options):
        synapse = await self.join()
        await synapse.subscribe("cosmonapse.dev.>", self.told)
        self.desk = await self.stack.enter_async_context(
            Dendrite(synapse=synapse, namespace="dev", heartbeat_s=0, **options)
        )
        self.auctioneer = await self.stack.enter_async_context(BusAuctioneer(self.desk, clock=self.clock))

    async def worker(self, name, price=None, **terms):
        """A worker; `price` is its cost, or makes it from the offer (None: no bid); without one it bids by itself."""

        async def work(input, context):
            return {"by": name, **input}

        dendrite = Dendrite(
            synapse=await self.join(), namespace="dev", dendrite_id=f"at-{name}", role="worker", heartbeat_s=0
        )
        dendrite.attach_axon(Axon(neuron_id=name, neuron_fn=work, capabilities=["sum"]))
        if price is not None:

            @dendrite.on_task_offer
            async def bid(offer):
                cost = price(offer) if callable(price) else price
                if cost is not None:
                    await dendrite.bid(offer, neuron=name, cost=cost, **terms)

        await self.stack.enter_async_context(dendrite)

    async def sell(self, *, window_ms=1000, **options):
        """In time that passes when nobody has anything to do."""
        return await self.clock.run(
            self.auctioneer.run({"n": 1}, ["sum"], options.pop("rules", None), window_ms, **options)
        )

    async def of(self, type):
        await all_delivered(self.desk.synapse)
        return [signal for signal in self.told.signals if signal.type is type]

    async def declined(self):
        return {
            signal.directed.id: signal.payload["reason"] for signal in await self.of(SignalType.TASK_DECLINED)
        }


@pytest.fixture
async def floor():
    async with AsyncExitStack() as stack:
        synapse = MemorySynapse()
        await synapse.connect()
        stack.push_async_callback(synapse.close)

        async def join():
            return synapse

        floor = Floor(stack, join)
        await floor.open()
        yield floor


async def test_the_second_price_is_what_the_next_best_asked_for(floor):
    for name, cost in (("ann", 0.3), ("bob", 0.1), ("cyd", 0.2)):
        await floor.worker(name, cost, eta_ms=40, confidence=0.9)
    pathway, result = await floor.sell(auction_type=SECOND)
    assert (result.winner, result.price, result.runner_up) == ("bob", 0.2, "cyd")
    assert result.bids == [("bob", 0.1), ("cyd", 0.2), ("ann", 0.3)]
    reply = await pathway.wait(timeout_s=10)
    assert (reply.neuron, reply.payload["output"]) == ("bob", {"by": "bob", "n": 1})
    [award] = await floor.of(SignalType.TASK_AWARDED)
    assert award.payload["winning_bid"] == {"cost": 0.1, "eta_ms": 40, "confidence": 0.9}
    assert award.payload["price"] == 0.2
    assert await floor.declined() == {"ann": "outbid", "cyd": "outbid"}


@pytest.mark.parametrize(
    ("tie_break", "seed", "winner"), [("earliest", 0, "zoe"), ("agent_id", 0, "ann"), ("random", 3, None)]
)
async def test_ties_go_as_the_rules_say_and_cost_the_same(floor, tie_break, seed, winner):
    for name in ("zoe", "ann"):
        await floor.worker(name, 0.5)
    rules = AuctionRules(tie_break=tie_break, seed=seed)
    _, result = await floor.sell(auction_type=SECOND, rules=rules)
    assert result.winner in ({winner} if winner else {"zoe", "ann"})
    assert result.price == 0.5


async def test_a_reserve_is_the_most_that_is_paid(floor):
    for name, cost in (("ann", 4), ("bob", 9)):
        await floor.worker(name, cost)
    _, result = await floor.sell(auction_type=SECOND, rules=AuctionRules(reserve=5))
    assert (result.winner, result.price) == ("ann", 5.0)
    assert await floor.declined() == {"bob": "below_reserve"}


async def test_what_nobody_does_cheaply_enough_is_not_sold(floor):
    await floor.worker("ann", 6)
    pathway, result = await floor.sell(rules=AuctionRules(reserve=5))
    assert (result.status, result.reason, result.winner) == ("unsold", "below_reserve", None)
    assert pathway.closed
    assert await floor.declined() == {"ann": "below_reserve"}
    assert await floor.of(SignalType.TASK_AWARDED) == []


async def test_without_bids_it_is_not_sold_either(floor):
    _, result = await floor.sell()
    assert (result.status, result.reason) == ("unsold", "no_bids")


def lowering(floor_price, step):
    """Goes down by `step` below what leads, but not below `floor_price`."""

    def price(offer):
        leading = offer.meta["coord"].get("leading")
        if leading is None:
            return 10.0
        return round(leading - step, 2) if leading - step >= floor_price else None

    return price


async def test_english_rounds_go_on_until_nobody_goes_lower(floor):
    await floor.worker("ann", lowering(6.0, 1.0))
    await floor.worker("bob", lowering(8.0, 1.0))
    pathway, result = await floor.sell(auction_type="english", rules=AuctionRules(increment=1))
    # Ann leads at 10 as the earlier of two, bob takes 9, ann 8, and bob may not go to 7.
    assert (result.winner, result.price, result.runner_up) == ("ann", 8.0, "bob")
    offers = await floor.of(SignalType.TASK_OFFER)
    assert [offer.meta["coord"]["round"] for offer in offers] == [1, 2, 3, 4]
    assert [offer.meta["coord"].get("min_next") for offer in offers] == [None, 9.0, 8.0, 7.0]
    assert {offer.trace_id for offer in offers} == {pathway.trace_id}
    assert {offer.parent_id for offer in offers[1:]} == {offers[0].id}
    assert (await pathway.wait(timeout_s=10)).neuron == "ann"


async def test_workers_that_know_no_rounds_take_part_in_the_first(floor):
    await floor.worker("ann", 3.0)
    await floor.worker("bob", 2.95)
    _, result = await floor.sell(auction_type="english", rules=AuctionRules(increment=0.1))
    assert (result.winner, result.price) == ("bob", 2.95)
    assert len(await floor.of(SignalType.TASK_OFFER)) == 2


async def test_what_workers_bid_by_themselves_counts_only_alone(floor):
    await floor.worker("free")
    _, alone = await floor.sell()
    assert (alone.winner, alone.price) == ("free", 0.0)
    await floor.worker("paid", 2)
    _, result = await floor.sell()
    assert (result.winner, result.price) == ("paid", 2.0)
    assert await floor.declined() == {"free": "outbid"}
    _, everybody = await floor.sell(rules=AuctionRules(ignore_auto_bids=False))
    assert everybody.winner == "free"


async def test_bids_that_cannot_be_weighed_or_may_not_win_are_told_so(floor):
    await floor.worker("odd", -1)
    await floor.worker("uninvited", 1)
    await floor.worker("ann", 2)
    _, result = await floor.sell(rules=AuctionRules(eligible=["ann", "odd"]))
    assert result.winner == "ann"
    assert await floor.declined() == {"odd": "invalid: cost is negative", "uninvited": "not_eligible"}


async def test_who_bids_late_is_told(floor):
    await floor.worker("ann", 1)
    await floor.sell()
    [offer] = await floor.of(SignalType.TASK_OFFER)
    async with Dendrite(synapse=floor.desk.synapse, namespace="dev", role="worker", heartbeat_s=0) as slow:
        bid = await slow.bid(offer, neuron="slow", cost=0.5)
        while not (told := await floor.of(SignalType.TASK_DECLINED)):
            pass
    assert [(each.parent_id, each.payload["reason"]) for each in told] == [(bid.id, "late")]


async def test_a_stop_ends_the_auction(floor):
    async def stopper(offer):
        await floor.desk.stop_trace(offer.trace_id, reason="enough")

    await floor.desk.synapse.subscribe("cosmonapse.dev.TASK_OFFER", stopper)
    with pytest.raises(PathwayClosedError):
        await floor.sell()
    assert await floor.of(SignalType.TASK_AWARDED) == []


async def test_workers_and_senseless_auctions_are_refused(floor):
    with pytest.raises(ValueError, match="no Dutch"):
        await floor.sell(auction_type="dutch")
    with pytest.raises(ValueError, match="must be positive"):
        await floor.sell(window_ms=0)
    worker = BusAuctioneer(Dendrite(synapse=floor.desk.synapse, namespace="dev", role="worker"))
    with pytest.raises(RoleError):
        await worker.run({})


async def test_the_same_over_a_real_bus():
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(running_bus())

        async def join():
            synapse = await connect_synapse(bus.url)
            stack.push_async_callback(synapse.close)
            return synapse

        floor = Floor(stack, join)
        await floor.open()
        for name, cost in (("ann", 0.3), ("bob", 0.1), ("cyd", 0.2)):
            await floor.worker(name, cost)
        auctioneer = await stack.enter_async_context(BusAuctioneer(floor.desk))
        pathway, result = await auctioneer.run({"n": 2}, ["sum"], None, 20_000, auction_type=SECOND, enough=3)
        assert (result.winner, result.price) == ("bob", 0.2)
        assert (await pathway.wait(timeout_s=10)).payload["output"] == {"by": "bob", "n": 2}
