"""An auction while a gate holds some of it: the window stands still, so it decides as it would have."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_bus.facts import Where
from cosmo_sdk import SignalType
from cosmo_sdk.dendrite._pacing import FIRST_OFFERS, PATIENCE
from cosmo_sdk.errors import NoBids
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import open_room


@pytest.fixture
async def room():
    async with open_room() as opened:
        yield opened


async def work(input, context):
    return {"done": True}


async def test_a_window_stands_still_while_bids_are_held_and_runs_on_afterwards(room):
    await room.bidder("dear", work, cost=2.0)
    await room.bidder("cheap", work, cost=1.0)
    desk = await room.dendrite()
    gates = room.synapse.gates
    await gates.set("g", subject="cosmonapse.room.>", where=Where(type="BID"))
    offering = asyncio.ensure_future(
        desk.dispatch_offer(input={}, capabilities=["summarize"], deadline_ms=100, select="lowest_cost")
    )
    await settle()
    await room.clock.advance(60.0)
    assert not offering.done()
    held = (await gates.state()).held
    assert [hold.neuron for hold in held] == ["dear", "cheap"]
    await gates.step("g", 2)
    await settle()
    assert not offering.done()
    await room.clock.advance(0.099)
    assert not offering.done()
    await room.clock.advance(0.002)
    pathway = await offering
    assert [award.neuron for award in room.of(SignalType.TASK_AWARDED)] == ["cheap"]
    await pathway.close()


async def test_time_that_ran_before_a_hold_counts(room):
    desk = await room.dendrite()
    offering = asyncio.ensure_future(desk.dispatch_offer(input={}, capabilities=["x"], deadline_ms=100))
    await settle()
    await room.clock.advance(0.08)
    offer = room.of(SignalType.TASK_OFFER)[0]
    await room.synapse.gates.set("g", subject="cosmonapse.room.>")
    await room.synapse.publish("cosmonapse.room.PLAN", offer.reply(SignalType.PLAN, {"steps": []}))
    await room.clock.advance(5.0)
    assert not offering.done()
    await room.synapse.gates.clear("g")
    await settle()
    await room.clock.advance(0.019)
    assert not offering.done()
    await room.clock.advance(0.002)
    with pytest.raises(NoBids):
        await offering


async def test_an_offer_that_is_held_itself_gets_its_whole_window_once_it_is_out(room):
    await room.bidder("only", work, cost=1.0)
    desk = await room.dendrite()
    await room.synapse.gates.set("g", subject="cosmonapse.room.>", where=Where(type="TASK_OFFER"))
    offering = asyncio.ensure_future(
        desk.dispatch_offer(input={}, capabilities=["summarize"], deadline_ms=50)
    )
    await settle()
    await room.clock.advance(10.0)
    assert room.of(SignalType.BID) == []
    await room.synapse.gates.step("g")
    pathway = await offering
    assert [award.neuron for award in room.of(SignalType.TASK_AWARDED)] == ["only"]
    await pathway.close()


async def test_a_trace_that_is_not_held_runs_as_ever(room):
    desk = await room.dendrite()
    await room.synapse.gates.set("g", subject="cosmonapse.room.>", where=Where(trace_id="trc_other"))
    offering = asyncio.ensure_future(desk.dispatch_offer(input={}, capabilities=["x"], deadline_ms=100))
    await settle()
    await room.clock.advance(0.1)
    with pytest.raises(NoBids):
        await offering


async def test_held_offers_keep_nobody_else_waiting(room):
    await room.bidder("only", work, cost=1.0)
    desk = await room.dendrite()
    await room.synapse.gates.set("g", subject="cosmonapse.room.>", where=Where(type="BID"))
    stuck = [
        asyncio.ensure_future(desk.dispatch_offer(input={}, capabilities=["summarize"], deadline_ms=50))
        for _ in range(2 * FIRST_OFFERS)
    ]
    await settle()
    assert len(room.of(SignalType.TASK_OFFER)) == 2 * FIRST_OFFERS
    await room.synapse.gates.clear("g")
    for pathway in await asyncio.gather(*stuck):
        await pathway.close()


async def test_no_offer_waits_for_ever_for_others_that_nobody_answers(room):
    desk = await room.dendrite()
    slow = [
        asyncio.ensure_future(desk.dispatch_offer(input={}, capabilities=["x"], deadline_ms=60_000))
        for _ in range(FIRST_OFFERS)
    ]
    await settle()
    late = asyncio.ensure_future(desk.dispatch_offer(input={}, capabilities=["x"], deadline_ms=100))
    await settle()
    await room.clock.advance(0.1 * PATIENCE)
    assert len(room.of(SignalType.TASK_OFFER)) == FIRST_OFFERS + 1
    await room.clock.advance(0.1)
    with pytest.raises(NoBids):
        await late
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
