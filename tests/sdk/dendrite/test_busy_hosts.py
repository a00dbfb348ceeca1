"""Hosts under load, hosts that go home, and hosts that share a name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosmo_sdk import Axon, Dendrite, Directed, MemoryRegistryStore, MemorySynapse, Signal, SignalType
from cosmo_sdk.dendrite import _hosting
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def echo(input, context):
    return {"said": input.get("say")}


async def endless(input, context):
    await asyncio.Event().wait()


def axon(neuron_id: str, fn: Any, *capabilities: str, **options: Any) -> Axon:
    return Axon(neuron_id=neuron_id, neuron_fn=fn, capabilities=capabilities, **options)


async def test_first_dispatches_at_the_same_time_hear_every_answer_once(room: Room):
    await room.worker("a", echo)
    orchestrator = await room.dendrite()
    pathways = await asyncio.gather(*(orchestrator.dispatch(neuron="a", input={}) for _ in range(5)))
    await settle()
    for pathway in pathways:
        await pathway.close()
        assert [str(signal.type) async for signal in pathway] == ["AGENT_OUTPUT"]


async def test_an_axon_that_takes_one_at_a_time_holds_up_no_other(room: Room):
    worker = [axon("slow", endless, max_concurrent=1), axon("quick", echo)]
    await room.dendrite("w", role="worker", axons=worker)
    orchestrator = await room.dendrite()
    for _ in range(_hosting.MAX_RUNNING + 1):
        await orchestrator.dispatch_task(neuron="slow", input={})
    assert (await orchestrator.dispatch_and_wait(neuron="quick", input={}, timeout_s=1)).neuron == "quick"


async def test_more_than_can_wait_is_refused_and_may_be_tried_again(room: Room):
    slow = axon("slow", endless, max_concurrent=1, max_waiting=2)
    await room.dendrite("w", role="worker", axons=[slow])
    orchestrator = await room.dendrite()
    for _ in range(4):
        await orchestrator.dispatch_task(neuron="slow", input={})
    await settle()
    (refused,) = room.of(T.ERROR)
    assert (refused.payload["code"], refused.payload["recoverable"]) == ("OVERLOADED", True)


async def test_what_waits_runs_in_order_of_arrival(room: Room):
    ran: list[int] = []

    async def note(input, context):
        ran.append(input["n"])
        await asyncio.sleep(0)

    await room.dendrite("w", role="worker", axons=[axon("one", note, max_concurrent=1)])
    orchestrator = await room.dendrite()
    for number in range(5):
        await orchestrator.dispatch_task(neuron="one", input={"n": number})
    await settle()
    assert ran == [0, 1, 2, 3, 4]


async def test_whoever_leaves_answers_for_the_work_it_did_not_do(room: Room):
    worker = await room.dendrite("w", role="worker", axons=[axon("slow", endless, max_concurrent=1)])
    orchestrator = await room.dendrite()
    running = await orchestrator.dispatch(neuron="slow", input={})
    waiting = await orchestrator.dispatch(neuron="slow", input={})
    await settle()
    await worker.stop()
    for pathway in (running, waiting):
        reply = await pathway.wait(1)
        assert (reply.payload["code"], reply.payload["recoverable"]) == ("NEURON_LEFT", True)
    kinds = [str(signal.type) for signal in room.seen]
    assert kinds.index("DEREGISTER") > max(index for index, kind in enumerate(kinds) if kind == "ERROR")


async def test_a_detached_axon_finishes_what_it_runs_and_turns_away_what_waits(room: Room):
    gate = asyncio.Event()

    async def gated(input, context):
        await gate.wait()
        return {}

    worker = await room.dendrite("w", role="worker", axons=[axon("a", gated, max_concurrent=1)])
    orchestrator = await room.dendrite()
    running = await orchestrator.dispatch(neuron="a", input={})
    waiting = await orchestrator.dispatch(neuron="a", input={})
    await settle()
    await worker.detach_axon("a")
    assert (await waiting.wait(1)).payload["code"] == "NEURON_LEFT"
    gate.set()
    assert (await running.wait(1)).type is T.AGENT_OUTPUT


async def test_an_axon_attached_while_others_serve_still_waits_for_the_next_start(room: Room):
    worker = await room.dendrite("w", role="worker", axons=[axon("a", echo)])
    worker.attach_axon(axon("b", echo))
    orchestrator = await room.dendrite()
    await orchestrator.dispatch_task(neuron="b", input={})
    await settle()
    assert room.of(T.AGENT_OUTPUT) == []
    assert sorted(worker.axons) == ["a", "b"]
    await worker.add_axon(axon("c", echo))
    assert [signal.neuron for signal in room.of(T.REGISTER)] == ["a", "c"]


async def test_a_capability_task_runs_once_however_often_it_is_delivered(room: Room):
    worker = await room.dendrite("w", role="worker", axons=[axon("a", echo, "x")])
    orchestrator = await room.dendrite()
    task = await orchestrator.dispatch_task(capabilities=["x"], input={})
    await room.synapse.publish("cosmonapse.room.TASK.routed", task)
    await orchestrator.publish(task)
    await settle()
    assert len(room.of(T.AGENT_OUTPUT)) == 1
    await worker.add_axon(axon("b", echo, "y"))
    assert (await orchestrator.dispatch_and_wait(capabilities=["y"], input={}, timeout_s=1)).neuron == "b"
    await worker.detach_axon("b")
    assert (await orchestrator.dispatch_and_wait(capabilities=["x"], input={}, timeout_s=1)).neuron == "a"
    assert len(room.of(T.AGENT_OUTPUT)) == 3


@pytest.mark.parametrize("capabilities", ["x", 5, {"x": 1}, [["x"]], [None]], ids=str)
async def test_capabilities_that_are_no_list_of_texts_disturb_nobody(
    room: Room, capabilities: Any, caplog: pytest.LogCaptureFixture
):
    worker = await room.dendrite("w", role="worker", axons=[axon("a", echo, "x")])
    worker.on_task_signal(capability="x")(lambda signal: None)
    await settle()
    for type in (T.TASK, T.TASK_OFFER, T.DISCOVER, T.REGISTER):
        await worker.publish(Signal(type=type, payload={"input": {}, "capabilities": capabilities}))
    await room.clock.advance(0.2)
    assert caplog.records == []


async def test_a_reply_the_bus_refuses_is_answered_with_an_error(anyio_backend: str):
    class Narrow(MemorySynapse):
        async def publish(self, subject: str, signal: Signal) -> None:
            if len(signal.encode()) > 2000:
                raise SynapseError("larger than this bus takes")
            await super().publish(subject, signal)

    async def long(input, context):
        return {"text": "x" * 5000}

    synapse = Narrow()
    async with Dendrite(synapse=synapse, heartbeat_s=0) as dendrite:
        await dendrite.add_axon(axon("wordy", long))
        reply = await dendrite.dispatch_and_wait(neuron="wordy", input={}, timeout_s=5)
    await synapse.close()
    assert reply.payload["code"] == "OUTPUT_REFUSED"


async def test_of_two_hosts_an_award_without_instance_goes_to_the_one_whose_bid_it_names(room: Room):
    runs: list[str] = []

    def host(name: str) -> Any:
        async def run(input, context):
            runs.append(name)
            return {}

        return run

    await room.bidder("twin", host("first"), cost=1)
    await room.bidder("twin", host("second"), cost=2)
    producer = await room.dendrite("released-peer")
    offer = Signal(type=T.TASK_OFFER, payload={"input": {}, "capabilities": ["summarize"]})
    await producer.publish(offer)
    await settle()
    bid = next(signal for signal in room.of(T.BID) if signal.payload["cost"] == 2)
    await producer.publish(bid.reply(T.TASK_AWARDED, {"input": {}}))
    await settle()
    assert runs == ["second"]


async def test_a_bid_on_behalf_of_somebody_elses_neuron_wins_for_them(room: Room):
    await room.worker("a", echo, auto_bid=False)
    broker = await room.dendrite("broker", auto_bid=False)
    broker.on_task_offer(lambda offer: broker.bid(offer, neuron="a", cost=1))
    await settle()
    pathway = await (await room.dendrite()).dispatch_offer(input={}, deadline_ms=50)
    assert (await pathway.wait(1)).neuron == "a"


class BrokenStore(MemoryRegistryStore):
    """A store whose disk is full, once told so."""

    full = False

    async def touch_heartbeat(self, *arguments: Any) -> None:
        await self._fail()
        await super().touch_heartbeat(*arguments)

    async def mark_deregistered(self, neuron_id: str) -> None:
        await self._fail()
        await super().mark_deregistered(neuron_id)

    async def _fail(self) -> None:
        if self.full:
            raise OSError("disk full")


async def test_a_store_that_fails_stops_neither_heartbeats_nor_goodbyes(room: Room):
    store = BrokenStore()
    worker = await room.dendrite(
        "w", role="worker", axons=[axon("a", echo)], heartbeat_s=5, registry_store=store
    )
    store.full = True
    await room.clock.advance(11)
    assert len(room.of(T.HEARTBEAT)) == 2
    await worker.stop()
    assert [signal.neuron for signal in room.of(T.DEREGISTER)] == ["a"]
    room.seen.clear()
    await room.synapse.publish("cosmonapse.room.TASK", Signal(type=T.TASK, directed=Directed(id="a")))
    await settle()
    assert [str(signal.type) for signal in room.seen] == ["TASK"]


async def test_a_participant_whose_clock_is_wrong_is_no_less_alive(room: Room):
    watcher = await room.dendrite("watcher", registry_store=MemoryRegistryStore(), stale_after_s=9)
    yesterday = room.clock.now().replace(year=2020)
    await watcher.publish(Signal(type=T.REGISTER, directed=Directed(id="late"), ts=yesterday))
    await room.clock.advance(8)
    assert [record.neuron_id for record in await watcher.find_neurons()] == ["late"]
