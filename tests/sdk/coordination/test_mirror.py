"""The mirror: every event on the bus, in order, at least once, whatever happens to the bus, the process or the store."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_bus.server import BusServer
from cosmo_bus.testing import running_bus
from cosmo_sdk import Dendrite, connect_synapse
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    BusMirror,
    Event,
    MemoryStore,
    MetricsCollector,
    SqliteStore,
    Task,
    TaskManager,
    VoteBook,
)
from cosmo_sdk.coordination.metrics import CoordinationMetrics
from cosmo_sdk.coordination.mirror import BATCH
from tests.contracts.synapse import Inbox
from tests.sdk.coordination.mirrors import AT_ONCE, Failing


@pytest.fixture
async def heard(synapse):
    """An inbox of everything but snapshots, which test_snapshots is about."""
    inbox = Inbox()

    async def take(signal):
        if not signal.meta["coord"]["kind"].endswith(".snapshot"):
            await inbox(signal)

    await synapse.subscribe("cosmonapse.dev.>", take)
    return inbox


def mirror_on(synapse, **options):
    return BusMirror(Dendrite(synapse=synapse, namespace="dev", role="worker"), backoff=AT_ONCE, **options)


def ids(store):
    return [event.id for _, event in store.events(0, 100_000)]


async def arrived(inbox, store):
    await inbox.holds(len(ids(store)))
    return [signal.id for signal in inbox.signals]


async def test_every_event_is_a_signal_in_order(synapse, heard, store, clock):
    async with mirror_on(synapse) as mirror:
        tasks = TaskManager(store).bind(sink=mirror, clock=clock)
        for number in range(5):
            tasks.submit(Task(f"t{number}"))
            tasks.claim("ann", f"t{number}")
        await mirror.flush()
        assert await arrived(heard, store) == ids(store)
    assert (mirror.published, mirror.dropped, mirror.failed) == (10, 0, 0)
    assert store.published_through() == 10


async def test_a_signal_says_where_its_event_stands_and_follows_the_first_of_its_object(
    synapse, heard, store, clock
):
    async with mirror_on(synapse) as mirror:
        tasks = TaskManager(store).bind(sink=mirror, clock=clock)
        tasks.submit(Task("t"))
        tasks.claim("ann", "t")
        await mirror.flush()
        await arrived(heard, store)
    submitted, claimed = heard.signals
    assert claimed.meta["coord"] == {
        "v": 1,
        "kind": "task.claimed",
        "subject": "t",
        "rev": 2,
        "store": store.store_id,
        "mode": "mirror",
    }
    assert (submitted.parent_id, claimed.parent_id) == (None, submitted.id)
    assert submitted.trace_id == claimed.trace_id
    assert claimed.ts.timestamp() * 1000 == store.events(1)[0][1].ts_ms


async def test_a_mirrored_auction_asks_for_nothing_anybody_has(synapse, heard, store, clock):
    async with mirror_on(synapse) as mirror:
        rules = AuctionRules(reserve=20)
        auction = BiddingProtocol.with_rules(
            rules, auction_type="second_price_sealed_bid", store=store, clock=clock, sink=mirror
        )
        for agent, amount in (("a", 30), ("b", 45)):
            auction.submit_bid(agent, amount)
        auction.resolve()
        await mirror.flush()
        await arrived(heard, store)
    offer, a_bid, b_bid, award, declined = heard.signals
    assert offer.payload["capabilities"] == ["coord.auction"]
    assert [each.directed.id for each in heard.signals[1:]] == ["coord:a", "coord:b", "coord:b", "coord:a"]
    assert [each.parent_id for each in heard.signals] == [None, offer.id, offer.id, b_bid.id, a_bid.id]
    assert award.payload["input"] == {}
    assert award.payload["auction"]["price"] == 30.0
    assert declined.payload == {"reason": "outbid"}
    assert "reserve" not in offer.encode().decode()
    assert [each.payload.get("cost") for each in (a_bid, b_bid)] == [None, None]


async def test_a_later_mirror_goes_on_where_the_last_one_left_off(synapse, heard, store, clock):
    book = VoteBook(store).bind(clock=clock)
    book.open_vote("v", eligible=["a", "b"])
    first = mirror_on(synapse)
    first.attach(store)
    async with first:
        await first.flush()
    book.cast("v", "a", "yes")
    book.cast("v", "b", "yes")
    second = mirror_on(synapse)
    second.attach(store)
    async with second:
        await second.flush()
        assert await arrived(heard, store) == ids(store)
    assert (first.published, second.published) == (1, len(ids(store)) - 1)


async def test_a_crash_between_sending_and_noting_it_repeats_and_loses_nothing(synapse, heard, store, clock):
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("one"))

    class Crashed(Exception):
        pass

    noting = store.mark_published

    def crash(through):
        raise Crashed

    store.mark_published = crash
    mirror = mirror_on(synapse)
    mirror.attach(store)
    with pytest.raises(Crashed):
        await mirror.run()
    store.mark_published = noting
    tasks.submit(Task("two"))
    again = mirror_on(synapse)
    again.attach(store)
    async with again:
        await again.flush()
        await heard.holds(3)
    one, two = ids(store)
    assert [signal.id for signal in heard.signals] == [one, one, two]


async def test_managers_go_on_while_the_bus_is_away_and_nothing_is_missing(store, clock):
    async with running_bus() as first:
        port = first.port
        synapse = await connect_synapse(first.url)
        said = Failing()
        mirror = mirror_on(synapse, metrics=said)
        mirror.start()
        tasks = TaskManager(store).bind(sink=mirror, clock=clock)
        tasks.submit(Task("before"))
        await mirror.flush()
        gone = asyncio.Event()
        synapse.on_state(lambda state: gone.set() if state == "reconnecting" else None)
    await gone.wait()
    for number in range(100):
        tasks.submit(Task(f"t{number}"))
    await said.failed.wait()
    second = BusServer(port=port)
    await second.start()
    listener = await connect_synapse(second.url)
    inbox = Inbox()
    await listener.subscribe("cosmonapse.dev.>", inbox)
    await mirror.flush()
    await inbox.holds(100)
    assert list(dict.fromkeys(signal.id for signal in inbox.signals)) == ids(store)[1:]
    assert mirror.published == 101
    await mirror.stop()
    await listener.close()
    await synapse.close()
    await second.close()


async def test_what_a_store_forgot_before_it_was_sent_is_counted(synapse, heard, clock):
    store = MemoryStore(clock)
    store.commit("k", 0, {"x": 1}, events=[a_note(str(number)) for number in range(10_007)])
    collector = MetricsCollector()
    mirror = mirror_on(synapse, metrics=CoordinationMetrics(collector))
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
    assert (mirror.published, mirror.dropped) == (10_000, 7)
    assert collector.snapshot() == {"mirror_published_total": 10_000, "mirror_dropped_total": 7}


async def test_what_somebody_pruned_is_no_loss_once_it_was_sent(synapse, heard, tmp_path, clock):
    store = SqliteStore(tmp_path / "c.db", clock=clock)
    tasks = TaskManager(store).bind(clock=clock)
    tasks.submit(Task("one"))
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
    store.prune(events_before_ms=clock.now_ms() + 1)
    tasks.submit(Task("two"))
    again = mirror_on(synapse)
    again.attach(store)
    async with again:
        await again.flush()
    assert (again.published, again.dropped) == (1, 0)
    store.close()


def a_note(subject, **more):
    return Event(1_700_000_000_000, "task.submitted", subject, **more)


async def test_an_event_no_signal_can_carry_is_counted_and_stops_nobody(synapse, heard, clock):
    store = MemoryStore(clock)
    store.commit("k", 0, {"x": 1}, events=[a_note("a", trace_id="mine"), a_note("b")])
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await heard.holds(1)
    assert [signal.payload["key"] for signal in heard.signals] == ["coord/task/b"]
    assert (mirror.published, mirror.dropped) == (1, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"event": "completed", "result": "é" * 60_000},
        {"event": "opened", "participants": [f"agent-{number}" for number in range(9_000)]},
        {"event": "cast", "votes": {f"agent-{number}": "yes" for number in range(9_000)}},
    ],
)
async def test_what_is_too_large_for_released_buses_is_cut_and_says_so(synapse, heard, clock, body):
    store = MemoryStore(clock)
    store.commit("k", 0, {"x": 1}, events=[a_note("a", body=body)])
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        await heard.holds(1)
    [signal] = heard.signals
    assert len(signal.encode()) < 28_000
    value = signal.payload["value"]
    assert value["event"] == body["event"]
    assert value[list(body)[1]]["$truncated"] is True
    assert value[list(body)[1]]["bytes"] > 100_000


async def test_many_events_go_out_batch_by_batch(synapse, heard, clock):
    store = MemoryStore(clock)
    store.commit("k", 0, {"x": 1}, events=[a_note(str(number)) for number in range(2 * BATCH + 3)])
    mirror = mirror_on(synapse)
    mirror.attach(store)
    async with mirror:
        await mirror.flush()
        assert await arrived(heard, store) == ids(store)


async def test_several_stores_share_a_mirror(synapse, heard, clock):
    async with mirror_on(synapse) as mirror:
        managers = [TaskManager().bind(sink=mirror, clock=clock) for _ in range(3)]
        for manager in managers:
            manager.submit(Task("t"))
        await mirror.flush()
        await heard.holds(3)
    assert len({signal.meta["coord"]["store"] for signal in heard.signals}) == 3


async def test_what_another_process_wrote_is_found_without_a_word(synapse, heard, tmp_path, clock):
    path = tmp_path / "c.db"
    watched, written = SqliteStore(path, clock=clock), SqliteStore(path, clock=clock)
    mirror = mirror_on(synapse, poll_s=0.01)
    mirror.attach(watched)
    async with mirror:
        await mirror.flush()
        TaskManager(written).bind(clock=clock).submit(Task("t"))
        await heard.holds(1)
    watched.close()
    written.close()


async def test_bells_rung_from_other_threads_are_heard(synapse, heard, store, clock):
    async with mirror_on(synapse, poll_s=3600) as mirror:
        tasks = TaskManager(store).bind(sink=mirror, clock=clock)
        await mirror.flush()
        await asyncio.gather(*[asyncio.to_thread(tasks.submit, Task(f"t{number}")) for number in range(20)])
        await heard.holds(20)
        assert await arrived(heard, store) == ids(store)


async def test_a_mirror_that_was_not_started_says_so(synapse):
    with pytest.raises(RuntimeError, match="async with mirror"):
        await mirror_on(synapse).flush()
    with pytest.raises(ValueError, match="poll_s=0"):
        mirror_on(synapse, poll_s=0)
