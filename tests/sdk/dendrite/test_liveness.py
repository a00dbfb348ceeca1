"""Who is there, as the registry has it: every role, on the listener's clock, in one process and in several."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import (
    Axon,
    Dendrite,
    Directed,
    EngramError,
    InMemoryEngram,
    MemoryRegistryStore,
    NeuronRecord,
    RegistryStore,
    Signal,
    SignalType,
    SqliteRegistryStore,
    connect_synapse,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def work(input, context):
    return {}


def axon(neuron_id: str, *capabilities: str) -> Axon:
    return Axon(neuron_id=neuron_id, neuron_fn=work, capabilities=capabilities)


def names(records) -> list[str]:
    return [record.neuron_id for record in records]


async def test_a_host_of_memories_only_beats_answers_and_leaves_like_any_other(room: Room):
    host = await room.dendrite("host", engrams=[InMemoryEngram(engram_id="mem")], heartbeat_s=5)
    await room.clock.advance(5)
    assert [signal.neuron for signal in room.of(T.HEARTBEAT)] == ["mem"]
    assert len(room.of(T.REGISTER)) == 2
    seeker = await room.dendrite("seeker")
    await seeker.publish(Signal(type=T.DISCOVER, payload={"capabilities": ["tags"]}))
    await seeker.publish(Signal(type=T.DISCOVER, payload={"neuron": "somebody else"}))
    await room.clock.advance(0.2)
    assert len(room.of(T.REGISTER)) == 3
    await host.stop()
    assert [signal.neuron for signal in room.of(T.DEREGISTER)] == ["mem"]


async def test_neurons_are_found_apart_from_memories(room: Room):
    store = MemoryRegistryStore()
    await room.dendrite("host", axons=[axon("n", "x")], engrams=[InMemoryEngram(engram_id="mem")])
    watcher = await room.dendrite("watcher", registry_store=store)
    await room.clock.advance(0.2)
    assert names(await watcher.find_neurons()) == ["n"]
    assert names(await watcher.find_neurons(role="engram")) == ["mem"]
    assert sorted(names(await watcher.find_neurons(role=None))) == ["mem", "n"]
    assert sorted(names(await watcher.registry_snapshot())) == ["mem", "n"]
    assert {record.host for record in await store.list()} == {"host"}


async def test_only_the_recently_heard_where_that_is_asked(room: Room):
    watcher = await room.dendrite("watcher", registry_store=MemoryRegistryStore(), stale_after_s=100)
    await watcher.publish(Signal(type=T.REGISTER, directed=Directed(id="early")))
    await room.clock.advance(10)
    await watcher.publish(Signal(type=T.REGISTER, directed=Directed(id="late")))
    await settle()
    assert names(await watcher.find_neurons()) == ["early", "late"]
    assert names(await watcher.find_neurons(max_age_s=5)) == ["late"]
    assert names(await watcher.registry_snapshot(max_age_s=5)) == ["late"]


async def test_what_never_beats_by_design_does_not_age(room: Room):
    watcher = await room.dendrite("watcher", registry_store=MemoryRegistryStore(), stale_after_s=9)
    for role in ("engram", "effector", "neuron"):
        await watcher.publish(Signal(type=T.REGISTER, directed=Directed(id=role), payload={"role": role}))
    beating = Directed(id="beating")
    await watcher.publish(Signal(type=T.REGISTER, directed=beating, payload={"role": "engram"}))
    await watcher.publish(Signal(type=T.HEARTBEAT, directed=beating, payload={"status": "ok"}))
    await room.clock.advance(15)
    assert sorted(names(await watcher.find_neurons(role=None))) == ["effector", "engram"]


async def test_health_and_status_and_resurrection(room: Room):
    store = MemoryRegistryStore()
    watcher = await room.dendrite("watcher", registry_store=store, stale_after_s=9)

    async def say(type: SignalType, **payload: str) -> tuple[str, str | None]:
        await watcher.publish(Signal(type=type, directed=Directed(id="n"), payload=payload))
        await settle()
        record = await store.get("n")
        assert record is not None
        return record.status, record.health

    assert await say(T.REGISTER) == ("registered", None)
    assert await say(T.HEARTBEAT, status="degraded") == ("registered", "degraded")
    assert await say(T.DEREGISTER) == ("deregistered", "degraded")
    assert await say(T.HEARTBEAT, status="ok") == ("deregistered", "degraded")
    assert await say(T.REGISTER) == ("registered", "degraded")


WORKER = """
import asyncio, sys
from cosmo_sdk import Axon, Dendrite, SqliteRegistryStore, connect_synapse

async def work(input, context):
    return {}

