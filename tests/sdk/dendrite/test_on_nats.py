"""Whole systems on a real NATS server: work, auctions, STOP, registry, memory, and an outage under it all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest

from cosmo_bus.backoff import Backoff
from cosmo_sdk import (
    AutoBid,
    Axon,
    Dendrite,
    InMemoryEngram,
    MemoryRegistryStore,
    Signal,
    SignalType,
    connect_synapse,
)
from cosmo_sdk.synapse.nats import NatsSynapse
from tests.nats_server import RunningServer, running_nats

T = SignalType
Join = Callable[..., Awaitable[Dendrite]]
_NAMESPACES = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_nats() as server:
        yield server


@pytest.fixture
async def join(server: RunningServer) -> AsyncIterator[Join]:
    """Dendrites in a namespace of their own, each on a connection of its own as in processes of their own."""
    namespace = f"system{next(_NAMESPACES)}"
    async with AsyncExitStack() as stack:

        async def dendrite(dendrite_id: str, *axons: Axon, **options: Any) -> Dendrite:
            synapse = await connect_synapse(server.url)
            stack.push_async_callback(synapse.close)
            engrams = options.pop("engrams", ())
            made = Dendrite(
                synapse=synapse, namespace=namespace, dendrite_id=dendrite_id, **{"heartbeat_s": 0, **options}
            )
            for axon in axons:
                made.attach_axon(axon)
            for engram in engrams:
                made.attach_engram(engram)
            return await stack.enter_async_context(made)

        yield dendrite


def echoing(neuron_id: str, *capabilities: str) -> Axon:
    async def echo(input: dict[str, Any], context: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"who": neuron_id, **input}

    return Axon(neuron_id=neuron_id, neuron_fn=echo, capabilities=capabilities)


async def test_an_output_never_overtakes_its_final_however_many_there_are(join: Join) -> None:
    await join("host", echoing("a"), role="worker")
    desk = await join("desk")

    async def both(number: int) -> list[SignalType]:
        pathway = await desk.dispatch(neuron="a", input={"n": number}, finalize=True, scope="all")
        seen: list[SignalType] = []
        async for signal in pathway:
            seen.append(signal.type)
            if signal.type is T.FINAL:
                return seen
        return seen

    assert await asyncio.gather(*map(both, range(60))) == [[T.AGENT_OUTPUT, T.FINAL]] * 60


async def test_a_slow_task_holds_up_no_other_on_the_same_subject(join: Join) -> None:
    gate = asyncio.Event()

    async def waits_at_first(input: dict[str, Any], context: Any) -> dict[str, Any]:
        if input["n"] == 0:
            await gate.wait()
        return input

    await join("host", Axon(neuron_id="a", neuron_fn=waits_at_first), role="worker")
    desk = await join("desk")
    slow = asyncio.ensure_future(desk.dispatch_and_wait(neuron="a", input={"n": 0}))
    fast = await desk.dispatch_and_wait(neuron="a", input={"n": 1})
    assert fast.payload["output"] == {"n": 1}
    assert not slow.done()
    gate.set()
    assert (await slow).payload["output"] == {"n": 0}


async def test_an_auction_goes_to_the_lowest_bid_and_is_done_once(join: Join) -> None:
    await join("dear", echoing("dear", "write"), role="worker", auto_bid=AutoBid(cost=5.0))
    await join("cheap", echoing("cheap", "write"), role="worker", auto_bid=AutoBid(cost=1.0))
    desk = await join("desk")
    seen: list[Signal] = []
    desk.on_agent_output()(seen.append)
    pathway = await desk.dispatch_offer(
        input={"n": 1}, capabilities=["write"], deadline_ms=400, select="lowest_cost", scope="terminal"
    )
    reply = await pathway.wait(timeout_s=10)
    assert (reply.type, reply.payload["result"]) == (T.FINAL, {"who": "cheap", "n": 1})
    assert [signal.neuron for signal in seen] == ["cheap"]


async def test_a_stop_reaches_the_worker_and_its_acknowledgement_comes_back(join: Join) -> None:
    working, cancelled = asyncio.Event(), asyncio.Event()

    async def for_ever(input: Any, context: Any) -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    await join("host", Axon(neuron_id="a", neuron_fn=for_ever), role="worker")
    desk = await join("desk")
    pathway = await desk.dispatch(neuron="a", input={})
    await working.wait()
    acks = await desk.stop_trace(pathway.trace_id, reason="enough", collect_acks=True, timeout_s=10)
    assert cancelled.is_set()
    assert {ack.payload["node"] for ack in acks} == {"host", "desk"}


async def test_the_registry_knows_who_is_there_and_who_left(join: Join) -> None:
    desk = await join("desk", registry_store=MemoryRegistryStore())
    left = asyncio.Event()
    there = asyncio.Event()
    desk.on_register_signal(lambda _: there.set())
    desk.on_deregister_signal(lambda _: left.set())
    host = await join("host", echoing("a", "write"), role="worker")
    await there.wait()
    assert [record.neuron_id for record in await desk.find_neurons(capability="write")] == ["a"]
    await host.stop()
    await left.wait()
    assert await desk.find_neurons(capability="write") == []


async def test_a_memory_is_asked_across_the_server(join: Join) -> None:
    await join("host", role="worker", engrams=[InMemoryEngram(engram_id="notes")])
    desk = await join("desk")
    receipt = await desk.imprint(engram_id="notes", op="add", entry={"content": "green tea"}, await_ack=True)
    assert receipt is not None
    found = await desk.recall(engram_id="notes", query={"text": "tea"})
    assert [hit.entry["content"] for hit in found.hits] == ["green tea"]


async def test_work_survives_the_restart_of_the_server() -> None:
    started, gate = asyncio.Event(), asyncio.Event()
    lost, back = asyncio.Event(), asyncio.Event()

    async def slow(input: Any, context: Any) -> dict[str, Any]:
        started.set()
        await gate.wait()
        return {"ok": True}

    with running_nats() as server:
        here = NatsSynapse(server.url, backoff=Backoff(first_s=0.01, longest_s=0.02))
        there = NatsSynapse(server.url, backoff=Backoff(first_s=0.3, longest_s=0.3))
        await here.connect()
        await there.connect()
        there.on_state(lambda state: lost.set() if state == "reconnecting" else None)
        here.on_state(lambda state: back.set() if state == "connected" else None)
        worker = Dendrite(synapse=there, dendrite_id="w", role="worker", heartbeat_s=0)
        worker.attach_axon(Axon(neuron_id="a", neuron_fn=slow))
        desk = Dendrite(synapse=here, heartbeat_s=0, registry_store=MemoryRegistryStore())
        await worker.start()
        await desk.start()
        waiting = asyncio.ensure_future(desk.dispatch_and_wait(neuron="a", input={}))
        await started.wait()
        server.kill()
    await lost.wait()
    gate.set()
    with running_nats(port=server.port):
        await back.wait()
        assert (await waiting).payload == {"output": {"ok": True}}
        await worker.stop()
        await desk.stop()
        await here.close()
        await there.close()
