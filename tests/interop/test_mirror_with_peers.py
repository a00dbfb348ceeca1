"""A mirrored store among workers of ours and of released versions: they bid on nothing, do nothing, and go on working."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from cosmo_sdk import Signal, SignalType
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    BusAuctioneer,
    BusMirror,
    DelegationProtocol,
    ManualClock,
    MemoryStore,
    NegotiationProtocol,
    PoolManager,
    Task,
    TaskManager,
    VoteBook,
)
from tests.contracts.synapse import Inbox, all_delivered
from tests.interop.border import Border, PeerRoom

pytestmark = pytest.mark.peer

VERSIONS = ("0.1.4", "0.1.12", "0.1.14")

AGENTS = ("theirs", "ours")
"""Agents of the store, who are called like the Axons on the bus."""


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["ours", "theirs"])
async def talk(request, version, room: PeerRoom, places) -> AsyncIterator[Border]:
    """A namespace with a released worker and one of ours, on a bus of ours, then on one of theirs."""
    url, namespace = await places.url(request.param, version), f"mirror-{request.param}"
    room.forget()
    async with AsyncExitStack() as stack:
        border = Border(version, url, namespace, room, stack=stack)
        await border.they("work", neuron="theirs", capabilities=["echo", "coord"])
        await border.work("ours", "sum")
        yield border
    await room.do("leave", namespace=namespace)


def live_a_little(store: MemoryStore, mirror: BusMirror) -> None:
    """Something of everything there is, with agents who are called like the Axons."""
    bound = {"sink": mirror, "clock": ManualClock()}
    one, other = AGENTS
    pools = PoolManager(store).bind(**bound)
    pools.create_pool({"id": "pool"})
    pools.join_pool(one, "pool")
    tasks = TaskManager(store).bind(**bound)
    tasks.submit(Task("task", objective={"text": "do it"}, required_capabilities=["echo"]))
    tasks.claim(one, "task")
    tasks.report(one, "task", {"done": True})
    book = VoteBook(store).bind(**bound)
    book.open_vote("vote", eligible=list(AGENTS))
    for agent in AGENTS:
        book.cast("vote", agent, "yes")
    book.close("vote")
    for kind in ("first_price_sealed_bid", "second_price_sealed_bid", "english"):
        auction = BiddingProtocol.with_rules(
            AuctionRules(), auction_type=kind, store=store, lot={"text": "do it"}, **bound
        )
        for agent, amount in ((one, 3), (other, 4)):
            assert auction.submit_bid(agent, amount)
        assert auction.resolve() == other
    talks = NegotiationProtocol().bind(store=store, **bound)
    session_id = talks.create_session(one, [other], {"text": "do it"})
    talks.accept(session_id, other)
    # And what goes on.
    tasks.submit(Task("next", objective={"text": "do it"}, required_capabilities=["echo"]))
    book.open_vote("again", eligible=list(AGENTS))
    still = BiddingProtocol.with_rules(
        AuctionRules(), auction_type="english", store=store, lot={"text": "do it"}, **bound
    )
    assert still.submit_bid(one, 3)
    talks.create_session(one, [other], {"text": "do it"})
    DelegationProtocol().bind(store=store, **bound).delegate(one, other, ["echo"])


async def test_nobody_bids_or_works_because_of_a_mirror(talk: Border) -> None:
    desk = await talk.dendrite()
    passing = Inbox()
    await desk.synapse.subscribe(f"cosmonapse.{talk.namespace}.>", passing)
    store = MemoryStore()
    async with BusMirror(desk) as mirror:
        live_a_little(store, mirror)
        await mirror.flush()
        # How everything stands is told to whoever asks who is there; so do the released commands and screens.
        await desk.synapse.publish(f"cosmonapse.{talk.namespace}.DISCOVER", Signal(type=SignalType.DISCOVER))
        while sum(map(is_snapshot, passing.signals)) < 6:
            await passing.holds(len(passing.signals) + 1)
    told = [event.id for _, event in store.events(0)]
    assert len(told) > 25
    shown = {signal.id for signal in passing.signals if is_snapshot(signal)}
    # Everybody heard it by now, still listens, and bids and works when there is a reason to.
    for neuron, needed in (("theirs", "echo"), ("ours", "sum")):
        pathway = await desk.dispatch_offer(capabilities=[needed], input={"n": 1}, deadline_ms=3000)
        reply = await pathway.wait(timeout_s=15)
        assert (reply.neuron, reply.payload["output"]) == (neuron, {"echo": {"n": 1}})
    await all_delivered(desk.synapse)
    mirrored = [signal.id for signal in passing.signals if "coord" in signal.meta]
    assert [each for each in mirrored if each not in shown] == told
    assert caused_by(passing.signals, {*told, *shown}) == []
    done = [signal.neuron for signal in passing.signals if signal.type is SignalType.AGENT_OUTPUT]
    assert done == list(AGENTS)


def is_snapshot(signal: Signal) -> bool:
    return str(signal.meta.get("coord", {}).get("kind")).endswith(".snapshot")


def caused_by(signals: list[Signal], told: set[str]) -> list[Signal]:
    """What somebody said because of what the mirror told."""
    traces = {signal.trace_id for signal in signals if signal.id in told}
    return [
        signal
        for signal in signals
        if signal.id not in told and (signal.parent_id in told or signal.trace_id in traces)
    ]


async def test_released_workers_win_and_lose_at_the_second_price(talk: Border) -> None:
    desk = await talk.dendrite()
    await talk.they("work", neuron="cheap", capabilities=["price"], bid={"cost": 0.1})
    await talk.they("work", neuron="dear", capabilities=["price"], bid={"cost": 0.3})
    await talk.work("middling", "price", bid={"cost": 0.2})
    async with BusAuctioneer(desk) as auctioneer:
        pathway, result = await auctioneer.run(
            {"n": 1}, ["price"], deadline_ms=15_000, auction_type="second_price_sealed_bid", enough=3
        )
    assert (result.winner, result.price, result.runner_up) == ("cheap", 0.2, "middling")
    reply = await pathway.wait(timeout_s=15)
    assert (reply.neuron, reply.payload["output"]) == ("cheap", {"echo": {"n": 1}})
    assert (await talk.they_say("declined", who="dear"))["reason"] == "outbid"
