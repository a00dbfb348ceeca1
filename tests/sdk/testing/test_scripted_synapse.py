"""A scripted synapse is a synapse; it remembers, and plays the others."""

from __future__ import annotations

import pytest

from cosmo_sdk import Axon, Dendrite, NoBids, RetryStrategy, SignalType, SynapseError
from cosmo_sdk.testing import (
    FixedIds,
    ManualClock,
    ScriptedSynapse,
    a_clarification,
    a_permission,
    a_recalled,
    a_task,
    an_offer,
    an_output,
    settle,
)
from tests.contracts.synapse import *  # noqa: F403
from tests.contracts.synapse import Inbox, task

T = SignalType


@pytest.fixture
async def join():
    """For the contract."""
    synapse = ScriptedSynapse()

    async def same() -> ScriptedSynapse:
        return synapse

    yield same
    await synapse.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def synapse(clock, anyio_backend):
    scripted = ScriptedSynapse(clock=clock, ids=FixedIds())
    yield scripted
    await scripted.close()
    assert scripted.failures == []


@pytest.fixture
async def desk(synapse, clock):
    """A producer whose workers are played by the script."""
    async with Dendrite(synapse=synapse, dendrite_id="desk", heartbeat_s=0, clock=clock) as dendrite:
        yield dendrite


@pytest.fixture
async def shouter(synapse, clock):
    """A worker whose producers are played by the test."""

    async def shout(input: dict, context: list) -> dict:
        await clock.sleep(1)
        return {"text": input["text"].upper()}

    worker = Dendrite(synapse=synapse, dendrite_id="host", heartbeat_s=0, clock=clock, role="worker")
    worker.attach_axon(Axon(neuron_id="shouter", neuron_fn=shout, capabilities=["shout"]))
    async with worker:
        yield worker


# -- a producer among scripted workers


async def test_the_script_plays_a_whole_auction(synapse, desk, clock):
    offer = synapse.when(T.TASK_OFFER, capability="summarize")
    offer.bids("ann", cost=0.005, after_s=0.05).bids("bob", cost=0.002, confidence=0.9, after_s=0.1)
    synapse.when(T.TASK_AWARDED, neuron="bob").outputs(
        lambda input: {"summary": input["text"][:4]}, after_s=2
    )

    async def work() -> dict:
        pathway = await desk.dispatch_offer(
            input={"text": "a long story"}, capabilities=["summarize"], select="lowest_cost", scope="terminal"
        )
        return (await pathway.wait(timeout_s=10)).payload

    assert await clock.run(work()) == {"result": {"summary": "a lo"}}
    assert synapse.published.one(T.TASK_DECLINED).neuron == "ann"
    assert synapse.transcript.types()[-2:] == ["AGENT_OUTPUT", "FINAL"]
    output, final = synapse.transcript.signals(T.AGENT_OUTPUT, T.FINAL)
    assert final.parent_id == output.id
    assert output.parent_id == synapse.published.one(T.TASK_AWARDED).id
    assert (final.ts - synapse.published.one(T.TASK_AWARDED).ts).total_seconds() == 2
    synapse.assert_script_used()
    synapse.transcript.assert_valid()


async def test_nobody_bids(synapse, desk, clock):
    synapse.when(T.TASK_OFFER).stays_silent()
    synapse.when(T.TASK_OFFER).bids("never asked")
    with pytest.raises(NoBids):
        await clock.run(desk.dispatch_offer(input={}, deadline_ms=100))
    assert synapse.transcript.signals(T.BID) == []
    with pytest.raises(AssertionError, match="rules that were never needed:\nwhen TASK_OFFER"):
        synapse.assert_script_used()


async def test_a_late_bid_comes_after_the_window(synapse, desk, clock):
    synapse.when(T.TASK_OFFER).bids("slow", cost=0.0, late_s=0.5).bids("ann", cost=0.1)
    await clock.run(desk.dispatch_offer(input={}, deadline_ms=100, select="lowest_cost"))
    await clock.advance(1)
    late = synapse.transcript.one(T.BID, neuron="slow")
    assert (late.ts - synapse.published.one(T.TASK_OFFER).ts).total_seconds() == pytest.approx(0.6)
    assert synapse.published.one(T.TASK_DECLINED, neuron="slow").payload == {"reason": "late"}


