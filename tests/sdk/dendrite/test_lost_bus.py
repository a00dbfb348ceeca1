"""A bus that goes away and comes back, under work that is under way."""

from __future__ import annotations

import asyncio
import logging

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Axon, Dendrite, MemoryRegistryStore, Signal, SignalType, SynapseError, connect_synapse
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def test_a_reply_survives_the_restart_of_the_bus(anyio_backend: str):
    started, gate, lost = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(input, context):
        started.set()
        await gate.wait()
        return {"ok": True}

    async with running_bus() as bus:
        port = bus.port
        here, there = await connect_synapse(bus.url), await connect_synapse(bus.url)
        there.on_state(lambda state: lost.set() if state == "reconnecting" else None)
        worker = Dendrite(synapse=there, dendrite_id="w", role="worker", heartbeat_s=0)
        worker.attach_axon(Axon(neuron_id="a", neuron_fn=slow))
        orchestrator = Dendrite(synapse=here, heartbeat_s=0, registry_store=MemoryRegistryStore())
        await worker.start()
        await orchestrator.start()
        waiting = asyncio.ensure_future(orchestrator.dispatch_and_wait(neuron="a", input={}))
        await started.wait()
    await lost.wait()
    gate.set()
    with pytest.raises(SynapseError):
        await worker.publish(Signal(type=T.PLAN))
    async with running_bus(port=port):
        assert (await waiting).payload == {"output": {"ok": True}}
        await worker.stop()
        await orchestrator.stop()
        await here.close()
        await there.close()


async def test_a_dendrite_stops_without_its_bus(anyio_backend: str):
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        worker = Dendrite(synapse=synapse, role="worker", heartbeat_s=0, registry_store=MemoryRegistryStore())
        worker.attach_axon(Axon(neuron_id="a", neuron_fn=print))
        await worker.start()
    await worker.stop()
    assert await worker.find_neurons() == []
    assert not worker.running
    await synapse.close()


async def test_who_is_asked_while_the_bus_goes_away_needs_no_traceback(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def refuse(*_: object) -> None:
        raise SynapseError("not connected")

    await room.worker("a", print)
    asker = await room.dendrite("asker")
    await asker.discover()
    await settle()
    with caplog.at_level(logging.INFO, logger="cosmo_sdk.dendrite"):
        monkeypatch.setattr(room.synapse, "publish", refuse)
        await room.clock.advance(0.2)
    said = [record for record in caplog.records if "answering a DISCOVER failed" in record.getMessage()]
    assert [record.exc_info for record in said] == [None]
    monkeypatch.undo()
