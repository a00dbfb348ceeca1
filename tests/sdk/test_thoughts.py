"""What a Neuron says while it works, and what it says of why it cannot."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from cosmo_sdk import Axon, CosmoError, Directed, NeuronError, RetryStrategy, Signal, SignalType
from tests.sdk.dendrite.room import open_room

T = SignalType


async def thinker(input: dict[str, Any], context: list[Any], emit_thought_delta: Any) -> dict[str, Any]:
    for word in input["words"]:
        await emit_thought_delta(word)
    return {"said": len(input["words"])}


async def test_thoughts_hang_under_their_task_in_order_and_before_the_answer():
    async with open_room() as room:
        await room.worker("thinker", thinker)
        desk = await room.dendrite()
        reply = await desk.dispatch_and_wait(neuron="thinker", input={"words": ["a", "b", "c"]}, timeout_s=5)
        task = room.of(T.TASK)[0]
        thoughts = room.of(T.THOUGHT_DELTA)
        assert [thought.payload for thought in thoughts] == [
            {"delta": "a", "seq": 0},
            {"delta": "b", "seq": 1},
            {"delta": "c", "seq": 2},
        ]
        assert {(thought.trace_id, thought.parent_id, thought.neuron) for thought in thoughts} == {
            (task.trace_id, task.id, "thinker")
        }
        assert room.seen.index(thoughts[-1]) < next(
            at for at, signal in enumerate(room.seen) if signal.id == reply.id
        )


async def test_each_task_counts_its_own_thoughts():
    async with open_room() as room:
        await room.worker("thinker", thinker)
        desk = await room.dendrite()
        for _ in range(2):
            await desk.dispatch_and_wait(neuron="thinker", input={"words": ["a"]}, timeout_s=5)
        assert [thought.payload["seq"] for thought in room.of(T.THOUGHT_DELTA)] == [0, 0]


async def test_a_plain_function_thinks_from_its_thread():
    def think(input, context, emit_thought_delta):
        emit_thought_delta("from a thread")
        return threading.current_thread() is not threading.main_thread()

    async with open_room() as room:
        await room.worker("plain", think)
        desk = await room.dendrite()
        reply = await desk.dispatch_and_wait(neuron="plain", input={}, timeout_s=5)
        assert reply.payload["output"] == {"value": True}
        assert [thought.payload["delta"] for thought in room.of(T.THOUGHT_DELTA)] == ["from a thread"]


async def test_an_axon_attached_nowhere_thinks_to_nobody():
    axon = Axon(neuron_id="n", neuron_fn=thinker)
    reply = await axon.handle_task(Signal(type=T.TASK, payload={"input": {"words": ["a", "b"]}}))
    assert reply.payload == {"output": {"said": 2}}
    assert axon.thoughts_lost == 0


async def test_a_thought_after_the_task_is_over_is_counted_and_not_sent():
    over = asyncio.Event()
    left: list[asyncio.Task[None]] = []

    async def leaves_work_behind(input, context, emit_thought_delta):
        async def later() -> None:
            await over.wait()
            await emit_thought_delta("too late")

        left.append(asyncio.create_task(later()))

    async with open_room() as room:
        worker = await room.worker("n", leaves_work_behind)
        desk = await room.dendrite()
        await desk.dispatch_and_wait(neuron="n", input={}, timeout_s=5)
        over.set()
        await left[0]
        assert room.of(T.THOUGHT_DELTA) == []
        assert worker.axons["n"].thoughts_lost == 1


async def test_a_thought_outside_of_any_task_is_an_error():
    with pytest.raises(RuntimeError, match="outside of a TASK"):
        await Axon(neuron_id="n", neuron_fn=thinker).emit_thought_delta("hm")


async def test_a_bus_that_is_away_loses_thoughts_and_fails_nothing():
    async with open_room() as room:
        worker = await room.worker("thinker", thinker)
        axon = worker.axons["thinker"]
        await room.synapse.close()
        reply = await axon.handle_task(Signal(type=T.TASK, payload={"input": {"words": ["a", "b"]}}))
        assert reply.type is T.AGENT_OUTPUT
        assert axon.thoughts_lost == 2


async def test_an_error_says_what_the_neuron_knows():
    async def busy(input, context):
        raise NeuronError("come back later", code="BUSY", recoverable=True, meta={"cosmo.retry_after_s": 2.0})

    task = Signal(type=T.TASK, directed=Directed(id="n"))
    reply = await Axon(neuron_id="n", neuron_fn=busy).handle_task(task)
    assert reply.type is T.ERROR
    assert reply.payload == {"code": "BUSY", "message": "come back later", "recoverable": True}
    assert reply.meta == {"cosmo.retry_after_s": 2.0}


async def test_a_neuron_error_fails_for_good_unless_it_says_otherwise():
    error = NeuronError("no")
    assert (error.code, error.recoverable, error.meta) == ("NEURON_ERROR", False, {})
    assert isinstance(error, CosmoError)


async def test_a_recoverable_neuron_error_is_retried():
    attempts: list[int] = []

    async def third_time(input, context):
        attempts.append(len(attempts))
        if len(attempts) < 3:
            raise NeuronError("not yet", recoverable=True)
        return {"ok": True}

    async with open_room() as room:
        await room.worker("n", third_time)
        desk = await room.dendrite()
        reply = await desk.dispatch_and_wait(neuron="n", input={}, retry=RetryStrategy(max_attempts=3))
        assert reply.payload["output"] == {"ok": True}
        assert attempts == [0, 1, 2]
