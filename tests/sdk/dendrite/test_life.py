"""Starting, announcing, being discovered, heartbeats, staleness, leaving."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import (
    Axon,
    Dendrite,
    InMemoryEngram,
    MemoryRegistryStore,
    RegistryRequired,
    Signal,
    SignalType,
    connect_synapse,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def work(input, context):
    return {}


def axon(neuron_id: str, *capabilities: str) -> Axon:
    return Axon(neuron_id=neuron_id, neuron_fn=work, capabilities=capabilities, version="2")


async def test_whoever_lives_here_is_announced_and_leaves_with_a_reason(room: Room):
    worker = await room.dendrite("w", role="worker", axons=[axon("b", "y", "x")], engrams=[InMemoryEngram()])
    first, second = room.of(T.REGISTER)
    assert first.payload == {"role": "neuron", "capabilities": ["y", "x"], "version": "2"}
    assert (first.directed.type, first.directed.capabilities) == ("neuron", ["y", "x"])
    assert second.payload["role"] == "engram"
    await worker.stop("going home")
    left = room.of(T.DEREGISTER)
    assert {signal.neuron: signal.payload for signal in left} == {
        "b": {"reason": "going home"},
        "engram-memory": {"reason": "going home"},
    }
    assert worker.capabilities == ["x", "y"]


async def test_heartbeats_carry_on_while_axons_come_and_go(room: Room):
    worker = await room.dendrite("w", role="worker", heartbeat_s=5)
    await room.clock.advance(6)
    assert room.of(T.HEARTBEAT) == []
    await worker.add_axon(axon("late"))
    await room.clock.advance(5)
    (beat,) = room.of(T.HEARTBEAT)
    assert (beat.neuron, beat.payload) == ("late", {"status": "ok"})
    assert len(room.of(T.REGISTER)) == 2
    await worker.detach_axon("late", reason="done")
    await room.clock.advance(10)
    assert len(room.of(T.HEARTBEAT)) == 1
    assert [signal.payload for signal in room.of(T.DEREGISTER)] == [{"reason": "done"}]


async def test_attaching_twice_and_detaching_a_stranger_are_errors(room: Room):
    worker = await room.dendrite("w", role="worker", axons=[axon("a")])
    with pytest.raises(ValueError, match="already attached"):
        worker.attach_axon(axon("a"))
    with pytest.raises(KeyError):
        await worker.detach_axon("stranger")


async def test_an_axon_attached_while_running_takes_part_from_the_next_start(room: Room):
    worker = await room.dendrite("w", role="worker")
    worker.attach_axon(axon("a"))
    await settle()
    assert room.of(T.REGISTER) == []
    await worker.stop()
    await worker.start()
    assert [signal.neuron for signal in room.of(T.REGISTER)] == ["a"]


async def test_discover_is_answered_by_whoever_matches(room: Room):
    await room.dendrite("w", role="worker", axons=[axon("a", "x"), axon("b", "y")])
    seeker = await room.dendrite("seeker")
    room.seen.clear()
    await seeker.publish(Signal(type=T.DISCOVER, payload={"capabilities": ["y"]}))
    await room.clock.advance(0.2)
    assert [signal.neuron for signal in room.of(T.REGISTER)] == ["b"]


async def test_a_discover_handler_answers_in_place_of_the_default(room: Room):
    worker = await room.dendrite("w", role="worker", axons=[axon("a")])
    asked: list[Signal] = []
    worker.on_discover(asked.append)
    await settle()
    room.seen.clear()
    await (await room.dendrite("seeker")).discover()
    await room.clock.advance(0.2)
    assert len(asked) == 1
    assert room.of(T.REGISTER) == []


async def test_the_registry_follows_the_bus(room: Room):
    watcher = await room.dendrite("watcher", registry_store=MemoryRegistryStore(), stale_after_s=9)
    worker = await room.dendrite("w", role="worker", axons=[axon("a", "x"), axon("b", "y")])
    await settle()
    assert [record.neuron_id for record in await watcher.find_neurons(capability="x")] == ["a"]
    await worker.detach_axon("b")
    await settle()
    assert [record.neuron_id for record in await watcher.find_neurons()] == ["a"]
    everybody = await watcher.registry_snapshot(include_deregistered=True)
    assert {record.neuron_id: record.status for record in everybody} == {
        "a": "registered",
        "b": "deregistered",
    }


async def test_silence_makes_stale_even_where_nobody_lives(room: Room):
    watcher = await room.dendrite("watcher", registry_store=MemoryRegistryStore(), stale_after_s=9)
    refreshed: list[tuple[str, str | None]] = []
    watcher.on_refresh(lambda owner, event: refreshed.append((event.reason, event.neuron_id)))
    await watcher.publish(Signal(type=T.REGISTER, directed=axon_address("gone"), ts=room.clock.now()))
    await room.clock.advance(8)
    assert [record.neuron_id for record in await watcher.find_neurons()] == ["gone"]
    await room.clock.advance(5)
    assert await watcher.find_neurons() == []
    assert refreshed == [("register", "gone"), ("stale", "gone")]


def axon_address(neuron_id: str) -> Any:
    from cosmo_sdk import Directed

    return Directed(id=neuron_id, type="neuron")


async def test_reading_a_registry_that_is_not_there_says_how_to_get_one(room: Room):
    orchestrator = await room.dendrite()
    with pytest.raises(RegistryRequired, match="registry_store="):
        await orchestrator.find_neurons()


async def test_hooks_fire_on_connect_and_on_schedule(room: Room):
    calls: list[str] = []
    dendrite = Dendrite(synapse=room.synapse, clock=room.clock, heartbeat_s=0)
    dendrite.on_connect(lambda owner: calls.append("connect"))

    @dendrite.on_schedule(every_s=2)
    async def tick(owner: Dendrite) -> None:
        calls.append("tick")

    async with dendrite:
        await room.clock.advance(5)
    await room.clock.advance(5)
    assert calls == ["connect", "tick", "tick"]
    with pytest.raises(ValueError, match="every_s"):
        dendrite.on_schedule(every_s=0)


async def test_work_under_way_ends_before_the_goodbye(room: Room):
    started = asyncio.Event()

    async def last(input, context):
        started.set()
        await asyncio.sleep(0.01)
        return {"finished": True}

    worker = await room.worker("a", last)
    orchestrator = await room.dendrite()
    await orchestrator.dispatch_task(neuron="a", input={})
    await started.wait()
    await worker.stop()
    kinds = [str(signal.type) for signal in room.seen]
    assert kinds.index("AGENT_OUTPUT") < kinds.index("DEREGISTER")


async def test_a_bus_that_comes_back_hears_who_lives_here():
    async with running_bus() as bus:
        port = bus.port
        synapse = await connect_synapse(bus.url)
        worker = Dendrite(synapse=synapse, heartbeat_s=0, role="worker")
        worker.attach_axon(axon("a"))
        await worker.start()
    async with running_bus(port=port) as bus:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        listening = False
        while not listening:
            watcher = await connect_synapse(bus.url)
            await watcher.tap("cosmonapse.default.REGISTER", lambda subject, frame: heard.put_nowait(frame))
            listening = True
        frame = await asyncio.wait_for(heard.get(), 20)
        assert Signal.decode(frame).neuron == "a"
        await worker.stop()
        await synapse.close()
        await watcher.close()


@pytest.mark.parametrize("namespace", ["a.b", "", "a b", "*"])
async def test_a_namespace_is_one_word(room: Room, namespace: str):
    with pytest.raises(ValueError, match="one word"):
        Dendrite(synapse=room.synapse, namespace=namespace)


async def test_a_dendrite_needs_a_synapse():
    with pytest.raises(TypeError, match="connect_synapse"):
        Dendrite(synapse=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("dendrite_id", ["", None])
async def test_a_dendrite_has_a_name(room: Room, dendrite_id: Any):
    with pytest.raises(ValueError, match="dendrite_id="):
        Dendrite(synapse=room.synapse, dendrite_id=dendrite_id)


async def test_a_handler_that_could_never_run_is_refused_where_it_is_registered(room: Room):
    dendrite = await room.dendrite()
    not_callable: Any = "print"
    with pytest.raises(TypeError, match="'print' cannot be called"):
        dendrite.on_final(not_callable)
    unheard_of: Any = "FINALE"
    with pytest.raises(ValueError, match="'FINALE' is no type of Signal"):
        dendrite.on_signal(unheard_of)(print)


async def test_a_type_may_be_named_by_its_text(room: Room):
    dendrite = await room.dendrite()
    heard: list[str] = []
    by_name: Any = "FINAL"
    dendrite.on_signal(by_name)(lambda signal: heard.append(signal.id))
    await settle()
    final = await dendrite.emit_final(trace_id="trc_x", parent_id="evt_x", result=1)
    await settle()
    assert heard == [final.id]
