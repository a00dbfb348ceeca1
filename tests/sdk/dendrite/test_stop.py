"""STOP: at once, for good, and known to be done."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk import (
    Axon,
    Directed,
    InMemoryEngram,
    MemoryRegistryStore,
    PathwayClosedError,
    PathwayShutDown,
    PathwayStopped,
    Signal,
    SignalType,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def endless(input, context):
    await asyncio.Event().wait()


async def test_a_task_right_behind_its_stop_is_refused(room: Room):
    runs: list[object] = []

    async def note(input, context):
        runs.append(input)

    await room.worker("a", note)
    orchestrator = await room.dendrite()
    await orchestrator.emit_stop(trace_id="trc_x")
    await orchestrator.dispatch_task(neuron="a", input={}, trace_id="trc_x")
    await settle()
    assert runs == []
    assert [signal.payload["code"] for signal in room.of(T.ERROR)] == ["TRACE_STOPPED"]


async def test_acks_are_awaited_no_longer_than_the_work_known_of_takes(room: Room):
    await room.worker("a", endless)
    await room.worker("b", endless)
    orchestrator = await room.dendrite()
    pathway = await orchestrator.dispatch(neuron="a", input={})
    await orchestrator.dispatch_task(neuron="b", input={}, trace_id=pathway.trace_id)
    await settle()
    # No time passes here.
    acks = await orchestrator.stop_trace(pathway.trace_id, collect_acks=True)
    assert sorted(ack.payload["node"] for ack in acks) == ["host-of-a", "host-of-b", "orchestrator"]
    assert sum(ack.payload["cancelled"] for ack in acks) == 2


async def test_acks_are_awaited_to_the_end_where_nothing_is_known_of_the_work(room: Room):
    await room.worker("a", endless)
    producer = await room.dendrite("producer")
    task = await producer.dispatch_task(neuron="a", input={})
    stranger = await room.dendrite("stranger")
    await settle()
    stopping = asyncio.ensure_future(stranger.stop_trace(task.trace_id, collect_acks=True, timeout_s=2))
    await room.clock.advance(1.9)
    assert not stopping.done()
    await room.clock.advance(0.2)
    assert [ack.neuron for ack in await stopping] == ["host-of-a"]


async def test_a_rollback_is_awaited_until_every_registered_memory_has_answered(room: Room):
    notes, idle = InMemoryEngram(engram_id="notes"), InMemoryEngram(engram_id="idle")
    worker = await room.worker("a", endless)
    await room.dendrite("memory", engrams=[notes])
    await room.dendrite("bystander", engrams=[idle])
    orchestrator = await room.dendrite(registry_store=MemoryRegistryStore())
    await room.clock.advance(0.2)
    pathway = await orchestrator.dispatch(neuron="a", input={})
    await worker.imprint(
        engram_id="notes", op="add", entry={"content": 1}, trace_id=pathway.trace_id, await_ack=True
    )
    # No time passes here.
    acks = await orchestrator.stop_trace(pathway.trace_id, rollback=True, collect_acks=True)
    assert sorted(ack.payload["node"] for ack in acks) == ["host-of-a", "memory", "orchestrator"]
    assert sum(ack.payload["compensated"] for ack in acks) == 1
    assert len(notes) == 0


async def test_a_rollback_is_awaited_to_the_end_where_a_memory_does_not_answer(room: Room):
    await room.worker("a", endless)
    stranger = await room.dendrite("stranger")
    orchestrator = await room.dendrite(registry_store=MemoryRegistryStore())
    registration = {"role": "engram", "capabilities": []}
    await stranger.publish(Signal(type=T.REGISTER, directed=Directed(id="theirs"), payload=registration))
    await room.clock.advance(0.2)
    pathway = await orchestrator.dispatch(neuron="a", input={})
    await settle()
    stopping = asyncio.ensure_future(
        orchestrator.stop_trace(pathway.trace_id, rollback=True, collect_acks=True, timeout_s=2)
    )
    await room.clock.advance(1.9)
    assert not stopping.done()
    await room.clock.advance(0.2)
    assert sorted(ack.payload["node"] for ack in await stopping) == ["host-of-a", "orchestrator"]


async def test_who_had_nothing_to_undo_says_so_only_when_asked(room: Room):
    await room.dendrite("memory", engrams=[InMemoryEngram()])
    orchestrator = await room.dendrite()
    await orchestrator.stop_trace("trc_x", rollback=True)
    await settle()
    assert room.of(T.STOPPED) == []


async def test_answered_and_paused_work_is_not_waited_for(room: Room):
    async def ask(input, context):
        return {"__clarification__": True, "question": "?"} if input else {}

    await room.worker("a", ask)
    await room.worker("b", endless)
    orchestrator = await room.dendrite()
    pathway = await orchestrator.dispatch(neuron="a", input={})
    await pathway.wait(1)
    await orchestrator.dispatch_task(neuron="a", input={"q": 1}, trace_id=pathway.trace_id)
    await pathway.wait(1)
    await orchestrator.dispatch_task(neuron="b", input={}, trace_id=pathway.trace_id)
    acks = await orchestrator.stop_trace(pathway.trace_id, collect_acks=True)
    assert sorted(ack.payload["node"] for ack in acks) == ["host-of-b", "orchestrator"]


async def test_a_neuron_that_ignores_the_cancellation_keeps_no_pathway_open(room: Room):
    async def stubborn(input, context):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)
        return {}

    host = await room.dendrite("host", axons=[Axon(neuron_id="a", neuron_fn=stubborn)])
    pathway = await host.dispatch(neuron="a", input={})
    await settle()
    await host.emit_stop(trace_id=pathway.trace_id)
    assert pathway.closed
    with pytest.raises(PathwayStopped):
        await pathway.wait()


async def test_an_answer_to_another_question_is_not_taken_for_this_one(room: Room):
    worker = await room.dendrite("w", role="worker")
    request = Signal(type=T.CLARIFICATION, payload={"question": "?"})
    await worker.publish(request.reply(T.PERMISSION_DECISION, {"granted": True}))
    await worker.publish(request.reply(T.CLARIFICATION_ANSWER, {"answer": 1}))
    await worker.publish(request.reply(T.CLARIFICATION_ANSWER, {"answer": 2}))
    # Asked only now, by a Dendrite that never dispatched anything: the first answer counts.
    assert (await worker.await_decision(request)).payload == {"answer": 1}


async def test_an_auction_ends_for_the_reason_its_pathway_did(room: Room):
    orchestrator = await room.dendrite()
    pending = asyncio.ensure_future(
        orchestrator.dispatch_offer(input={}, deadline_ms=250, select="lowest_cost", trace_id="trc_x")
    )
    await settle()
    await orchestrator.emit_final(trace_id="trc_x", parent_id="evt_x", result=1)
    with pytest.raises(PathwayClosedError, match="FINAL ended the trace"):
        await pending
    pending = asyncio.ensure_future(orchestrator.dispatch_offer(input={}, deadline_ms=250))
    await settle()
    await orchestrator.stop()
    with pytest.raises(PathwayShutDown):
        await pending
    assert room.of(T.TASK_AWARDED) == []
