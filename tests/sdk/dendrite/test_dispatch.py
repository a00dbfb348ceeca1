"""TASKs: who gets them, what comes back, what is refused."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk import (
    Axon,
    Dendrite,
    MemorySynapse,
    NeuronError,
    PathwayShutDown,
    PathwayStopped,
    RetryStrategy,
    RoleError,
    Signal,
    SignalType,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room


async def echo(input, context):
    return {"said": input.get("say")}


async def test_an_addressed_task_is_answered_by_its_neuron(room: Room):
    await room.worker("a", echo)
    orchestrator = await room.dendrite()
    reply = await orchestrator.dispatch_and_wait(neuron="a", input={"say": "hi"})
    assert (reply.type, reply.neuron, reply.payload) == (
        SignalType.AGENT_OUTPUT,
        "a",
        {"output": {"said": "hi"}},
    )
    (task,) = room.of(SignalType.TASK)
    assert reply.parent_id == task.id
    assert "finalize" not in task.payload


async def test_terminal_scope_waits_for_the_final_that_the_worker_adds(room: Room):
    await room.worker("a", echo)
    orchestrator = await room.dendrite()
    final = await orchestrator.dispatch_and_wait(neuron="a", input={"say": 1}, scope="terminal")
    assert (final.type, final.payload) == (SignalType.FINAL, {"result": {"said": 1}})
    (output,) = room.of(SignalType.AGENT_OUTPUT)
    assert final.parent_id == output.id


async def test_dispatch_and_wait_under_terminal_scope_passes_over_a_question(room: Room):
    async def ask(input, context):
        if "clarification" in input:
            return {"done": input["clarification"]["answer"]}
        return {"__clarification__": True, "question": "which year?"}

    await room.worker("a", ask)
    orchestrator = await room.dendrite()

    @orchestrator.on_clarification
    async def answer(question: Signal) -> None:
        await orchestrator.respond_to_clarification(question, answer="2025")

    await settle()
    final = await orchestrator.dispatch_and_wait(neuron="a", input={"q": 1}, scope="terminal")
    assert final.payload == {"result": {"done": "2025"}}


async def test_one_of_several_equal_workers_takes_a_capability_task(room: Room):
    await room.worker("a", echo, "translate")
    await room.worker("b", echo, "translate")
    orchestrator = await room.dendrite()
    answers = [
        (await orchestrator.dispatch_and_wait(capabilities=["translate"], input={})).neuron for _ in range(4)
    ]
    assert sorted(answers) == ["a", "a", "b", "b"]
    assert set(room.subjects) >= {"cosmonapse.room.TASK.routed"}
    assert len(room.of(SignalType.AGENT_OUTPUT)) == 4


async def test_a_task_for_nobody_is_refused_unless_it_is_an_open_call(room: Room):
    catcher = Axon(neuron_id="any", neuron_fn=echo, catch_all=True)
    await room.dendrite("w", role="worker", axons=[catcher])
    orchestrator = await room.dendrite()
    with pytest.raises(ValueError, match="neuron= or capabilities="):
        await orchestrator.dispatch_task(input={})
    reply = await orchestrator.dispatch_and_wait(input={"say": 2}, open_call=True)
    assert reply.neuron == "any"


async def test_a_task_for_an_unknown_neuron_times_out(room: Room):
    orchestrator = await room.dendrite()
    waiting = asyncio.ensure_future(orchestrator.dispatch_and_wait(neuron="ghost", input={}, timeout_s=5))
    await room.clock.advance(4.9)
    assert not waiting.done()
    await room.clock.advance(0.2)
    with pytest.raises(TimeoutError):
        await waiting


async def test_an_exception_becomes_an_error_signal(room: Room):
    async def broken(input, context):
        raise ValueError("no such file")

    await room.worker("a", broken)
    orchestrator = await room.dendrite()
    reply = await orchestrator.dispatch_and_wait(neuron="a", input={})
    assert reply.payload == {"code": "NEURON_EXCEPTION", "message": "no such file", "recoverable": False}


async def test_an_output_that_json_cannot_carry_is_said_to_be_so():
    async def odd(input, context):
        return {"thing": object()}

    synapse = MemorySynapse(strict=True)
    async with (
        Dendrite(synapse=synapse, dendrite_id="w", heartbeat_s=0) as worker,
        Dendrite(synapse=synapse, heartbeat_s=0) as orchestrator,
    ):
        await worker.add_axon(Axon(neuron_id="odd", neuron_fn=odd))
        reply = await orchestrator.dispatch_and_wait(neuron="odd", input={}, timeout_s=5)
    await synapse.close()
    assert reply.payload["code"] == "OUTPUT_NOT_SERIALIZABLE"


async def test_a_duplicate_task_runs_once_for_a_minute(room: Room):
    runs: list[object] = []

    async def count(input, context):
        runs.append(input)
        return {}

    await room.worker("a", count)
    orchestrator = await room.dendrite()
    task = await orchestrator.dispatch_task(neuron="a", input={})
    await orchestrator.publish(task)
    await settle()
    assert len(runs) == 1
    await room.clock.advance(61)
    await orchestrator.publish(task)
    await settle()
    assert len(runs) == 2


async def test_a_second_dispatch_on_a_trace_does_not_disturb_the_first(room: Room):
    await room.worker("a", echo)
    orchestrator = await room.dendrite()
    first = await orchestrator.dispatch(neuron="a", input={"say": 1})
    second = await orchestrator.dispatch(neuron="a", input={"say": 2}, trace_id=first.trace_id)
    assert (await second.wait(1)).type is SignalType.AGENT_OUTPUT
    await second.close()
    assert (await first.wait(1)).payload["output"] == {"said": 1}
    with pytest.raises(ValueError, match="already has a pathway"):
        await orchestrator.observe_pathway(first.trace_id)


async def test_nested_work_hangs_below_the_task_that_dispatched_it(room: Room):
    host: list[Dendrite] = []

    async def outer(input, context):
        reply = await host[0].dispatch_and_wait(neuron="inner", input={})
        return {"inner": reply.payload["output"]}

    await room.worker("inner", echo)
    host.append(await room.dendrite("outer-host", axons=[Axon(neuron_id="outer", neuron_fn=outer)]))
    orchestrator = await room.dendrite()
    await orchestrator.dispatch_and_wait(neuron="outer", input={}, timeout_s=5)
    parent, nested = room.of(SignalType.TASK)
    assert nested.parent_id == parent.id
    assert nested.trace_id != parent.trace_id


@pytest.mark.parametrize("operation", ["dispatch_task", "dispatch", "dispatch_and_wait", "dispatch_offer"])
async def test_a_worker_may_not_dispatch(room: Room, operation: str):
    worker = await room.worker("a", echo)
    with pytest.raises(RoleError, match=r'needs role="orchestrator"'):
        await getattr(worker, operation)(input={}, capabilities=["x"])


async def test_a_worker_may_not_emit_nor_stop_but_may_publish(room: Room):
    worker = await room.worker("a", echo)
    with pytest.raises(RoleError):
        await worker.emit_stop(trace_id="trc_x")
    with pytest.raises(RoleError):
        await worker.emit_plan(trace_id="trc_x", parent_id="evt_x", steps=[])
    await worker.publish(Signal(type=SignalType.AGENT_OUTPUT, payload={"output": 1}))
    assert len(room.of(SignalType.AGENT_OUTPUT)) == 1


async def test_emit_does_not_take_what_axons_say(room: Room):
    orchestrator = await room.dendrite()
    with pytest.raises(ValueError, match="AGENT_OUTPUT"):
        await orchestrator.emit(Signal(type=SignalType.AGENT_OUTPUT))


async def test_a_recoverable_error_is_retried_on_a_trace_of_its_own(room: Room):
    attempts: list[int] = []

    async def flaky(input, context):
        attempts.append(len(attempts))
        if len(attempts) < 3:
            return {"__error__": True, "code": "BUSY", "message": "later", "recoverable": True}
        return {"ok": True}

    await room.worker("flaky", flaky)
    orchestrator = await room.dendrite()
    told: list[int] = []
    strategy = RetryStrategy(max_attempts=3, on_retry=lambda attempt, outcome: told.append(attempt))
    reply = await orchestrator.run_with_retry(retry=strategy, neuron="flaky", input={}, trace_id="trc_mine")
    assert reply.payload == {"output": {"ok": True}}
    assert told == [0, 1]
    tasks = room.of(SignalType.TASK)
    assert [task.meta["attempt"] for task in tasks] == [0, 1, 2]
    assert tasks[0].trace_id == "trc_mine"
    assert len({task.trace_id for task in tasks}) == 3
    assert [stop.trace_id for stop in room.of(SignalType.STOP)] == [task.trace_id for task in tasks[:2]]


async def test_a_retry_waits_as_long_as_the_error_asks(room: Room):
    attempts: list[int] = []

    async def limited(input, context):
        attempts.append(len(attempts))
        if len(attempts) == 1:
            raise NeuronError("slow down", recoverable=True, meta={"cosmo.retry_after_s": 5})
        return {"ok": True}

    await room.worker("limited", limited)
    orchestrator = await room.dendrite()
    waiting = asyncio.ensure_future(
        orchestrator.run_with_retry(retry=RetryStrategy(), neuron="limited", input={})
    )
    await room.clock.advance(4.9)
    assert attempts == [0]
    await room.clock.advance(0.2)
    assert (await waiting).payload == {"output": {"ok": True}}


async def test_a_stop_by_somebody_else_is_not_retried(room: Room):
    started = asyncio.Event()

    async def endless(input, context):
        started.set()
        await asyncio.Event().wait()

    await room.worker("slow", endless)
    orchestrator = await room.dendrite()
    other = await room.dendrite("other")
    waiting = asyncio.ensure_future(
        orchestrator.dispatch_and_wait(neuron="slow", input={}, retry=RetryStrategy(), trace_id="trc_x")
    )
    await started.wait()
    await other.stop_trace("trc_x")
    with pytest.raises(PathwayStopped):
        await waiting
    assert len(room.of(SignalType.TASK)) == 1


async def test_stopping_the_dendrite_ends_its_waits(room: Room):
    orchestrator = await room.dendrite()
    waiting = asyncio.ensure_future(orchestrator.dispatch_and_wait(neuron="ghost", input={}))
    await settle()
    await orchestrator.stop()
    with pytest.raises(PathwayShutDown):
        await waiting


async def test_nested_work_may_stay_on_the_trace_also_when_retried(room: Room):
    host: list[Dendrite] = []

    async def outer(input, context):
        for retry in (None, RetryStrategy(max_attempts=1)):
            await host[0].dispatch_and_wait(neuron="inner", input={}, inherit_trace=True, retry=retry)
        return {}

    await room.worker("inner", echo)
    host.append(await room.dendrite("outer-host", axons=[Axon(neuron_id="outer", neuron_fn=outer)]))
    orchestrator = await room.dendrite()
    # On one trace the inner outputs are heard as well: only the outer FINAL is the end.
    await orchestrator.dispatch_and_wait(neuron="outer", input={}, scope="terminal", trace_id="trc_x")
    parent, *nested = room.of(SignalType.TASK)
    assert [(task.trace_id, task.parent_id) for task in nested] == [("trc_x", parent.id)] * 2


async def test_replies_have_the_time_and_the_ids_of_their_host(room: Room):
    await room.worker("a", echo)
    orchestrator = await room.dendrite()
    await room.clock.advance(60)
    reply = await orchestrator.dispatch_and_wait(neuron="a", input={})
    assert reply.ts == room.clock.now()
    assert int(reply.id[-8:], 32) < 1000


async def test_an_axon_lives_on_one_dendrite(room: Room):
    axon = Axon(neuron_id="a", neuron_fn=echo)
    first = await room.dendrite("first", axons=[axon])
    second = await room.dendrite("second")
    with pytest.raises(RuntimeError, match="detach it there first"):
        second.attach_axon(axon)
    await first.detach_axon("a")
    await second.add_axon(axon)
    assert (await second.dispatch_and_wait(neuron="a", input={})).neuron == "a"