async def test_a_worker_that_fails_once_is_asked_again(synapse, desk, clock):
    synapse.when(T.TASK, neuron="ann", times=1).fails(
        "MODEL_DOWN", "try later", recoverable=True, after_s=0.1
    )
    synapse.when(T.TASK, neuron="ann").outputs({"text": "done"}, after_s=0.1)
    retry = RetryStrategy(max_attempts=3, backoff=lambda attempt: 1.0)
    reply = await clock.run(desk.dispatch_and_wait(neuron="ann", input={}, retry=retry))
    assert reply.payload == {"output": {"text": "done"}}
    assert len(synapse.published.signals(T.TASK)) == 2


async def test_answers_come_twice_and_in_the_wrong_order(synapse, clock):
    synapse.when(T.TASK).outputs("first", copies=2).answers(a_clarification, question="and?").out_of_order()
    await synapse.publish("cosmonapse.dev.TASK", a_task(neuron="ann"))
    await settle()
    question, one, two = synapse.transcript.signals(T.CLARIFICATION, T.AGENT_OUTPUT)
    assert (question.type, one) == (T.CLARIFICATION, two)
    assert question.parent_id == one.parent_id == synapse.published.one(T.TASK).id


async def test_answers_go_to_the_namespace_that_asked(synapse):
    inbox = Inbox()
    await synapse.subscribe("cosmonapse.dev.AGENT_OUTPUT", inbox)
    synapse.when(T.TASK).outputs()
    await synapse.publish("cosmonapse.dev.TASK.routed", a_task(capabilities=["shout"]))
    await inbox.holds(1)
    assert inbox.signals[0].payload == {"output": {"text": "HELLO"}}


async def test_a_request_is_answered_where_it_waits(synapse):
    synapse.when(T.TASK).outputs("here")
    assert (await synapse.request("ask", task())).payload == {"output": "here"}


async def test_a_function_may_answer_what_it_likes(synapse, clock):
    synapse.when(T.TASK, neuron="none").calls(lambda signal: None)
    synapse.when(T.TASK, neuron="one").calls(lambda signal: an_output(signal, output=1))
    synapse.when(T.TASK, neuron="two").calls(lambda signal: [an_output(signal), an_output(signal)], copies=2)
    for neuron in ("none", "one", "two"):
        await synapse.publish("cosmonapse.dev.TASK", a_task(neuron=neuron))
    await settle()
    assert len(synapse.transcript.signals(T.AGENT_OUTPUT)) == 5


async def test_a_script_that_fails_is_told_where_it_is_missed(clock, caplog):
    synapse = ScriptedSynapse(clock=clock)
    synapse.when(T.TASK).outputs(lambda input: input["nothing"])
    await synapse.publish("cosmonapse.dev.TASK", a_task(neuron="ann"))
    with pytest.raises(AssertionError) as caught:
        await synapse.expect(T.BID, within_s=1)
    assert "the script itself failed: KeyError('nothing')" in str(caught.value)
    assert "script: when TASK: 1 times" in str(caught.value)
    assert "the script failed: when TASK" in caplog.text
    await synapse.close()


async def test_memories_and_people_can_be_played_too(synapse, desk, clock):
    hit = {"id": "eng_1", "entry": {"content": "it rained"}, "score": 1.0}
    synapse.when(T.RECALL, neuron="diary").answers(a_recalled, hits=[hit], after_s=0.2)
    synapse.when(T.TASK, neuron="ann").answers(a_permission, action="delete", after_s=1)
    synapse.when(T.PERMISSION_DECISION).outputs("deleted", neuron="ann")
    found = await clock.run(desk.recall(engram_id="diary", query={"text": "weather"}))
    assert [each.entry["content"] for each in found.hits] == ["it rained"]

    @desk.on_permission
    async def grant(request):
        await desk.grant_permission(request)

    task = await desk.dispatch_task(neuron="ann", input={})
    await synapse.expect(T.PERMISSION_DECISION, trace=task, within_s=5)
    await settle()
    assert synapse.transcript.one(T.AGENT_OUTPUT, trace=task).payload == {"output": "deleted"}


# -- a worker among strangers


