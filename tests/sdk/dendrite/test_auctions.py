"""Offers, bids and awards: who wins, who is told, what never wins."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from cosmo_sdk import (
    AutoBid,
    Axon,
    Dendrite,
    Directed,
    MemorySynapse,
    NoBids,
    PathwayStopped,
    Signal,
    SignalType,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room


async def work(input, context):
    return {"ok": True}


async def offer(room: Room, orchestrator: Any, **options: Any) -> Any:
    """Dispatch an offer and let its whole window pass."""
    options = {"input": {"text": "x"}, "capabilities": ["summarize"], "deadline_ms": 250, **options}
    pending = asyncio.ensure_future(orchestrator.dispatch_offer(**options))
    await room.clock.advance(options["deadline_ms"] / 1000)
    return await pending


@pytest.mark.parametrize(
    ("select", "winner"), [("first_bid", "a"), ("lowest_cost", "b"), ("highest_confidence", "c")]
)
async def test_each_strategy_picks_its_winner(room: Room, select: str, winner: str):
    await room.bidder("a", work, cost=0.5, confidence=0.5)
    await room.bidder("b", work, cost=0.1, confidence=0.4)
    await room.bidder("c", work, cost=0.9, confidence=0.9)
    orchestrator = await room.dendrite()
    pathway = await offer(room, orchestrator, select=select)
    reply = await pathway.wait(1)
    assert reply.neuron == winner
    (award,) = room.of(SignalType.TASK_AWARDED)
    assert reply.parent_id == award.id
    bid = next(signal for signal in room.of(SignalType.BID) if signal.neuron == winner)
    assert award.parent_id == bid.id
    assert award.payload["winning_bid"] == bid.payload
    await settle()
    assert sorted(signal.neuron or "" for signal in room.of(SignalType.TASK_DECLINED)) == sorted(
        {"a", "b", "c"} - {winner}
    )
    # What somebody waits for goes first.
    kinds = room.kinds(reply.trace_id)
    assert kinds.index("TASK_AWARDED") < kinds.index("TASK_DECLINED")


async def test_a_tie_goes_to_the_earliest(room: Room):
    await room.bidder("a", work, cost=0.5)
    await room.bidder("b", work, cost=0.5)
    pathway = await offer(room, await room.dendrite(), select="lowest_cost")
    assert (await pathway.wait(1)).neuron == "a"


async def test_nobody_bids(room: Room):
    orchestrator = await room.dendrite()
    with pytest.raises(NoBids, match="no BID arrived within 250ms") as caught:
        await offer(room, orchestrator, select="lowest_cost")
    assert isinstance(caught.value, TimeoutError)
    assert room.of(SignalType.TASK_AWARDED) == []


async def test_terminal_scope_brings_the_winner_to_a_final(room: Room):
    await room.bidder("a", work, cost=1)
    pathway = await offer(room, await room.dendrite(), scope="terminal")
    assert (await pathway.wait(1)).type is SignalType.FINAL


@pytest.mark.parametrize(
    "payload",
    [{"cost": None}, {"cost": "cheap"}, {"cost": -1}, {"cost": True}, {"cost": 0.1, "confidence": "very"}],
    ids=str,
)
async def test_an_invalid_bid_never_wins(room: Room, payload: dict[str, Any]):
    await room.bidder("honest", work, cost=5, confidence=0.1)
    rogue = await room.dendrite("rogue", auto_bid=False)

    @rogue.on_task_offer
    async def bid(made: Signal) -> None:
        await rogue.publish(made.reply(SignalType.BID, payload, Directed(id="rogue")))

    await settle()
    pathway = await offer(room, await room.dendrite(), select="lowest_cost")
    assert (await pathway.wait(1)).neuron == "honest"


async def test_an_anonymous_bid_is_passed_over(room: Room):
    rogue = await room.dendrite("rogue", auto_bid=False)

    @rogue.on_task_offer
    async def bid(made: Signal) -> None:
        await rogue.publish(made.reply(SignalType.BID, {"cost": 0}, Directed()))

    await settle()
    with pytest.raises(NoBids, match="1 invalid"):
        await offer(room, await room.dendrite(), select="lowest_cost")


async def test_the_latest_bid_of_a_neuron_replaces_its_earlier_one(room: Room):
    worker = await room.worker("a", work, "summarize")

    @worker.on_task_offer
    async def haggle(made: Signal) -> None:
        await worker.bid(made, neuron="a", cost=0.1)
        await worker.bid(made, neuron="a", cost=0.9)

    await room.bidder("b", work, cost=0.5)
    pathway = await offer(room, await room.dendrite(), select="lowest_cost")
    assert (await pathway.wait(1)).neuron == "b"
    await settle()
    assert [signal.neuron for signal in room.of(SignalType.TASK_DECLINED)] == ["a"]


async def test_a_late_bid_is_declined_as_late(room: Room):
    await room.bidder("a", work, cost=1)
    orchestrator = await room.dendrite()
    pathway = await offer(room, orchestrator)
    (made,) = room.of(SignalType.TASK_OFFER)
    latecomer = await room.dendrite("late", auto_bid=False)
    await latecomer.bid(made, neuron="late", cost=0)
    await settle()
    declined = [signal for signal in room.of(SignalType.TASK_DECLINED) if signal.neuron == "late"]
    assert [signal.payload for signal in declined] == [{"reason": "late"}]
    await pathway.close()


async def test_a_bid_for_another_offer_does_not_count(room: Room):
    orchestrator = await room.dendrite()
    rogue = await room.dendrite("rogue", auto_bid=False)

    @rogue.on_task_offer
    async def bid(made: Signal) -> None:
        elsewhere = Signal(
            type=SignalType.BID,
            trace_id=made.trace_id,
            parent_id="evt_other",
            directed=Directed(id="rogue"),
            payload={"cost": 0},
        )
        await rogue.publish(elsewhere)

    await settle()
    with pytest.raises(NoBids):
        await offer(room, orchestrator, select="lowest_cost")


async def test_the_default_bidder_bids_for_whoever_covers_the_offer(room: Room):
    await room.worker("quiet", work, "summarize")
    await room.worker("other", work, "translate")
    pathway = await offer(room, await room.dendrite())
    assert (await pathway.wait(1)).neuron == "quiet"
    (bid,) = room.of(SignalType.BID)
    assert bid.payload == {"cost": 0.0, "confidence": 1.0}
    assert bid.meta["auto_bid"] is True


async def test_of_two_hosts_of_one_neuron_only_the_one_that_bid_serves(room: Room):
    runs: list[str] = []

    def host(name: str) -> Any:
        async def run(input, context):
            runs.append(name)
            return {}

        return run

    await room.worker("twin", host("silent"), "elsewhere")
    await room.bidder("twin", host("bidding"), cost=1)
    pathway = await offer(room, await room.dendrite())
    await pathway.wait(1)
    await settle()
    assert runs == ["bidding"]


async def test_a_stop_during_the_window_ends_the_auction(room: Room):
    await room.bidder("a", work, cost=1)
    orchestrator = await room.dendrite()
    pending = asyncio.ensure_future(
        orchestrator.dispatch_offer(input={}, deadline_ms=250, select="lowest_cost", trace_id="trc_x")
    )
    await room.clock.advance(0.1)
    await orchestrator.stop_trace("trc_x")
    await settle()
    with pytest.raises(PathwayStopped):
        await pending
    assert room.of(SignalType.TASK_AWARDED) == []


async def test_an_unknown_strategy_is_refused(room: Room):
    orchestrator = await room.dendrite()
    with pytest.raises(ValueError, match="lowest_cost"):
        await orchestrator.dispatch_offer(input={}, select="cheapest")  # type: ignore[arg-type]


async def test_the_award_carries_context_and_the_neuron_gets_it(room: Room):
    contexts: list[Any] = []

    async def fetch(reference: str) -> list[Any]:
        return [reference]

    async def look(input, context):
        contexts.append(context)
        return {}

    axon = Axon(neuron_id="a", neuron_fn=look, capabilities=["summarize"], context_fetcher=fetch)
    await room.dendrite("w", role="worker", axons=[axon])
    pathway = await offer(room, await room.dendrite(), context_ref="ctx://kb/1")
    await pathway.wait(1)
    assert contexts == [["ctx://kb/1"]]


async def test_no_bid_is_lost_to_a_producer_that_is_behind():
    """On the real clock: the loop is blocked for longer than the window, by others."""
    synapse = MemorySynapse()
    async with (
        Dendrite(synapse=synapse, heartbeat_s=0) as orchestrator,
        Dendrite(synapse=synapse, role="worker", heartbeat_s=0) as worker,
    ):
        await worker.add_axon(Axon(neuron_id="a", neuron_fn=work, capabilities=["x"]))

        @worker.on_task_offer
        async def respond(made: Signal) -> None:
            # What a burst of other work does to a loop, three turns long.
            for _ in range(3):
                time.sleep(0.02)  # noqa: ASYNC251 - blocking the loop is the point
                await asyncio.sleep(0)
            await worker.bid(made, neuron="a", cost=1)

        await settle()
        pathway = await orchestrator.dispatch_offer(
            input={}, capabilities=["x"], deadline_ms=10, select="lowest_cost"
        )
        assert (await pathway.wait(5)).neuron == "a"
    await synapse.close()


async def test_a_host_says_what_its_axons_bid_by_default(room: Room):
    await room.worker("cheap", work, "summarize", auto_bid=AutoBid(cost=0.2, eta_ms=90, confidence=None))
    axons = [
        Axon(neuron_id=name, neuron_fn=work, capabilities=["summarize"]) for name in ("shy", "dear", "later")
    ]
    terms = {"dear": AutoBid(cost=0.9, confidence=0.7), "later": AutoBid()}
    await room.dendrite("market", role="worker", axons=axons, auto_bid=terms)
    pathway = await offer(room, await room.dendrite(), select="highest_confidence")
    assert (await pathway.wait(1)).neuron == "dear"
    assert {bid.neuron: bid.payload for bid in room.of(SignalType.BID)} == {
        "cheap": {"cost": 0.2, "eta_ms": 90},
        "dear": {"cost": 0.9, "confidence": 0.7},
    }
    assert all(bid.meta["auto_bid"] is True for bid in room.of(SignalType.BID))


@pytest.mark.parametrize(
    "terms", [{"cost": -1.0}, {"cost": float("nan")}, {"confidence": float("inf")}], ids=str
)
def test_terms_that_could_never_win_are_refused(terms: dict[str, Any]):
    with pytest.raises(ValueError, match="can never win"):
        AutoBid(**terms)


async def test_whoever_makes_a_hopeless_bid_is_warned(room: Room, caplog: pytest.LogCaptureFixture):
    await room.bidder("a", work, cost=-1)
    with pytest.raises(NoBids, match="1 invalid"):
        await offer(room, await room.dendrite(), select="lowest_cost")
    assert "can never win: cost is negative" in caplog.text