async def main(url, path, name):
    synapse = await connect_synapse(url)
    dendrite = Dendrite(
        synapse=synapse, registry_store=SqliteRegistryStore(path), heartbeat_s=0.05, stale_after_s=60, role="worker"
    )
    dendrite.attach_axon(Axon(neuron_id=name, neuron_fn=work, capabilities=["x"]))
    async with dendrite:
        print("up", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    await dendrite.registry_store.close()
    await synapse.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_keep_one_registry_and_a_killed_one_goes_stale(tmp_path: Path):
    path = tmp_path / "registry.db"
    async with running_bus() as bus:
        workers = [
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-c", WORKER, bus.url, str(path), name),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            for name in ("leaves", "killed", "stays")
        ]
        for worker in workers:
            assert worker.stdout is not None
            await asyncio.wait_for(worker.stdout.readline(), 60)
        synapse = await connect_synapse(bus.url)
        refreshed = asyncio.Event()
        watcher = Dendrite(
            synapse=synapse, registry_store=SqliteRegistryStore(path), heartbeat_s=0, stale_after_s=2
        )
        watcher.on_refresh(lambda owner, event: refreshed.set())

        async def becomes(**expected: str) -> None:
            """Look again whenever something changed: each process brings the file up to date in its own time."""
            async with asyncio.timeout(60):
                while True:
                    refreshed.clear()
                    everybody = await watcher.registry_snapshot(include_deregistered=True)
                    if {record.neuron_id: record.status for record in everybody} == expected:
                        return
                    await refreshed.wait()

        async with watcher:
            await becomes(killed="registered", leaves="registered", stays="registered")
            workers[1].kill()
            for worker in (workers[0], workers[1]):
                assert worker.stdin is not None
                worker.stdin.close()
            await becomes(killed="stale", leaves="deregistered", stays="registered")
            assert names(await watcher.find_neurons(capability="x")) == ["stays"]
        assert workers[2].stdin is not None
        workers[2].stdin.close()
        assert [await worker.wait() for worker in (workers[0], workers[2])] == [0, 0]
        assert watcher.registry_store is not None
        await watcher.registry_store.close()
        await synapse.close()


class Failing(InMemoryEngram):
    """Its disk is full, while told so."""

    full = True

    async def recall(self, query, **options):
        if self.full:
            raise OSError("disk full")
        return await super().recall(query, **options)


async def test_a_memory_that_fails_is_degraded_until_something_works_again(room: Room):
    engram = Failing(engram_id="mem")
    store = MemoryRegistryStore()
    host = await room.dendrite("host", engrams=[engram], heartbeat_s=5, registry_store=store)

    async def health() -> str | None:
        await room.clock.advance(5)
        record = await store.get("mem")
        assert record is not None
        assert record.status == "registered"
        return record.health

    assert await health() == "ok"
    with pytest.raises(EngramError, match="disk full"):
        await host.recall(engram_id="mem", query={})
    assert await health() == "degraded"
    engram.full = False
    with pytest.raises(EngramError, match="query is not usable"):
        await host.recall(engram_id="mem", query={"text": 5})
    await host.recall(engram_id="mem", query={})
    assert await health() == "ok"


async def test_with_a_registry_all_answers_are_there_when_all_have_answered(room: Room):
    for name in ("one", "two"):
        await room.dendrite(f"host of {name}", engrams=[InMemoryEngram(engram_id=name)])
    asker = await room.dendrite("asker", registry_store=MemoryRegistryStore())
    await room.clock.advance(0.2)
    # The clock stands still: no deadline passes.
    for mode in ("merge", "all"):
        result = await asker.recall(engram_kind="keyvalue", query={}, recall_mode=mode)
        assert sorted(result.engram_ids) == ["one", "two"]


class Ported(RegistryStore):
    """A store as it was written for released peers: it knows nothing of silence."""

    def __init__(self) -> None:
        self.records: dict[str, NeuronRecord] = {}

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def upsert(self, record):
        self.records[record.neuron_id] = record

    async def mark_deregistered(self, neuron_id):
        self.records[neuron_id].status = "deregistered"

    async def touch_heartbeat(self, neuron_id, ts, status=None):
        self.records[neuron_id].last_heartbeat = ts

    async def get(self, neuron_id):
        return self.records.get(neuron_id)

    async def list(self, *, capability=None, include_deregistered=False):
        live = (record for record in self.records.values() if record.status != "deregistered")
        return [record for record in live if capability is None or capability in record.capabilities]


async def test_a_store_written_for_released_peers_works(room: Room):
    watcher = await room.dendrite("watcher", registry_store=Ported(), stale_after_s=9)
    await watcher.publish(Signal(type=T.REGISTER, directed=Directed(id="n"), payload={"capabilities": ["x"]}))
    await room.clock.advance(8)
    assert names(await watcher.find_neurons(capability="x")) == ["n"]
    await room.clock.advance(5)
    assert await watcher.find_neurons() == []


class Slow(MemoryRegistryStore):
    """A store that is held up until somebody leaves, and then takes long over every registration."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()

    async def touch_heartbeat(self, *arguments):
        await self.free.wait()
        await super().touch_heartbeat(*arguments)

    async def upsert(self, record):
        await super().upsert(record)
        if self.free.is_set():
            await asyncio.Event().wait()

    async def mark_deregistered(self, neuron_id):
        await super().mark_deregistered(neuron_id)
        self.free.set()
        await settle()


async def test_what_reaches_the_store_late_does_not_undo_a_goodbye(room: Room):
    store = Slow()
    host = await room.dendrite("host", axons=[axon("n", "x")], registry_store=store)
    await room.clock.advance(0.2)
    other = await room.dendrite("other")
    await other.publish(Signal(type=T.HEARTBEAT, directed=Directed(id="somebody")))
    await other.publish(Signal(type=T.REGISTER, directed=Directed(id="n"), payload={"capabilities": ["x"]}))
    await host.stop()
    record = await store.get("n")
    assert record is not None
    assert record.status == "deregistered"


@pytest.mark.parametrize("heartbeat_s", [0, 30])
async def test_the_registry_forgets_who_has_been_gone_for_a_day(room: Room, heartbeat_s: float):
    store = MemoryRegistryStore()
    watcher = await room.dendrite("watcher", registry_store=store, heartbeat_s=heartbeat_s)
    leaver = await room.dendrite("leaver", axons=[axon("n")])
    await room.clock.advance(1)
    await leaver.stop()
    await room.clock.advance(3600)
    assert names(await watcher.registry_snapshot(include_deregistered=True)) == ["n"]
    await room.clock.advance(86_400)
    assert await watcher.registry_snapshot(include_deregistered=True) == []
