"""What an Axon brings along for the Dendrite that hosts it, and what becomes of results no bus can carry."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Axon, Dendrite, EngramBinding, InMemoryEngram, Signal, SignalType, connect_synapse
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def echo(input, context):
    return {"said": input.get("say")}


async def test_handlers_an_axon_brings_along_hear_its_dendrite(room: Room):
    heard: list[str] = []
    listener = Axon(neuron_id="listener", neuron_fn=echo)

    @listener.host.on_agent_output(neuron="speaker")
    async def note(signal: Signal) -> None:
        heard.append(signal.payload["output"]["said"])

    await room.worker("speaker", echo)
    host = await room.dendrite("host", axons=[listener])
    await host.dispatch_and_wait(neuron="speaker", input={"say": "one"}, timeout_s=5)
    await host.dispatch_and_wait(neuron="listener", input={"say": "own"}, timeout_s=5)
    await settle()
    assert heard == ["one"]


async def test_they_come_with_an_axon_that_is_added_and_leave_with_it(room: Room):
    heard: list[str] = []
    listener = Axon(neuron_id="listener", neuron_fn=echo)
    listener.host.on_signal(T.FINAL, lambda signal: heard.append(signal.payload["result"]))
    host = await room.dendrite("host")
    other = await room.dendrite("other")
    await host.add_axon(listener)
    listener.host.on_final(lambda signal: heard.append("late"))
    await settle()
    await other.emit_final(trace_id="trc_1", parent_id="evt_1", result="heard")
    await settle()
    await host.detach_axon("listener")
    await other.emit_final(trace_id="trc_2", parent_id="evt_2", result="not heard")
    await settle()
    await other.add_axon(listener)
    await other.emit_final(trace_id="trc_3", parent_id="evt_3", result="moved")
    await settle()
    assert heard == ["heard", "late", "moved", "late"]


async def test_a_restart_registers_nothing_twice(room: Room):
    heard: list[Any] = []
    listener = Axon(neuron_id="listener", neuron_fn=echo)
    listener.host.on_final(lambda signal: heard.append(signal.payload["result"]))
    host = await room.dendrite("host", axons=[listener])
    await host.stop()
    await host.start()
    await host.emit_final(trace_id="trc_1", parent_id="evt_1", result=1)
    await settle()
    assert heard == [1]


THING = object()
LOOP: dict[str, Any] = {}
LOOP["loop"] = LOOP


@pytest.mark.parametrize(
    "result",
    [
        {"thing": THING},
        THING,
        LOOP,
        {"__clarification__": True, "question": "?", "context": {"thing": THING}},
        {"__permission__": True, "action": "a", "scope": {"thing": THING}},
        {"__permission__": True, "action": "a", "context": {1: THING}},
    ],
    ids=["output", "value", "loop", "clarification", "permission", "keys"],
)
async def test_what_no_bus_can_carry_is_answered_with_an_error(result: Any):
    async def fn(input, context):
        return result

    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        async with Dendrite(synapse=synapse, heartbeat_s=0) as dendrite:
            await dendrite.add_axon(Axon(neuron_id="n", neuron_fn=fn))
            reply = await dendrite.dispatch_and_wait(neuron="n", input={}, timeout_s=10)
        await synapse.close()
    assert (reply.type, reply.payload["code"]) == (T.ERROR, "OUTPUT_NOT_SERIALIZABLE")


async def test_an_error_is_always_text_and_arrives(room: Room):
    async def fn(input, context):
        return {"__error__": True, "code": THING, "message": THING}

    await room.worker("n", fn)
    reply = await (await room.dendrite()).dispatch_and_wait(neuron="n", input={}, timeout_s=5)
    assert reply.payload["code"] == reply.payload["message"] == str(THING)


async def test_a_plain_function_asks_a_memory_from_its_thread(room: Room):
    def scribe(input, context, *, recall, imprint):
        imprint("notes", op="add", entry={"content": input["note"]}, await_ack=True)
        return {"known": [hit.entry["content"] for hit in recall("notes", query={})]}

    bound = Axon(neuron_id="scribe", neuron_fn=scribe, engrams=[EngramBinding("notes", directed_id="mem")])
    synapse = room.synapse
    dendrite = Dendrite(synapse=synapse, namespace="room", heartbeat_s=0)
    dendrite.attach_axon(bound)
    dendrite.attach_engram(InMemoryEngram(engram_id="mem"))
    async with dendrite:
        reply = await dendrite.dispatch_and_wait(neuron="scribe", input={"note": "tea"}, timeout_s=20)
    assert reply.payload == {"output": {"known": ["tea"]}}
    recall = next(signal for signal in room.of(T.RECALL))
    assert (recall.trace_id, recall.parent_id) == (reply.trace_id, reply.parent_id)


async def test_a_stop_does_not_wait_for_a_thread_and_its_result_goes_nowhere():
    release, inside = threading.Event(), threading.Event()

    def slow(input, context):
        inside.set()
        release.wait(20)
        return {}

    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        async with Dendrite(synapse=synapse, heartbeat_s=0) as dendrite:
            await dendrite.add_axon(Axon(neuron_id="slow", neuron_fn=slow))
            outputs: list[Signal] = []
            dendrite.on_agent_output(outputs.append)
            pathway = await dendrite.dispatch(neuron="slow", input={})
            assert await asyncio.to_thread(inside.wait, 20)
            acks = await dendrite.stop_trace(pathway.trace_id, collect_acks=True, timeout_s=20)
            assert [ack.payload["cancelled"] for ack in acks] == [1]
            release.set()
            after = await dendrite.dispatch_and_wait(neuron="slow", input={}, timeout_s=20)
            assert [output.trace_id for output in outputs] == [after.trace_id]
        await synapse.close()
