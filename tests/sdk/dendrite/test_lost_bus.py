"""A bus that goes away and comes back, under work that is under way."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Axon, Dendrite, MemoryRegistryStore, Signal, SignalType, SynapseError, connect_synapse

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
