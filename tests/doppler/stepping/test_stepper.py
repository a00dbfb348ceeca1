"""Breaks on a real bus, with real producers and bidders."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosmo_doppler.errors import SteppingError
from cosmo_doppler.stepping import stepper as stepping
from cosmo_sdk import Signal, SignalType
from tests.doppler.stepping.gates import AtTheGates, gates_at


def offer(floor, **kw):
    return asyncio.create_task(
        floor.producer.dispatch_offer(
            input={"text": "add"}, capabilities=["sum"], deadline_ms=150, select="lowest_cost", **kw
        )
    )


async def winner_of(floor, offering):
    pathway = await offering
    award = await pathway.wait_for(SignalType.TASK_AWARDED, timeout_s=10)
    await pathway.close()
    return award.neuron


async def test_an_edited_bid_wins_the_auction_it_would_have_lost(on_the_floor):
    async with on_the_floor(ada=0.4, bob=0.2) as floor:
        await floor.stepper.set_break("type:BID")
        offering = offer(floor)
        held = await floor.held(2)
        ada = next(each for each in held if each.header.who == "ada")
        frame = json.loads(ada.frame)
        frame["payload"]["cost"] = 0.1
        for each in held:
            if each is ada:
                await floor.stepper.send(each.hold_id, json.dumps(frame).encode())
            else:
                await floor.stepper.release(each.hold_id)
        assert await winner_of(floor, offering) == "ada"


async def test_a_dropped_bid_never_arrives(on_the_floor):
    async with on_the_floor(ada=0.4, bob=0.2) as floor:
        await floor.stepper.set_break("type:BID")
        offering = offer(floor)
        for each in await floor.held(2):
            await (floor.stepper.drop if each.header.who == "bob" else floor.stepper.release)(each.hold_id)
        assert await winner_of(floor, offering) == "ada"
        assert floor.kinds().count("BID") == 1


async def test_what_the_bus_cannot_judge_goes_at_once_and_in_order(on_the_floor):
    async with on_the_floor() as floor:
        broken = await floor.stepper.set_break("cost<0.3")
        assert broken.scope.wide
        bids = [
            Signal(type=SignalType.BID, trace_id="trc_ONE", payload={"cost": cost})
            for cost in (0.5, 0.4, 0.2, 0.6)
        ]
        await floor.publish(*bids)
        (held,) = await floor.held()
        assert held.header.id == bids[2].id
        await floor.until(lambda: floor.stepper.book.behind(held) == 1)
        await floor.until(lambda: floor.kinds().count("BID") == 2)
        await floor.stepper.release(held.hold_id)
        await floor.until(lambda: floor.kinds().count("BID") == 4)
        went = [json.loads(frame)["id"] for subject, frame in floor.seen if subject.endswith(".BID")]
        assert went == [bid.id for bid in bids]
        assert (broken.held, broken.passed) == (1, 3)


async def test_of_one_trace_the_oldest_is_decided_first(on_the_floor):
    async with on_the_floor() as floor:
        await floor.stepper.set_break("type:BID")
        await floor.publish(*(Signal(type=SignalType.BID, trace_id="trc_ONE", payload={}) for _ in range(2)))
        first, second = await floor.held(2)
        with pytest.raises(SteppingError, match="BID of the same trace is held before it"):
            await floor.stepper.release(second.hold_id)
        assert await floor.stepper.step() == first.hold_id
        await floor.stepper.step()
        await floor.until(lambda: floor.kinds().count("BID") == 2)


async def test_a_delayed_signal_goes_by_itself(on_the_floor):
    async with on_the_floor() as floor:
        await floor.stepper.set_break("type:BID")
        await floor.publish(Signal(type=SignalType.BID, trace_id="trc_ONE", payload={}))
        (held,) = await floor.held()
        await floor.stepper.delay(held.hold_id, 0.05)
        await floor.until(lambda: floor.kinds().count("BID") == 1)
        assert len(floor.stepper.book) == 0
        told = [json.loads(frame) for subject, frame in floor.seen if subject.startswith("_gate.")]
        assert [each["event"] for each in told] == ["set", "held", "delayed", "released"]
        assert (told[2]["hold"], told[2]["delay_ms"]) == (held.hold_id, 50)


async def test_one_call_lets_everything_go_and_leaves_no_gate(on_the_floor):
    async with on_the_floor() as floor:
        await floor.stepper.set_break("type:BID")
        await floor.stepper.set_break("type:TASK cost>0")
        await floor.publish(
            *(Signal(type=SignalType.BID, trace_id=f"trc_{n}", payload={}) for n in range(20))
        )
        await floor.held(20)
        assert await floor.stepper.release_all() == 20
        await floor.until(lambda: floor.kinds().count("BID") == 20)
        assert not floor.stepper.book.breaks
        assert await gates_at(floor.url) == []


async def test_a_signal_somebody_decided_about_is_not_held_by_a_second_break(on_the_floor):
    async with on_the_floor() as floor:
        await floor.stepper.set_break("type:BID")
        await floor.stepper.set_break("cost<1")
        await floor.publish(Signal(type=SignalType.BID, trace_id="trc_ONE", payload={"cost": 0.1}))
        (held,) = await floor.held()
        await floor.stepper.release(held.hold_id)
        await floor.until(lambda: floor.kinds().count("BID") == 1)
        assert len(floor.stepper.book) == 0


async def test_a_gate_that_opened_by_itself_says_so(on_the_floor):
    async with on_the_floor() as floor:
        broken = await floor.stepper.set_break("type:BID", max_hold_s=0.1)
        await floor.publish(Signal(type=SignalType.BID, trace_id="trc_ONE", payload={}))
        await floor.until(lambda: broken.ended)
        assert broken.ended == "opened by itself: held too long"
        assert not broken.on
        assert floor.stepper.book.take_sayings() == [
            "Break type:BID opened by itself: held too long; what it held went on"
        ]
        await floor.stepper.switch_on(broken.number)
        assert broken.on


async def test_whoever_edits_is_given_more_time(on_the_floor):
    async with on_the_floor() as floor:
        broken = await floor.stepper.set_break("type:BID", max_hold_s=20)
        await floor.publish(Signal(type=SignalType.BID, trace_id="trc_ONE", payload={}))
        (held,) = await floor.held()
        await floor.stepper.lend(held.hold_id)
        assert broken.limit_s == stepping.EDIT_HOLD_S
        assert [gate.max_hold_s for gate in await gates_at(floor.url)] == [stepping.EDIT_HOLD_S]
        await floor.stepper.hand_back(held.hold_id)
        await floor.stepper.release(held.hold_id)
        await floor.until(lambda: broken.limit_s == 20)


async def test_a_break_that_holds_too_much_in_vain_lets_everything_go(on_the_floor, monkeypatch):
    monkeypatch.setattr(stepping, "MOST_PASSED", 50)
    async with on_the_floor() as floor:
        broken = await floor.stepper.set_break("cost<0")
        await floor.publish(
            *(Signal(type=SignalType.BID, trace_id=f"trc_{n}", payload={"cost": 1}) for n in range(200))
        )
        await floor.until(lambda: broken.ended)
        assert "in vain" in broken.ended
        await floor.until(lambda: floor.kinds().count("BID") == 200)


async def test_a_break_that_holds_too_much_lets_everything_go(on_the_floor, monkeypatch):
    monkeypatch.setattr(stepping, "MOST_HELD", 10)
    async with on_the_floor() as floor:
        broken = await floor.stepper.set_break("type:BID")
        await floor.publish(
            *(Signal(type=SignalType.BID, trace_id=f"trc_{n}", payload={}) for n in range(30))
        )
        await floor.until(lambda: broken.ended)
        await floor.until(lambda: floor.kinds().count("BID") == 30)
        assert len(floor.stepper.book) == 0


async def test_what_somebody_else_decides_is_noticed(on_the_floor):
    async with on_the_floor() as floor:
        await floor.stepper.set_break("type:TASK")
        await floor.publish(Signal(type=SignalType.TASK, payload={"input": {}}))
        (held,) = await floor.held()
        async with AtTheGates(floor.url) as gates:
            await gates.drop(held.hold_id)
        await floor.until(lambda: len(floor.stepper.book) == 0)


async def test_nonsense_is_refused_in_words(on_the_floor):
    async with on_the_floor() as floor:
        with pytest.raises(SteppingError, match="unknown type"):
            await floor.stepper.set_break("type:BIT")
        assert not floor.stepper.book.breaks
        with pytest.raises(SteppingError, match="nothing is held"):
            await floor.stepper.step()
        with pytest.raises(SteppingError, match="held no more"):
            await floor.stepper.release("h999")