async def test_a_strangers_task_is_worked_on(synapse, shouter):
    asked = await synapse.inject(a_task(neuron="shouter", input={"text": "hey"}))
    output = await synapse.expect(T.AGENT_OUTPUT, parent=asked, within_s=5)
    assert output.payload == {"output": {"text": "HEY"}}
    assert T.TASK not in synapse.published.types()
    assert synapse.transcript.types(asked) == ["TASK", "AGENT_OUTPUT"]


async def test_each_signal_meets_one_expectation(synapse, shouter, clock):
    first = await synapse.inject(an_offer(capabilities=["shout"]))
    second = await synapse.inject(an_offer(capabilities=["shout"]))
    bids = [await synapse.expect(T.BID, within_s=1), await synapse.expect(T.BID, within_s=1)]
    assert [bid.parent_id for bid in bids] == [first.id, second.id]
    await synapse.expect_none(T.BID, within_s=10)
    assert clock.monotonic() >= 10


async def test_time_moves_no_further_than_the_signal(synapse, shouter, clock):
    await synapse.inject(a_task(neuron="shouter", input={"text": "hey"}))
    await synapse.expect(T.AGENT_OUTPUT, within_s=60)
    assert clock.monotonic() == 1


async def test_work_in_a_thread_is_waited_for(synapse, clock):
    worker = Dendrite(synapse=synapse, dendrite_id="host", heartbeat_s=1, clock=clock, role="worker")
    worker.attach_axon(Axon(neuron_id="adder", neuron_fn=lambda input, context: {"sum": sum(input["of"])}))
    async with worker:
        for options in ({}, {"within_s": 2}):
            asked = await synapse.inject(a_task(neuron="adder", input={"of": [1, 2]}))
            output = await synapse.expect(T.AGENT_OUTPUT, trace=asked, **options)
            assert output.payload == {"output": {"sum": 3}}


async def test_what_never_comes_is_shown_with_what_did(synapse, shouter):
    asked = await synapse.inject(a_task(neuron="shouter", input={"text": "hey"}))
    with pytest.raises(AssertionError) as caught:
        await synapse.expect(T.FINAL, trace=asked, within_s=5)
    shown = str(caught.value)
    assert f"expected FINAL of {asked.trace_id} within 5 s, and it never came" in shown
    assert "└─ TASK → shouter" in shown
    assert "   └─ AGENT_OUTPUT · shouter" in shown


async def test_what_should_not_come_fails_when_it_does(synapse, shouter):
    asked = await synapse.inject(a_task(neuron="shouter", input={"text": "hey"}))
    with pytest.raises(AssertionError, match="expected no AGENT_OUTPUT, and AGENT_OUTPUT evt_"):
        await synapse.expect_none(T.AGENT_OUTPUT, within_s=5)
    assert asked.trace_id in synapse.transcript.traces()


async def test_without_a_manual_clock_time_is_real():
    synapse = ScriptedSynapse()
    synapse.when(T.TASK).outputs(after_s=0.01)
    heard = Inbox()
    await synapse.subscribe("cosmonapse.default.AGENT_OUTPUT", heard)
    await synapse.inject(a_task(neuron="ann"))
    await heard.holds(1)
    await synapse.expect_none(T.AGENT_OUTPUT, within_s=0.01)
    with pytest.raises(AssertionError, match=r"within 0\.01 s"):
        await synapse.expect(T.TASK, within_s=0.01)
    await synapse.close()


# -- edges


async def test_closing_ends_answers_under_way(clock):
    frames: list[tuple[str, bytes]] = []
    synapse = ScriptedSynapse(clock=clock, on_frame=lambda *frame: frames.append(frame))
    synapse.when(T.TASK).outputs(after_s=5)
    await synapse.publish("cosmonapse.dev.TASK", a_task(neuron="ann"))
    await settle()
    await synapse.close()
    await clock.advance(10)
    assert synapse.transcript.types() == ["TASK"]
    assert [subject for subject, _ in frames] == ["cosmonapse.dev.TASK"]
    with pytest.raises(SynapseError, match="closed"):
        await synapse.inject(a_task())
    assert len(synapse.transcript) == 1


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda synapse: synapse.when(T.TASK, times=0), "times=0"),
        (lambda synapse: synapse.when(T.TASK).outputs(copies=0), "copies=0"),
        (lambda synapse: synapse.when(T.TASK).outputs(after_s=-1), "cannot come before its question"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make(ScriptedSynapse())
