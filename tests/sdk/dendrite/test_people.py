"""Questions and answers, STOP, handlers and their filters."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosmo_sdk import (
    AlreadyAnswered,
    Axon,
    DendriteProtocolError,
    Directed,
    InMemoryEngram,
    PathwayShutDown,
    PathwayStopped,
    Signal,
    SignalType,
    SynapseError,
)
from cosmo_sdk.synapse.delivery import CONCURRENCY
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def careful(input, context):
    if "permission" in input:
        return {"granted": input["permission"]["granted"], "job": input["permission"]["original_input"]}
    return {"__permission__": True, "action": "delete", "reason": "old"}


async def unsure(input, context):
    if "clarification" in input:
        return {"year": input["clarification"]["answer"]}
    return {"__clarification__": True, "question": "which year?"}


async def test_a_discrete_answer_reaches_who_awaits_it(room: Room):
    await room.worker("a", unsure)
    orchestrator = await room.dendrite()
    person = await room.dendrite("person", role="worker")
    question = await orchestrator.dispatch_and_wait(neuron="a", input={})
    waiting = asyncio.ensure_future(orchestrator.await_decision(question))
    await settle()
    await person.answer_clarification(question, answer=2025)
    answer = await waiting
    assert (answer.payload, answer.parent_id, answer.neuron) == ({"answer": 2025}, question.id, "person")
    assert await orchestrator.await_decision(question) is answer


async def test_an_unanswered_question_times_out_and_a_stop_ends_the_wait(room: Room):
    await room.worker("a", unsure)
    orchestrator = await room.dendrite()
    question = await orchestrator.dispatch_and_wait(neuron="a", input={})
    waiting = asyncio.ensure_future(orchestrator.await_decision(question, timeout_s=3))
    await room.clock.advance(4)
    with pytest.raises(TimeoutError):
        await waiting
    waiting = asyncio.ensure_future(orchestrator.await_decision(question))
    await settle()
    await orchestrator.emit_stop(trace_id=question.trace_id)
    with pytest.raises(PathwayStopped):
        await waiting


async def test_an_answer_by_dispatch_resumes_the_work_with_its_task_and_its_final(room: Room):
    await room.worker("a", careful)
    orchestrator = await room.dendrite()
    pathway = await orchestrator.dispatch(neuron="a", input={"file": "x"}, scope="terminal")
    request = await pathway.wait(1)
    again = await orchestrator.respond_to_permission(request, granted=True, ttl_ms=5)
    assert (again.parent_id, again.trace_id, again.neuron) == (request.id, request.trace_id, "a")
    assert again.payload["input"]["permission"] == {
        "action": "delete",
        "granted": True,
        "ttl_ms": 5,
        "original_input": {"file": "x"},
    }
    final = await pathway.wait(1)
    assert final.payload == {"result": {"granted": True, "job": {"file": "x"}}}


async def test_a_second_question_keeps_the_task_the_first_answer_and_the_context(room: Room):
    contexts: list[Any] = []

    async def fetch(reference: str) -> list[Any]:
        return [reference]

    async def curious(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        contexts.append(context)
        if "permission" in input:
            return input["permission"]
        if "clarification" in input:
            return {"__permission__": True, "action": "buy"}
        return {"__clarification__": True, "question": "which?"}

    axon = Axon(neuron_id="a", neuron_fn=curious, context_fetcher=fetch)
    await room.dendrite("host", role="worker", axons=[axon])
    orchestrator = await room.dendrite()
    pathway = await orchestrator.dispatch(
        neuron="a", input={"want": "tea"}, context_ref="ctx://kb/1", scope="terminal"
    )
    await orchestrator.respond_to_clarification(await pathway.wait(1), answer="green")
    await orchestrator.respond_to_permission(await pathway.wait(1), granted=True)
    assert (await pathway.wait(1)).payload["result"] == {
        "action": "buy",
        "granted": True,
        "original_input": {"want": "tea"},
        "earlier": [{"question": "which?", "answer": "green"}],
    }
    assert contexts == [["ctx://kb/1"]] * 3


async def test_a_question_is_answered_by_dispatch_once_unless_asked_for(room: Room):
    await room.worker("a", unsure)
    orchestrator = await room.dendrite()
    question = await orchestrator.dispatch_and_wait(neuron="a", input={"q": 1})
    task = await orchestrator.respond_to_clarification(question, answer=1)
    with pytest.raises(AlreadyAnswered, match=f"{question.id} was answered with {task.id} already"):
        await orchestrator.respond_to_clarification(question, answer=2)
    await orchestrator.respond_to_clarification(question, answer=3, again=True)
    answers = [task.payload["input"]["clarification"]["answer"] for task in room.of(T.TASK)[1:]]
    assert answers == [1, 3]


async def test_a_second_discrete_answer_goes_out_with_a_mark(room: Room, caplog: pytest.LogCaptureFixture):
    person = await room.dendrite("person", role="worker")
    question = Signal(type=T.CLARIFICATION, payload={"question": "?"})
    await person.answer_clarification(question, answer=1)
    await person.answer_clarification(question, answer=2)
    assert [signal.meta for signal in room.of(T.CLARIFICATION_ANSWER)] == [{}, {"cosmo.repeat": True}]
    assert "was answered already; the first answer counts" in caplog.text
    assert (await person.await_decision(question)).payload == {"answer": 1}


async def test_an_answer_that_could_not_be_sent_may_be_tried_again(room: Room):
    orchestrator = await room.dendrite()
    question = Signal(type=T.CLARIFICATION, payload={"question": "?"}, directed=Directed(id="a"))
    await room.synapse.close()
    with pytest.raises(SynapseError):
        await orchestrator.respond_to_clarification(question, answer=1)
    await room.synapse.connect()
    assert (await orchestrator.respond_to_clarification(question, answer=1)).neuron == "a"


@pytest.mark.parametrize("kind", ["clarification", "permission", "escalation"])
async def test_a_stopped_trace_is_not_dispatched_on_again(room: Room, kind: str):
    orchestrator = await room.dendrite()
    request = Signal(
        type=T(kind.upper()), trace_id="trc_x", directed=Directed(id="a"), payload={"target": "a"}
    )
    await orchestrator.emit_stop(trace_id="trc_x")
    await settle()
    extra: dict[str, Any] = {"clarification": {"answer": 1}, "permission": {"granted": True}}.get(kind, {})
    with pytest.raises(PathwayStopped):
        await getattr(orchestrator, f"respond_to_{kind}")(request, **extra)
    assert room.of(T.TASK) == []


async def test_whoever_takes_over_an_escalation_brings_the_work_to_its_final(room: Room):
    host: list[Any] = []

    async def overtaxed(input: dict[str, Any], context: list[Any]) -> None:
        (task,) = room.of(T.TASK)
        await host[0].publish(
            task.reply(T.ESCALATION, {"reason": "too hard", "target": "boss"}, Directed(id="a"))
        )
        await asyncio.Event().wait()

    async def decide(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return input["escalation"]

    host.append(await room.worker("a", overtaxed))
    await room.worker("boss", decide)
    orchestrator = await room.dendrite()
    pathway = await orchestrator.dispatch(neuron="a", input={"job": 1}, scope="terminal")
    raised: asyncio.Future[Signal] = asyncio.get_running_loop().create_future()
    pathway.on(T.ESCALATION)(raised.set_result)
    await orchestrator.respond_to_escalation(await raised)
    final = await pathway.wait(1)
    assert (final.neuron, final.payload["result"]) == (
        "boss",
        {"reason": "too hard", "context": {}, "from": "a", "original_input": {"job": 1}},
    )


async def test_an_escalation_goes_to_its_target(room: Room):
    orchestrator = await room.dendrite()
    raised = await orchestrator.emit_escalation(
        trace_id="trc_x", parent_id="evt_x", reason="too hard", target="boss", context={"n": 1}
    )
    task = await orchestrator.respond_to_escalation(raised)
    assert task.neuron == "boss"
    assert task.payload["input"] == {
        "escalation": {"reason": "too hard", "context": {"n": 1}, "from": "orchestrator"}
    }


@pytest.mark.parametrize(
    "call",
    [
        "answer_clarification",
        "grant_permission",
        "deny_permission",
        "respond_to_clarification",
        "await_decision",
    ],
)
async def test_answers_to_the_wrong_type_are_refused(room: Room, call: str):
    orchestrator = await room.dendrite()
    extra: dict[str, Any] = {"answer": 1} if "clarification" in call else {}
    with pytest.raises(DendriteProtocolError, match="TASK"):
        await getattr(orchestrator, call)(Signal(type=T.TASK), **extra)


async def test_a_stop_cancels_work_undoes_memory_and_says_so(room: Room):
    memory = InMemoryEngram()
    started = asyncio.Event()
    host: list[Any] = []

    async def scribe(input, context):
        await host[0].imprint(engram_id="engram-memory", op="add", entry={"content": "half"}, await_ack=True)
        started.set()
        await asyncio.Event().wait()

    host.append(await room.worker("scribe", scribe, engrams=[memory]))
    orchestrator = await room.dendrite()
    pathway = await orchestrator.dispatch(neuron="scribe", input={})
    await started.wait()
    stopping = asyncio.ensure_future(
        orchestrator.stop_trace(pathway.trace_id, rollback=True, reason="enough", collect_acks=True)
    )
    await settle()
    await room.clock.advance(1.1)
    acks = {ack.neuron: ack.payload for ack in await stopping}
    assert acks["host-of-scribe"] == {
        "rolled_back": True,
        "cancelled": 1,
        "compensated": 1,
        "node": "host-of-scribe",
    }
    assert acks["orchestrator"]["cancelled"] == 0
    assert len(await memory.recall({"text": "half"})) == 0
    with pytest.raises(PathwayStopped):
        await pathway.wait()
    assert room.of(T.AGENT_OUTPUT, T.ERROR) == []


async def test_a_stopped_trace_stays_stopped(room: Room):
    await room.worker("a", unsure)
    orchestrator = await room.dendrite()
    await orchestrator.emit_stop(trace_id="trc_x")
    await settle()
    reply = await orchestrator.dispatch_and_wait(neuron="a", input={}, trace_id="trc_x")
    assert reply.payload["code"] == "TRACE_STOPPED"
    await room.clock.advance(601)
    reply = await orchestrator.dispatch_and_wait(neuron="a", input={}, trace_id="trc_x")
    assert reply.type is T.CLARIFICATION


async def test_filters_are_all_required(room: Room):
    dendrite = await room.dendrite()
    heard: list[str] = []
    dendrite.on_final(neuron="a", trace_id="trc_1")(lambda signal: heard.append(signal.id))
    await settle()
    for neuron, trace in (("a", "trc_1"), ("a", "trc_2"), ("b", "trc_1")):
        await dendrite.emit_final(trace_id=trace, parent_id="evt_x", result=neuron, neuron=neuron)
    await settle()
    assert heard == [room.of(T.FINAL)[0].id]


async def test_capability_filters_look_at_the_participant(room: Room):
    watcher = await room.dendrite("watcher")
    heard: list[str | None] = []
    watcher.on_agent_output(capability="ask")(lambda signal: heard.append(signal.neuron))
    watcher.on_register_signal(lambda signal: None)
    await settle()
    await room.worker("a", lambda input, context: {}, "ask")
    await room.worker("b", lambda input, context: {}, "other")
    for neuron in ("a", "b"):
        await watcher.dispatch_and_wait(neuron=neuron, input={})
    await settle()
    assert heard == ["a"]


async def test_task_handlers_see_addressed_and_routed_tasks_once(room: Room):
    watcher = await room.dendrite("watcher")
    seen: list[str] = []
    watcher.on_task_signal(lambda signal: seen.append(signal.id))
    await settle()
    sent = [
        await watcher.dispatch_task(neuron="a", input={}),
        await watcher.dispatch_task(capabilities=["x"], input={}),
    ]
    await settle()
    assert seen == [task.id for task in sent]


async def test_a_failing_handler_disturbs_nobody(room: Room):
    dendrite = await room.dendrite()
    heard: list[int] = []

    @dendrite.on_plan
    async def broken(signal: Signal) -> None:
        raise RuntimeError("broken")

    dendrite.on_signal(T.PLAN, lambda signal: heard.append(1))
    await settle()
    await dendrite.emit_plan(trace_id="trc_x", parent_id="evt_x", steps=[])
    await settle()
    assert heard == [1]


async def test_on_trace_hears_everything_a_trace_can_say(room: Room):
    dendrite = await room.dendrite()
    heard: list[str] = []
    dendrite.on_trace("trc_x")(lambda signal: heard.append(str(signal.type)))
    await settle()
    await dendrite.dispatch_task(neuron="a", input={}, trace_id="trc_x")
    await dendrite.emit_plan(trace_id="trc_x", parent_id="evt_x", steps=[])
    await dendrite.emit_stop(trace_id="trc_x")
    await dendrite.emit_plan(trace_id="trc_y", parent_id="evt_x", steps=[])
    await settle()
    assert heard == ["TASK", "PLAN", "STOP"]


def test_old_short_names_still_work_and_say_that_they_are_old():
    from cosmo_sdk import Dendrite, MemorySynapse

    dendrite = Dendrite(synapse=MemorySynapse())
    for name in ("on_error", "on_register", "on_deregister", "on_heartbeat"):
        with pytest.warns(DeprecationWarning, match=f"{name}_signal"):
            getattr(dendrite, name)(print)


async def test_shutdown_ends_open_pathways(room: Room):
    dendrite = await room.dendrite()
    pathway = await dendrite.observe_pathway("trc_x")
    await dendrite.stop()
    with pytest.raises(PathwayShutDown):
        await pathway.wait()


async def test_what_a_handler_did_not_get_to_is_counted(room: Room):
    dendrite = await room.dendrite()

    @dendrite.on_plan
    async def stuck(signal: Signal) -> None:
        await asyncio.Event().wait()

    await settle()
    plan = Signal(type=T.PLAN, payload={"steps": []})
    for _ in range(CONCURRENCY + 3):
        await dendrite.publish(plan)
    await settle()
    assert dendrite.dropped == 0
    await dendrite.stop()
    assert dendrite.dropped == 3


async def test_duplicates_are_counted(room: Room):
    dendrite = await room.dendrite()
    stop = await dendrite.emit_stop(trace_id="trc_x")
    await dendrite.publish(stop)
    assert dendrite.duplicates == 1
