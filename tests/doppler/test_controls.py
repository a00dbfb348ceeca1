"""An Operator among real Dendrites, in memory and over a real bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.controls import SOURCE, SOURCE_KEY, ControlError, Operator
from cosmo_sdk import Axon, Dendrite, DevSynapse, Directed, MemorySynapse, Signal, SignalType, Synapse

NAMESPACE = "demo"


class Witness:
    """Sees every Signal of the namespace, and waits for those a test is about."""

    def __init__(self) -> None:
        self.seen: list[Signal] = []
        self._changed = asyncio.Condition()

    async def watch(self, synapse: Synapse) -> None:
        await synapse.subscribe(f"cosmonapse.{NAMESPACE}.>", self._note)

    async def _note(self, signal: Signal) -> None:
        async with self._changed:
            self.seen.append(signal)
            self._changed.notify_all()

    async def saw(self, kind: SignalType, where: Callable[[Signal], bool] = lambda _: True) -> Signal:
        def found() -> Signal | None:
            return next((signal for signal in self.seen if signal.type is kind and where(signal)), None)

        async with self._changed:
            await self._changed.wait_for(lambda: found() is not None)
        signal = found()
        assert signal is not None
        return signal


class Stage:
    """A bus with a witness and an operator on it."""

    def __init__(self, connect: Callable[[], Synapse], operator: Operator, witness: Witness) -> None:
        self.connect = connect
        self.operator = operator
        self.witness = witness

    @asynccontextmanager
    async def worker(
        self, name: str, work: Callable[..., Any], *capabilities: str
    ) -> AsyncIterator[Dendrite]:
        synapse = self.connect()
        await synapse.connect()
        dendrite = Dendrite(
            synapse=synapse, namespace=NAMESPACE, dendrite_id=f"host-{name}", role="worker", heartbeat_s=0
        )
        dendrite.attach_axon(Axon(neuron_id=name, neuron_fn=work, capabilities=list(capabilities)))
        async with dendrite:
            yield dendrite
        await synapse.close()


@pytest.fixture(params=["memory", "bus"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "memory":
        shared = MemorySynapse()
        async with _staged(lambda: shared) as stage:
            yield stage
    else:
        async with running_bus() as bus, _staged(lambda: DevSynapse(bus.url)) as stage:
            yield stage


@asynccontextmanager
async def _staged(connect: Callable[[], Synapse]) -> AsyncIterator[Stage]:
    synapse = connect()
    await synapse.connect()
    witness = Witness()
    await witness.watch(synapse)
    async with Operator(synapse, NAMESPACE) as operator:
        yield Stage(connect, operator, witness)
    await synapse.close()


async def upper(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
    return {"text": input["text"].upper()}


async def test_an_offer_returns_the_winner_before_the_work_is_done(stage: Stage) -> None:
    finish = asyncio.Event()

    async def slow(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        await finish.wait()
        return {"done": True}

    async with stage.worker("slow", slow, "dig"):
        outcome = await stage.operator.offer(
            input={"text": "a hole"}, capabilities=["dig"], deadline_ms=5_000, select="first_bid"
        )
        assert (outcome.state, outcome.winner) == ("awarded", "slow")
        assert not finish.is_set()
        finish.set()
        final = await stage.witness.saw(SignalType.FINAL)
    assert final.trace_id == outcome.trace_id


async def test_an_offer_nobody_bids_on_says_so(stage: Stage) -> None:
    outcome = await stage.operator.offer(
        input={"text": "?"}, capabilities=["unheard of"], deadline_ms=20, select="lowest_cost"
    )
    assert outcome.state == "nobody bid"
    assert outcome.words == "Nobody bid within 20 ms."
    assert (await stage.witness.saw(SignalType.TASK_OFFER)).trace_id == outcome.trace_id


async def test_an_offer_stopped_while_bids_are_taken_has_failed(stage: Stage) -> None:
    trace_id = "trc_01J0000000000000000000STOP"
    async with stage.worker("bidder", upper, "other") as bidder:
        round_of_bids = asyncio.create_task(
            stage.operator.offer(
                input={}, capabilities=["x"], deadline_ms=60_000, select="first_bid", trace_id=trace_id
            )
        )
        offer = await stage.witness.saw(SignalType.TASK_OFFER)
        await stage.operator.stop(trace_id, rollback=False, reason="changed my mind")
        await bidder.bid(offer, neuron="bidder", cost=1.0)
        outcome = await round_of_bids
    assert outcome.state == "failed"
    assert "without an award" in outcome.words
    assert SignalType.TASK_AWARDED not in {signal.type for signal in stage.witness.seen}


async def test_everything_sent_says_that_doppler_sent_it(stage: Stage) -> None:
    async with stage.worker("able", upper, "shout"):
        await stage.operator.offer(
            input={"text": "a"}, capabilities=["shout"], deadline_ms=5_000, select="first_bid"
        )
        trace_id = await stage.operator.task(input={"text": "b"}, neuron="able", capabilities=[])
        await stage.operator.discover()
        await stage.operator.stop(trace_id, rollback=False, reason="")
        for kind in (
            SignalType.TASK_OFFER,
            SignalType.TASK_AWARDED,
            SignalType.TASK,
            SignalType.DISCOVER,
            SignalType.STOP,
        ):
            assert (await stage.witness.saw(kind)).meta[SOURCE_KEY] == SOURCE
        assert SOURCE_KEY not in (await stage.witness.saw(SignalType.BID)).meta


async def test_the_operator_never_announces_itself(stage: Stage) -> None:
    await stage.operator.discover()
    await stage.witness.saw(SignalType.DISCOVER)
    await stage.operator.task(input={}, neuron="nobody", capabilities=[])
    await stage.witness.saw(SignalType.TASK)
    assert {signal.type for signal in stage.witness.seen} == {SignalType.DISCOVER, SignalType.TASK}


@pytest.mark.parametrize(("neuron", "capabilities"), [("able", []), (None, ["shout"])])
async def test_a_task_reaches_its_worker_and_is_concluded(
    stage: Stage, neuron: str | None, capabilities: list[str]
) -> None:
    async with stage.worker("able", upper, "shout"):
        trace_id = await stage.operator.task(input={"text": "hey"}, neuron=neuron, capabilities=capabilities)
        final = await stage.witness.saw(SignalType.FINAL)
    assert final.trace_id == trace_id
    assert final.payload["result"] == {"text": "HEY"}


async def test_a_task_for_nobody_in_particular_is_refused(stage: Stage) -> None:
    with pytest.raises(ControlError, match="name a neuron"):
        await stage.operator.task(input={}, neuron=None, capabilities=[])
    assert stage.witness.seen == []


async def test_stop_really_ends_the_work_and_collects_the_acks(stage: Stage) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def endless(input: dict[str, Any], context: list[Any]) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with stage.worker("endless", endless):
        trace_id = await stage.operator.task(input={}, neuron="endless", capabilities=[])
        await started.wait()
        acks = await stage.operator.stop(trace_id, rollback=False, reason="enough")
        await ended.wait()
    assert [ack.payload["cancelled"] for ack in acks] == [1]
    stop = await stage.witness.saw(SignalType.STOP)
    assert (stop.trace_id, stop.payload["reason"], stop.payload["rollback"]) == (trace_id, "enough", False)


async def asks_first(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
    """A stock worker: it starts over when it is answered."""
    answered = input.get("clarification")
    if answered is None:
        return {"__clarification__": True, "question": "which one?"}
    return {"chosen": answered["answer"], "from": answered["original_input"]["list"]}


async def test_an_answer_makes_a_stock_worker_go_on_and_finish(stage: Stage) -> None:
    async with stage.worker("asker", asks_first):
        await stage.operator.task(input={"list": ["a", "b"]}, neuron="asker", capabilities=[])
        original = await stage.witness.saw(SignalType.TASK)
        request = await stage.witness.saw(SignalType.CLARIFICATION)
        await stage.operator.answer(request, answer="b", redispatch=True, original=original)
        final = await stage.witness.saw(SignalType.FINAL)
    assert final.payload["result"] == {"chosen": "b", "from": ["a", "b"]}
    again = await stage.witness.saw(SignalType.TASK, lambda task: task.parent_id == request.id)
    assert again.trace_id == request.trace_id
    assert again.payload["input"]["clarification"]["question"] == "which one?"


async def test_a_second_question_still_carries_what_was_asked_first(stage: Stage) -> None:
    first = Signal(
        type=SignalType.TASK, payload={"input": {"clarification": {"original_input": {"list": ["a"]}}}}
    )
    request = first.reply(SignalType.CLARIFICATION, {"question": "sure?"}, Directed(id="asker"))
    await stage.operator.answer(request, answer="yes", redispatch=True, original=first)
    task = await stage.witness.saw(SignalType.TASK)
    assert task.payload["input"]["clarification"]["original_input"] == {"list": ["a"]}


async def test_a_discrete_answer_reaches_who_awaits_it(stage: Stage) -> None:
    async with stage.worker("asker", asks_first) as host:
        await stage.operator.task(input={}, neuron="asker", capabilities=[])
        request = await stage.witness.saw(SignalType.CLARIFICATION)
        await host.ensure_subscribed(SignalType.CLARIFICATION_ANSWER)
        awaited = asyncio.create_task(host.await_decision(request))
        await stage.operator.answer(request, answer="b", redispatch=False)
        assert (await awaited).payload["answer"] == "b"


@pytest.mark.parametrize("granted", [True, False])
async def test_a_decision_is_sent_in_both_forms(stage: Stage, granted: bool) -> None:
    for redispatch in (True, False):
        request = Signal(
            type=SignalType.PERMISSION, directed=Directed(id="asker"), payload={"action": "delete"}
        )
        await stage.operator.decide(request, granted=granted, reason="audited", redispatch=redispatch)
    task = await stage.witness.saw(SignalType.TASK)
    assert task.payload["input"] == {
        "permission": {"action": "delete", "granted": granted, "reason": "audited"}
    }
    decision = await stage.witness.saw(SignalType.PERMISSION_DECISION)
    assert (decision.payload["granted"], decision.payload["reason"]) == (granted, "audited")


async def test_a_request_is_answered_once_unless_overridden(stage: Stage) -> None:
    request = Signal(type=SignalType.CLARIFICATION, directed=Directed(id="asker"), payload={"question": "?"})
    await stage.operator.answer(request, answer="1", redispatch=False)
    with pytest.raises(ControlError, match="answered from here already"):
        await stage.operator.answer(request, answer="2", redispatch=True)
    await stage.operator.answer(request, answer="3", redispatch=False, override=True)
    await stage.witness.saw(SignalType.CLARIFICATION_ANSWER, lambda signal: signal.payload["answer"] == "3")
    assert SignalType.TASK not in {signal.type for signal in stage.witness.seen}


async def test_an_answer_that_could_not_be_sent_may_be_tried_again(stage: Stage) -> None:
    request = Signal(type=SignalType.CLARIFICATION, payload={"question": "who am I?"})
    with pytest.raises(ControlError, match="does not say who asks"):
        await stage.operator.answer(request, answer="you", redispatch=True)
    await stage.operator.answer(request, answer="you", redispatch=False)
    await stage.witness.saw(SignalType.CLARIFICATION_ANSWER)


async def test_only_a_question_can_be_answered(stage: Stage) -> None:
    with pytest.raises(ControlError, match="This is a PERMISSION, not a CLARIFICATION"):
        await stage.operator.answer(Signal(type=SignalType.PERMISSION), answer="", redispatch=False)


async def test_a_lost_bus_is_said_in_one_sentence() -> None:
    async with running_bus() as bus:
        synapse = DevSynapse(bus.url)
        await synapse.connect()
        operator = Operator(synapse, NAMESPACE)
        await operator.start()
    await synapse.close()
    with pytest.raises(ControlError, match=r"^The task was not sent: .+\.$"):
        await operator.task(input={}, neuron="anybody", capabilities=[])
