"""What users of released packages rely on (PROTOCOL 14), point by point."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosmo_sdk import (
    Axon,
    Dendrite,
    DendriteProtocolError,
    Directed,
    InMemoryEngram,
    MemorySynapse,
    PathwayClosedError,
    RetryStrategy,
    Signal,
    SignalType,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def echo(input: dict[str, Any], context: Any) -> dict[str, Any]:
    if input.get("ask"):
        return {"__clarification__": True, "question": input["ask"]}
    if input.get("fail"):
        return {
            "__error__": True,
            "code": "BROKEN",
            "message": "no",
            "recoverable": input["fail"] == "for now",
        }
    if input.get("sleep"):
        await asyncio.Event().wait()
    return {"echo": input}


# -- frames


def test_frames_are_compact_json() -> None:
    frame = Signal(type=T.TASK, directed=Directed(id="b"), payload={"input": {"a": [1, 2]}}).encode()
    assert b": " not in frame
    assert b", " not in frame


def test_any_id_with_the_right_prefix_is_valid() -> None:
    signal = Signal(type=T.TASK, id="evt_x", trace_id="trc_a", parent_id="evt_b")
    assert Signal.decode(signal.encode()) == signal
    with pytest.raises(ValueError, match="trace_id"):
        Signal(type=T.TASK, trace_id="a")


def test_another_minor_version_is_read_and_another_major_is_not() -> None:
    frame = '{"v":"%s","id":"evt_1","trace_id":"trc_1","type":"TASK","ts":"2026-07-01T09:30:00Z","foo":1}'
    assert Signal.decode(frame % "1.9").type is T.TASK
    with pytest.raises(ValueError, match="2"):
        Signal.decode(frame % "2")


def test_an_unknown_type_is_an_error_in_the_sdk() -> None:
    frame = '{"v":"1","id":"evt_1","trace_id":"trc_1","type":"MOOD","ts":"2026-07-01T09:30:00Z"}'
    with pytest.raises(ValueError, match="MOOD"):
        Signal.decode(frame)
    with pytest.raises(ValueError, match="MOOD"):
        Signal(type="MOOD")  # type: ignore[arg-type]
    assert Signal(type="TASK").type is T.TASK  # type: ignore[arg-type]


# -- synapses


async def test_a_memory_synapse_works_unconnected_with_plain_handlers() -> None:
    synapse = MemorySynapse()
    heard: list[Signal] = []
    await synapse.subscribe("a.>", heard.append)
    sent = Signal(type=T.PLAN, payload={"steps": []})
    await synapse.publish("a.b", sent)
    await settle()
    assert heard == [sent]
    await synapse.close()


# -- pathways


async def test_what_came_before_the_wait_is_kept_and_each_wait_takes_one(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    pathway = await desk.dispatch(neuron="w", input={"n": 1}, finalize=True)
    await settle()
    assert [(await pathway.wait(1)).type, (await pathway.wait(1)).type] == [T.AGENT_OUTPUT, T.FINAL]
    # Late iteration sees the history.
    assert [signal.type async for signal in pathway][-2:] == [T.AGENT_OUTPUT, T.FINAL]


@pytest.mark.parametrize("input", [{"n": 1}, {"fail": "for good"}], ids=["FINAL", "ERROR"])
async def test_callbacks_are_done_and_the_pathway_closed_when_wait_returns_the_end(
    room: Room, input: dict[str, Any]
) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    pathway = await desk.dispatch(neuron="w", input=input, scope="terminal")
    done: list[SignalType] = []

    async def note(signal: Signal) -> None:
        await settle()
        done.append(signal.type)

    pathway.on(T.FINAL)(note)
    pathway.on(T.ERROR)(note)
    end = await pathway.wait(1)
    assert done == [end.type]
    assert pathway.closed


async def test_a_trace_that_is_open_here_is_not_observed_twice_but_may_be_dispatched_on(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    first = await desk.dispatch(neuron="w", input={"sleep": True})
    with pytest.raises(ValueError, match=first.trace_id):
        await desk.observe_pathway(first.trace_id)
    second = await desk.dispatch(neuron="w", input={"n": 2}, trace_id=first.trace_id)
    assert (await second.wait(1)).payload["output"] == {"echo": {"n": 2}}
    await second.close()
    assert not first.closed
    assert (
        await desk.dispatch_and_wait(neuron="w", input={"n": 3}, trace_id=first.trace_id)
    ).type is T.AGENT_OUTPUT


# -- finalize


async def test_finalize_is_on_the_wire_only_when_true_and_final_hangs_under_the_output(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    await desk.dispatch_and_wait(neuron="w", input={"n": 1})
    await desk.dispatch_and_wait(neuron="w", input={"n": 2}, scope="terminal")
    plain, finalized = room.of(T.TASK)
    assert "finalize" not in plain.payload
    assert finalized.payload["finalize"] is True
    [final] = room.of(T.FINAL)
    assert (final.parent_id, final.neuron) == (room.of(T.AGENT_OUTPUT)[-1].id, "w")


@pytest.mark.parametrize("input", [{"ask": "which?"}, {"fail": "for good"}])
async def test_what_is_no_output_is_never_promoted(room: Room, input: dict[str, Any]) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    pathway = await desk.dispatch(neuron="w", input=input, finalize=True)
    await pathway.wait(1)
    await settle()
    assert room.of(T.FINAL) == []


# -- offers


async def test_offer_handlers_registered_after_the_start_hear_offers_by_capability(room: Room) -> None:
    worker = await room.worker("w", echo, "echo", auto_bid=False)
    heard: list[Any] = []

    @worker.on_task_offer(capability="echo")
    async def consider(offer: Signal) -> None:
        heard.append(offer.payload["capabilities"])

    await settle()
    desk = await room.dendrite()
    for capabilities in (["echo"], ["other"], ["echo", "more"]):
        await desk.publish(Signal(type=T.TASK_OFFER, payload={"input": {}, "capabilities": capabilities}))
    await settle()
    assert heard == [["echo"], ["echo", "more"]]


# -- questions


async def test_a_decision_that_came_before_it_was_awaited_is_found(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    question = await desk.dispatch_and_wait(neuron="w", input={"ask": "which?"})
    await desk.ensure_subscribed(T.CLARIFICATION_ANSWER)
    await desk.answer_clarification(question, answer="this")
    await settle()
    assert (await desk.await_decision(question, timeout_s=1)).payload["answer"] == "this"


async def test_an_answer_by_dispatch_is_a_task_under_the_question(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    question = await desk.dispatch_and_wait(neuron="w", input={"ask": "which?"})
    await desk.respond_to_clarification(question, answer="this", extra={"sure": True})
    task = room.of(T.TASK)[-1]
    assert (task.parent_id, task.trace_id, task.neuron) == (question.id, question.trace_id, "w")
    told = {"question": "which?", "answer": "this", "sure": True}
    # And what it was asked about, which released packages leave out.
    assert task.payload["input"] == {"clarification": {**told, "original_input": {"ask": "which?"}}}


# -- STOP


async def test_only_who_had_a_stake_answers_a_stop_and_the_work_says_nothing(room: Room) -> None:
    await room.worker("w", echo, "echo")
    await room.worker("bystander", echo, "other")
    desk = await room.dendrite()
    starter = await room.dendrite("starter")
    task = await starter.dispatch_task(neuron="w", input={"sleep": True})
    await settle()
    await desk.stop_trace(task.trace_id)
    await settle()
    assert [(ack.payload["node"], ack.payload["cancelled"]) for ack in room.of(T.STOPPED)] == [
        ("host-of-w", 1)
    ]
    assert room.kinds(task.trace_id) == ["TASK", "STOP", "STOPPED"]


async def test_a_stop_ends_waiting_with_an_error_of_pathways(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    pathway = await desk.dispatch(neuron="w", input={"sleep": True})
    await desk.stop_trace(pathway.trace_id)
    with pytest.raises(PathwayClosedError):
        await pathway.wait(1)


# -- retry


async def test_retry_counts_from_zero(room: Room) -> None:
    await room.worker("w", echo, "echo")
    desk = await room.dendrite()
    retried: list[int] = []
    waited: list[int] = []

    def backoff(attempt: int) -> float:
        waited.append(attempt)
        return 0.0

    strategy = RetryStrategy(
        max_attempts=3, backoff=backoff, on_retry=lambda attempt, _: retried.append(attempt)
    )
    await desk.dispatch_and_wait(neuron="w", input={"fail": "for now"}, retry=strategy)
    assert (retried, waited) == ([0, 1], [0, 1])
    assert [task.meta.get("attempt") for task in room.of(T.TASK)] == [0, 1, 2]


# -- journals


async def test_final_commits_error_keeps_and_outside_a_trace_nothing_is_journaled(room: Room) -> None:
    memory = InMemoryEngram(engram_id="notes")
    await room.dendrite("memory", engrams=[memory])
    desk = await room.dendrite()

    async def write(text: str, **options: Any) -> None:
        await desk.imprint(engram_id="notes", op="add", entry={"content": text}, await_ack=True, **options)

    await write("untraced")
    for trace, end in (("trc_final", T.FINAL), ("trc_error", T.ERROR)):
        await write(trace, trace_id=trace)
        payload = {"result": {}} if end is T.FINAL else {"code": "X", "message": "x", "recoverable": False}
        await desk.publish(Signal(type=end, trace_id=trace, parent_id="evt_a", payload=payload))
        await settle()
    for trace in ("trc_final", "trc_error"):
        await desk.stop_trace(trace, rollback=True)
        await settle()
    kept = {hit.entry["content"] for hit in await desk.recall(engram_id="notes", query={})}
    assert kept == {"untraced", "trc_final"}


# -- who is there


async def test_registers_say_their_role(room: Room) -> None:
    await room.worker("w", echo, "echo")
    await room.dendrite("memory", engrams=[InMemoryEngram(engram_id="notes")])
    roles = {signal.neuron: signal.payload["role"] for signal in room.of(T.REGISTER)}
    assert roles == {"w": "neuron", "notes": "engram"}


async def test_a_discover_is_answered_within_a_tenth_of_a_second(room: Room) -> None:
    await room.worker("w", echo, "echo")
    before = len(room.of(T.REGISTER))
    desk = await room.dendrite()
    await desk.publish(Signal(type=T.DISCOVER))
    await room.clock.advance(0.1)
    await settle()
    assert [signal.neuron for signal in room.of(T.REGISTER)[before:]] == ["w"]


# -- misuse


async def test_misuse_raises_what_it_always_raised(room: Room) -> None:
    desk: Dendrite = await room.dendrite(axons=[Axon(neuron_id="w", neuron_fn=echo)])
    with pytest.raises(ValueError, match="w"):
        desk.attach_axon(Axon(neuron_id="w", neuron_fn=echo))
    with pytest.raises(KeyError, match="stranger"):
        await desk.detach_axon("stranger")
    output = Signal(type=T.AGENT_OUTPUT, payload={"output": {}})
    with pytest.raises(DendriteProtocolError):
        await desk.respond_to_clarification(output, answer="x")
    with pytest.raises(DendriteProtocolError):
        await desk.respond_to_permission(output, granted=True)
    with pytest.raises(DendriteProtocolError):
        await desk.respond_to_escalation(output)
    for type in (T.AGENT_OUTPUT, T.CLARIFICATION, T.PERMISSION, T.REGISTER, T.DEREGISTER, T.HEARTBEAT):
        with pytest.raises(DendriteProtocolError):
            await desk.emit(Signal(type=type, payload={}))
