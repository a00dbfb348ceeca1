"""A ring whose nodes are who the registry says is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cosmo_sdk import (
    Axon,
    Dendrite,
    LiveRing,
    MemoryRegistryStore,
    MemorySynapse,
    NeuronRecord,
    NoOwner,
    RingChange,
    SignalType,
    SqliteRegistryStore,
)
from cosmo_sdk.testing import START, ManualClock, settle


def neuron(name: str, *capabilities: str, **facts: object) -> NeuronRecord:
    return NeuronRecord(name, list(capabilities), registered_at=START, **facts)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request, tmp_path):
    store = MemoryRegistryStore() if request.param == "memory" else SqliteRegistryStore(tmp_path / "r.db")
    yield store
    await store.close()


async def test_the_nodes_are_who_is_registered_and_fits(store):
    await store.upsert(neuron("ann", "dig"))
    await store.upsert(neuron("bob", "dig", "sing"))
    await store.upsert(neuron("cleo", "sing"))
    await store.upsert(neuron("dan", "dig", status="draining"))
    await store.upsert(neuron("eve", "dig", status="stale"))
    await store.upsert(neuron("fay", "dig", status="deregistered"))
    await store.upsert(neuron("memory", "dig", role="engram"))
    async with LiveRing(store, capability="dig", clock=ManualClock()) as ring:
        assert ring.nodes == ["ann", "bob"]
        assert (len(ring), "ann" in ring, "cleo" in ring) == (2, True, False)
        assert ring.owner("trc_1") in ("ann", "bob")
        assert sorted(ring.owners("trc_1", 5)) == ["ann", "bob"]
        assert [node for node in ring.nodes if ring.owns(node, "trc_1")] == [ring.owner("trc_1")]
    async with LiveRing(store, role="engram", clock=ManualClock()) as ring:
        assert ring.nodes == ["memory"]


async def test_it_looks_again_every_so_often_and_says_what_changed():
    clock, store = ManualClock(), MemoryRegistryStore()
    changes: list[RingChange] = []
    ring = LiveRing(store, refresh_s=5, clock=clock)
    ring.on_change(changes.append)
    async with ring:
        with pytest.raises(NoOwner):
            ring.owner("trc_1")
        await store.upsert(neuron("ann"))
        await store.upsert(neuron("bob"))
        await clock.advance(4.9)
        assert changes == []
        await clock.advance(0.1)
        await store.mark_deregistered("ann")
        await store.upsert(neuron("cleo"))
        await clock.advance(5)
        await clock.advance(5)
        assert changes == [
            RingChange(joined=("ann", "bob"), left=(), nodes=("ann", "bob")),
            RingChange(joined=("cleo",), left=("ann",), nodes=("bob", "cleo")),
        ]
    assert clock.sleepers == 0
    assert ring.nodes == ["bob", "cleo"]


async def test_a_silent_participant_is_left_out_before_anybody_calls_it_stale():
    clock, store = ManualClock(), MemoryRegistryStore()
    await store.upsert(neuron("ann", last_heartbeat=START))
    ring = LiveRing(store, stale_after_s=10, clock=clock)
    await ring.refresh()
    await clock.advance(10)
    assert not await ring.refresh()
    await clock.advance(1)
    assert await ring.refresh() == RingChange(joined=(), left=("ann",), nodes=())
    await store.touch_heartbeat("ann", START + timedelta(seconds=11))
    assert (await ring.refresh()).joined == ("ann",)


async def test_a_registry_that_fails_leaves_the_ring_as_it_was(caplog):
    class Flaky(MemoryRegistryStore):
        broken = False

        async def list(self, **options):
            if self.broken:
                raise OSError("the disk is gone")
            return await super().list(**options)

    clock, store = ManualClock(), Flaky()
    await store.upsert(neuron("ann"))
    async with LiveRing(store, refresh_s=1, clock=clock) as ring:
        store.broken = True
        await clock.advance(2)
        assert (ring.failures, ring.nodes) == (2, ["ann"])
        assert "the disk is gone" in caplog.text
        with pytest.raises(OSError, match="the disk is gone"):
            await ring.refresh()
        store.broken = False
        await store.upsert(neuron("bob"))
        await clock.advance(1)
        assert ring.nodes == ["ann", "bob"]


async def test_listeners_may_be_coroutines_fail_and_look_again(caplog):
    store = MemoryRegistryStore()
    ring = LiveRing(store)
    told: list[tuple[str, ...]] = []

    @ring.on_change
    def broken(change: RingChange) -> None:
        raise ValueError("a broken listener")

    @ring.on_change
    async def looks_again(change: RingChange) -> None:
        assert not await ring.refresh()
        told.append(change.joined)

    await store.upsert(neuron("ann"))
    await ring.refresh()
    assert told == [("ann",)]
    assert "a broken listener" in caplog.text


async def test_it_follows_a_dendrite_at_once():
    clock, synapse = ManualClock(), MemorySynapse()
    store = MemoryRegistryStore()
    watching = Dendrite(
        synapse=synapse, registry_store=store, dendrite_id="watch", heartbeat_s=0, clock=clock, role="worker"
    )
    ring = LiveRing(store, capability="dig", clock=clock)
    ring.follow(watching)
    async with watching, ring:
        ann = Axon(neuron_id="ann", neuron_fn=lambda input, context: {}, capabilities=["dig"])
        worker = Dendrite(synapse=synapse, dendrite_id="host", heartbeat_s=0, clock=clock, role="worker")
        worker.attach_axon(ann)
        async with worker:
            await settle()
            assert ring.nodes == ["ann"]
        await settle()
        assert ring.nodes == []
    await synapse.close()


@pytest.fixture
async def open_store(tmp_path, anyio_backend):
    """Stores on one file, as many processes would have."""
    opened: list[SqliteRegistryStore] = []

    def another() -> SqliteRegistryStore:
        opened.append(SqliteRegistryStore(tmp_path / "shared.db"))
        return opened[-1]

    yield another
    for store in opened:
        await store.close()


async def test_workers_and_producers_agree_over_one_registry_file(cosmo_dendrite, cosmo_synapse, open_store):
    rings = {}
    for name in ("ann", "bob", "cleo", "desk"):
        store = open_store()
        axons = [Axon(neuron_id=name, neuron_fn=whoami(name), capabilities=["dig"])] if name != "desk" else []
        dendrite = await cosmo_dendrite(name, axons=axons, synapse=cosmo_synapse, registry_store=store)
        rings[name] = LiveRing(store, capability="dig", clock=cosmo_synapse.clock), dendrite
    for ring, _ in rings.values():
        await ring.refresh()
        assert ring.nodes == ["ann", "bob", "cleo"]
    ring, desk = rings["desk"]
    for number in range(20):
        key = f"site-{number}"
        owner = ring.owner(key)
        assert [name for name in ring.nodes if rings[name][0].owns(name, key)] == [owner]
        task = await desk.dispatch_task(neuron=owner, input={"site": key})
        assert (await cosmo_synapse.expect(SignalType.AGENT_OUTPUT, trace=task)).payload == {
            "output": {"digger": owner}
        }


def whoami(name: str):
    async def answer(input: dict, context: list) -> dict:
        return {"digger": name}

    return answer


async def test_it_may_be_started_and_stopped_again():
    clock, store = ManualClock(), MemoryRegistryStore()
    ring = LiveRing(store, refresh_s=1, clock=clock)
    await ring.stop()
    await ring.start()
    await ring.start()
    await settle()
    assert clock.sleepers == 1
    await ring.stop()
    await ring.stop()
    assert clock.sleepers == 0
    assert not await ring.refresh()


@pytest.mark.parametrize("options", [{"refresh_s": 0}, {"stale_after_s": -1}, {"virtual_nodes": 0}])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        LiveRing(MemoryRegistryStore(), **options)
