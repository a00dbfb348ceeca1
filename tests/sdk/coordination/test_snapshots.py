"""How everything stands, for whoever came later: when it is said, what it says, and what it never says."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Dendrite, Signal, SignalType, connect_synapse
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    BusMirror,
    DelegationProtocol,
    Event,
    MemoryStore,
    NegotiationProtocol,
    PoolManager,
    Task,
    TaskManager,
    VoteBook,
)
from cosmo_sdk.coordination._mirror_rounds import EVERY_S, LEAST_S
from cosmo_sdk.coordination._mirrored import MOST_BYTES
from cosmo_sdk.coordination.public import OVER, live, public
from cosmo_sdk.testing.clock import ManualClock as LoopClock
from tests.contracts.synapse import Inbox
from tests.sdk.coordination.mirrors import AT_ONCE


@pytest.fixture
async def standing(synapse):
    """An inbox of snapshots alone."""
    inbox = Inbox()

    async def take(signal):
        if signal.meta.get("coord", {}).get("kind", "").endswith(".snapshot"):
            await inbox(signal)

    await synapse.subscribe("cosmonapse.dev.CONTEXT_SYNC", take)
    return inbox


def mirror_on(synapse, time=None, **options):
    dendrite = Dendrite(synapse=synapse, namespace="dev", role="worker")
    return BusMirror(dendrite, backoff=AT_ONCE, clock=time or LoopClock(), **options)


def snapshots(inbox):
    return {
        (said["coord"], said["id"]): said for said in (signal.payload["snapshot"] for signal in inbox.signals)
    }


async def discover(synapse, **payload):
    await synapse.publish("cosmonapse.dev.DISCOVER", Signal(type=SignalType.DISCOVER, payload=payload))


def one_of_each(store, clock, **bound):
    """An object of each kind that goes on, and one that has ended."""
    bound = {"clock": clock, **bound}
    pools = PoolManager(store).bind(**bound)
    pools.create_pool({"id": "crew", "governance": {"quorum": "1/2"}})
    pools.join_pool("ann", "crew")
    tasks = TaskManager(store).bind(**bound)
    for name in ("waits", "held", "done"):
        tasks.submit(Task(name, objective={"what": name}, constraints={"claim_ttl_sec": 60}, priority=2))
    tasks.claim("ann", "held")
    tasks.claim("ann", "done")
    tasks.report("ann", "done", 1)
    book = VoteBook(store).bind(**bound)
    book.open_vote("open", options=["yes", "no"], eligible=["ann", "bob"], quorum="majority")
    book.cast("open", "ann", "yes")
    book.open_vote("quiet", secret=True)
    book.cast("quiet", "bob", "ballot-of-bob")
    book.open_vote("over")
    book.close("over")
    talks = NegotiationProtocol().bind(store=store, **bound)
    talk = talks.create_session("ann", ["bob"], {"price": 1})
    talks.propose(talk, "bob", {"price": 2})
    talks.reject(talks.create_session("ann", ["bob"], "no"), "bob")
    sealed = BiddingProtocol.with_rules(
        AuctionRules(reserve=4711.0625, duration_s=60),
        auction_type="second_price_sealed_bid",
        store=store,
        auction_id="sealed",
        **bound,
    )
    sealed.submit_bid("bob", 5813.0625, {"secret": "why-bob-bids"})
    english = BiddingProtocol.with_rules(
        AuctionRules(reserve=9241.0625, increment=5),
        auction_type="english",
        store=store,
        auction_id="english",
        **bound,
    )
    english.submit_bid("ann", 10)
    english.submit_bid("bob", 15)
    grants = DelegationProtocol().bind(store=store, **bound)
    first = grants.delegate("ann", "bob", ["topic:*"], max_depth=1)
    grants.delegate("bob", "cid", ["topic:a"], parent_id=first)
    ended = grants.delegate("ann", "dan", ["topic:*"], max_depth=1)
    grants.delegate("dan", "eve", ["topic:a"], parent_id=ended)
    grants.revoke(ended)
    return talk


async def test_whoever_asks_who_is_there_is_told_how_everything_stands(synapse, standing, store, clock):
    talk = one_of_each(store, clock)
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        assert standing.signals == []
        await discover(synapse)
        await standing.holds(10)
        await mirror.flush()
    said = snapshots(standing)
    assert mirror.snapshots == len(said) == 10
    held = said["task", "held"]
    assert (held["state"], held["agent"], held["attempt"]) == ("assigned", "ann", 1)
    assert held["lease_ms"] == clock.now_ms() + 60_000
    assert held["objective"] == {"what": "held"}
    assert said["task", "waits"]["state"] == "pending"
    assert ("task", "done") not in said
    assert ("vote", "over") not in said
    assert (said["pool", "crew"]["agents"], said["pool", "crew"]["size"]) == (["ann"], 1)
    assert said["vote", "open"]["votes"] == {"ann": "yes"}
    ladder = said["negotiation", talk]
    assert [(step["round"], step["agent"], step["content"]) for step in ladder["history"]] == [
        (1, "ann", {"price": 1}),
        (2, "bob", {"price": 2}),
    ]
    assert ladder["state"] == "countered"
    assert said["auction", "english"]["bids"] == [
        {"agent": "ann", "amount": 10.0},
        {"agent": "bob", "amount": 15.0},
    ]
    assert said["auction", "sealed"]["bids"] == [{"agent": "bob", "sealed": True}]
    assert {each["delegatee"] for (kind, _), each in said.items() if kind == "delegation"} == {"bob", "cid"}


async def test_nothing_that_is_kept_back_is_in_a_snapshot(synapse, standing, store, clock):
    one_of_each(store, clock)
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await discover(synapse)
        await standing.holds(10)
    said = "".join(signal.encode().decode() for signal in standing.signals)
    for secret in ("4711.0625", "5813.0625", "why-bob-bids", "9241.0625", "ballot-of-bob", "reserve"):
        assert secret not in said
    assert snapshots(standing)["vote", "quiet"]["voters"] == ["bob"]
    assert "votes" not in snapshots(standing)["vote", "quiet"]


async def test_a_snapshot_belongs_to_its_object_and_bears_the_revision_it_is_of(
    synapse, standing, store, clock
):
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("t"))
    tasks.claim("ann", "t")
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await discover(synapse)
        await standing.holds(1)
    [signal] = standing.signals
    [(_, submitted), _] = store.events(0)
    assert (signal.type, signal.directed) == (SignalType.CONTEXT_SYNC, None)
    assert (signal.trace_id, signal.parent_id) == (submitted.trace_id, submitted.id)
    assert signal.payload["version"] == "2"
    assert signal.meta["coord"] == {
        "v": 1,
        "kind": "task.snapshot",
        "subject": "t",
        "rev": 2,
        "store": store.store_id,
        "mode": "mirror",
    }


async def test_every_half_minute_it_is_said_again(synapse, standing, store, clock):
    TaskManager(store).bind(clock=clock).submit(Task("t"))
    time = LoopClock()
    mirror = mirror_on(synapse, time)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        for count in (1, 2, 3):
            await time.advance(EVERY_S)
            await standing.holds(count)
    assert len(standing.signals) == 3


async def test_a_mirror_that_goes_on_where_another_left_off_says_how_everything_stands(
    synapse, standing, store, clock
):
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("t"))
    first = mirror_on(synapse)
    first.attach(store)
    async with first:
        await first.flush()
    assert first.snapshots == 0
    second = mirror_on(synapse)
    second.attach(store)
    async with second:
        await standing.holds(1)
    assert standing.signals[0].payload["snapshot"]["id"] == "t"


async def test_a_large_store_is_told_of_less_often(synapse, standing, clock):
    store = MemoryStore(clock)
    tasks = TaskManager(store).bind(clock=clock)
    for number in range(4_000):
        tasks.submit(Task(f"t{number}"))
    time = LoopClock()
    mirror = mirror_on(synapse, time, poll_s=0.01)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await time.advance(EVERY_S)
        await standing.holds(4_000)
        await mirror.flush()
        # 4,000 at 100 a second are 40 seconds.
        await time.advance(EVERY_S)
        await mirror.flush()
        assert mirror.snapshots == 4_000
        await time.advance(10)
        await standing.holds(8_000)
        # Who asks waits for as long as 1,000 a second take.
        await time.advance(3)
        await discover(synapse)
        await mirror.flush()
        assert mirror.snapshots == 8_000
        await time.advance(1)
        await standing.holds(12_000)


async def test_a_crowd_that_asks_is_answered_once(synapse, standing, store, clock):
    TaskManager(store).bind(clock=clock).submit(Task("t"))
    time = LoopClock()
    mirror = mirror_on(synapse, time, poll_s=0.01)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        for _ in range(20):
            await discover(synapse)
        await standing.holds(1)
        await discover(synapse)
        await mirror.flush()
        assert len(standing.signals) == 1
        # Who asked too soon is answered a little later.
        await time.advance(LEAST_S)
        await standing.holds(2)


async def test_whoever_looks_for_somebody_else_is_not_answered(synapse, standing, store, clock):
    TaskManager(store).bind(clock=clock).submit(Task("t"))
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await discover(synapse, neuron="ann")
        await discover(synapse, capabilities=["sum"])
        await mirror.flush()
        assert (mirror.snapshots, standing.signals) == (0, [])
        await discover(synapse)
        await standing.holds(1)


async def test_after_events_were_lost_everything_is_said_at_once(synapse, standing, clock):
    store = MemoryStore(clock)
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("t"))
    notes = [Event(1_700_000_000_000, "task.heartbeat", "t") for _ in range(10_000)]
    store.commit("k", 0, {"x": 1}, events=notes)
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await standing.holds(1)
    assert mirror.dropped == 1
    assert standing.signals[0].payload["version"] == "10001"


async def test_what_is_said_while_the_bus_is_away_is_said_when_it_is_back(clock):
    store = MemoryStore(clock)
    TaskManager(store).bind(clock=clock).submit(Task("t"))
    time = LoopClock()
    async with running_bus() as first:
        port = first.port
        synapse = await connect_synapse(first.url)
        gone = asyncio.Event()
        synapse.on_state(lambda state: gone.set() if state == "reconnecting" else None)
        mirror = mirror_on(synapse, time)
        mirror.attach(store)
        mirror.start()
        await mirror.flush()
    await gone.wait()
    async with running_bus(port=port) as second:
        listener = await connect_synapse(second.url)
        inbox = Inbox()
        await listener.subscribe("cosmonapse.dev.CONTEXT_SYNC", inbox)
        await time.advance(EVERY_S)
        await inbox.holds(1)
        # Whoever comes later asks, and our subscription came back with the connection.
        await time.advance(LEAST_S)
        await discover(listener)
        await inbox.holds(2)
        await mirror.stop()
        await listener.close()
    await synapse.close()


async def test_a_snapshot_too_large_for_released_buses_is_cut_and_keeps_what_matters(
    synapse, standing, clock
):
    store = MemoryStore(clock)
    pools = PoolManager(store).bind(clock=clock)
    pools.create_pool({"id": "crowd"})
    for number in range(3_000):
        pools.join_pool(f"agent-{number:05}", "crowd")
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("long", objective="é" * 40_000, inputs={"x": "y" * 40_000}, priority=3))
    talks = NegotiationProtocol().bind(store=store, clock=clock)
    talk = talks.create_session("ann", ["bob"], 0)
    for number in range(500):
        talks.propose(talk, "bob", {"price": number})
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await discover(synapse)
        await standing.holds(3)
    assert all(len(json.dumps(signal.payload)) <= MOST_BYTES for signal in standing.signals)
    said = snapshots(standing)
    assert (said["pool", "crowd"]["size"], said["pool", "crowd"]["agents"]["$truncated"]) == (3_000, True)
    assert (said["task", "long"]["priority"], said["task", "long"]["objective"]["$truncated"]) == (3, True)
    ladder = said["negotiation", talk]
    assert (ladder["round"], ladder["content"]) == (501, {"price": 499})
    assert ladder["history"]["$truncated"] is True


def test_what_an_ended_auction_shows_leaves_the_reserve_out(store, clock):
    rules = AuctionRules(reserve=4711.0625)
    auction = BiddingProtocol.with_rules(
        rules, auction_type="second_price_sealed_bid", store=store, auction_id="a", clock=clock
    )
    auction.submit_bid("ann", 5000)
    auction.submit_bid("bob", 6000)
    auction.resolve()
    shown = public(store.get("auc:a"))
    assert shown["state"] == "sold"
    assert shown["bids"] == [{"agent": "ann", "amount": 5000.0}, {"agent": "bob", "amount": 6000.0}]
    assert "4711.0625" not in json.dumps(shown)


def test_only_objects_are_public(store):
    with pytest.raises(TypeError, match="dict is no object of coordination"):
        public({"x": 1})


def test_what_has_not_ended_is_read_together_with_its_revision(store, clock):
    one_of_each(store, clock)
    store.put("note", {"x": 1})
    revision, rows = store.unended(OVER)
    rows = list(rows)
    assert revision == store.revision()
    assert {key for key, _, _ in rows} >= {"task:held", "note", "pool:crew"}
    assert "task:done" not in {key for key, _, _ in rows}
    assert {record.id for record in live(rows)} >= {"held", "crew"}
