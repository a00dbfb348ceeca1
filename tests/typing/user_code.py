"""What users write, with every keyword they may pass: type checkers must accept it as it stands, and it runs.

`assert_type` holds the checkers to the types; the ignored lines at the end must be errors, or the checkers complain
about the comments.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, assert_type

from cosmo_sdk import (
    AutoBid,
    Axon,
    Dendrite,
    ImprintReceipt,
    InMemoryEngram,
    MemoryRegistryStore,
    Neuron,
    NeuronRecord,
    Pathway,
    Reaward,
    RecallResult,
    RefreshEvent,
    RetryStrategy,
    Signal,
    SignalType,
    Subscription,
    Synapse,
    default_retry_on,
)


def build(synapse: Synapse) -> Dendrite:
    """Every option of the constructor, and what a Dendrite says about itself."""
    dendrite = Dendrite(
        synapse=synapse,
        registry_store=MemoryRegistryStore(),
        namespace="default",
        dendrite_id="dendrite",
        heartbeat_s=30.0,
        reregister_on_heartbeat=True,
        role="orchestrator",
        auto_bid=True,
        stale_after_s=None,
    )
    Dendrite(synapse=synapse, auto_bid=AutoBid(cost=0.1, eta_ms=300, confidence=0.9))
    Dendrite(synapse=synapse, auto_bid={"a": AutoBid(cost=0.1)})
    assert_type(dendrite.capabilities, list[str])
    assert_type(dendrite.namespace, str)
    assert_type(dendrite.axons, dict[str, Axon])
    return dendrite


def handlers(dendrite: Dendrite, heard: list[str]) -> None:
    """Decorators, bare and with filters, leave a function what it was."""

    @dendrite.on_agent_output
    async def bare(sig: Signal) -> int:
        heard.append(sig.type)
        return len(heard)

    @dendrite.on_final(neuron="a", capability="x", trace_id="trc_x")
    async def filtered(sig: Signal) -> int:
        return len(heard)

    @dendrite.on_task_offer(capability="x")
    def plain(sig: Signal) -> str:
        return sig.id

    @dendrite.on_signal(SignalType.PLAN, neuron="a", capability="x", trace_id="trc_x")
    async def generic(sig: Signal) -> int:
        return len(heard)

    @dendrite.on_trace("trc_x", SignalType.FINAL, SignalType.ERROR)
    async def traced(sig: Signal) -> int:
        return len(heard)

    called = dendrite.on_error_signal(plain)
    generic_called = dendrite.on_signal(SignalType.STOP, plain)
    assert_type(plain(Signal(type=SignalType.PLAN)), str)
    assert_type(called(Signal(type=SignalType.PLAN)), str)
    assert_type(generic_called(Signal(type=SignalType.PLAN)), str)
    waiting: list[Callable[[Signal], Awaitable[int]]] = [bare, filtered, generic, traced]
    assert len(waiting) == 4


def hooks(dendrite: Dendrite, heard: list[str]) -> None:
    """Lifecycle hooks get the Dendrite."""

    @dendrite.on_connect
    async def connected(owner: Dendrite) -> None:
        heard.append("connect")

    @dendrite.on_refresh
    async def refreshed(owner: Dendrite, event: RefreshEvent) -> None:
        heard.append(event.reason)

    @dendrite.on_schedule(every_s=60.0)
    async def periodically(owner: Dendrite) -> None:
        heard.append("schedule")

    again: list[Callable[[Dendrite], Awaitable[None]]] = [connected, periodically]
    assert len(again) == 2


async def dispatching(dendrite: Dendrite) -> None:
    """The dispatch family, with all it takes."""
    task = await dendrite.dispatch_task(
        neuron="a",
        input={"q": 1},
        trace_id="trc_x",
        parent_id="evt_x",
        context_ref="ctx://kb/1",
        capabilities=["x"],
        finalize=False,
        meta={"k": "v"},
    )
    assert_type(task, Signal)
    pathway = await dendrite.dispatch(
        neuron="a",
        input={},
        capabilities=["x"],
        scope="terminal",
        finalize=None,
        trace_id=None,
        parent_id=None,
        context_ref=None,
        meta=None,
    )
    assert_type(pathway, Pathway)
    assert_type(await pathway.wait(timeout_s=5.0), Signal)
    async with await dendrite.dispatch_and_subscribe(
        neuron="a", input={}, capabilities=["x"], scope="all", trace_id=None, meta=None
    ) as live:

        @live.on(SignalType.AGENT_OUTPUT)
        async def heard(sig: Signal) -> None:
            assert sig.neuron == "a"

        assert_type(await live.wait_for(SignalType.AGENT_OUTPUT, 5.0), Signal)
        await heard(await dendrite.dispatch_and_wait(neuron="a", input={}, timeout_s=5.0, scope="all"))
    strategy = RetryStrategy(
        max_attempts=2,
        timeout_s=5.0,
        backoff=lambda attempt: 2**attempt,
        retry_on=default_retry_on,
        new_trace=True,
        rollback_on_retry=False,
        on_retry=lambda attempt, outcome: None,
        reason="retry",
        max_retry_after_s=60.0,
    )
    reply = await dendrite.dispatch_and_wait(
        neuron="a", input={}, timeout_s=None, scope="all", finalize=None, retry=strategy
    )
    assert_type(reply, Signal)
    reply = await dendrite.run_with_retry(
        retry=strategy, neuron="a", input={}, capabilities=["x"], timeout_s=30.0, scope="all", finalize=None
    )
    assert_type(reply, Signal)


async def bidding(dendrite: Dendrite) -> None:
    """An auction, from both sides, and who only watches."""
    pathway = await dendrite.dispatch_offer(
        input={},
        capabilities=["x"],
        deadline_ms=250,
        select="first_bid",
        scope="all",
        finalize=None,
        trace_id=None,
        parent_id=None,
        context_ref=None,
        meta=None,
        reaward=Reaward(deadline_s=10.0, max_awards=2),
    )
    assert_type(pathway, Pathway)
    assert (await pathway.wait(5)).type is SignalType.AGENT_OUTPUT
    offer = Signal(type=SignalType.TASK_OFFER, payload={"input": {}})
    bid = await dendrite.bid(offer, neuron="a", cost=0.5, eta_ms=300, confidence=0.9)
    assert_type(bid, Signal)
    watching = await dendrite.observe_pathway("trc_watched")
    await watching.close()
    seen = [signal async for signal in watching]
    assert_type(seen, list[Signal])


async def people(dendrite: Dendrite) -> None:
    """Questions and their answers."""
    question = Signal(type=SignalType.CLARIFICATION, payload={"question": "?"})
    request = Signal(type=SignalType.PERMISSION, payload={"action": "delete"})
    raised = Signal(type=SignalType.ESCALATION, payload={"reason": "hard", "target": "boss"})
    await dendrite.answer_clarification(question, answer=1, meta=None)
    await dendrite.grant_permission(request, reason="old", ttl_ms=5, meta=None)
    await dendrite.deny_permission(request, reason="new", meta=None)
    assert_type(await dendrite.await_decision(question, timeout_s=5.0), Signal)
    await dendrite.respond_to_clarification(question, answer=1, extra={}, neuron="a", meta=None)
    await dendrite.respond_to_permission(request, granted=True, reason="", ttl_ms=5, neuron="a")
    assert_type(await dendrite.respond_to_escalation(raised, neuron="boss", input={}, meta=None), Signal)


async def memory(dendrite: Dendrite) -> None:
    """Shared memory."""
    receipt = await dendrite.imprint(
        engram_id="engram-memory", op="add", entry={"content": "c"}, await_ack=True, deadline_ms=5000
    )
    assert_type(receipt, ImprintReceipt | None)
    found = await dendrite.recall(engram_id="engram-memory", query={"text": "c"}, deadline_ms=5000)
    assert_type(found, RecallResult)


async def emitting(dendrite: Dendrite) -> None:
    """Every emitter."""
    at: Any = {"trace_id": "trc_e", "parent_id": "evt_e"}
    assert_type(await dendrite.emit_final(trace_id="trc_e", parent_id="evt_e", result=1, meta=None), Signal)
    await dendrite.emit_error(
        trace_id="trc_e", parent_id="evt_e", code="X", message="m", recoverable=True, meta=None
    )
    await dendrite.emit_plan(**at, steps=[{"do": "it"}], rationale="because")
    await dendrite.emit_thought_delta(**at, delta="hm", seq=1)
    await dendrite.emit_tool_call(**at, tool="t", args={}, call_id="c")
    await dendrite.emit_tool_result(**at, tool="t", result=1, error=None)
    await dendrite.emit_memory_append(**at, key="k", value=1)
    await dendrite.emit_critique(**at, target_event_id="evt_x", issues=[], verdict="accept")
    await dendrite.emit_escalation(**at, reason="r", target="boss")
    await dendrite.emit_consensus(**at, members=["a"], verdict="yes", votes={"a": "yes"})
    await dendrite.emit_context_sync(**at, snapshot={}, version="1")
    await dendrite.emit(Signal(type=SignalType.PLAN, payload={"steps": []}))
    await dendrite.publish(Signal(type=SignalType.AGENT_OUTPUT, payload={"output": 1}))
    assert_type(await dendrite.emit_stop(trace_id="trc_e", rollback=False, reason=None), Signal)
    acks = await dendrite.stop_trace(
        "trc_e", rollback=False, reason="superseded", collect_acks=False, timeout_s=1.0
    )
    assert_type(acks, list[Signal])


async def registry(dendrite: Dendrite) -> None:
    """Reading the registry, and a raw subscription."""

    async def handler(sig: Signal) -> None:
        assert sig.type is SignalType.TASK

    subscription = await dendrite.subscribe(SignalType.TASK, handler, queue_group="pool")
    assert_type(subscription, Subscription)
    await subscription.unsubscribe()
    assert_type(await dendrite.find_neurons(capability="x"), list[NeuronRecord])
    assert_type(
        await dendrite.registry_snapshot(capability=None, include_deregistered=True), list[NeuronRecord]
    )


def models() -> list[Neuron]:
    """Neurons that others run, with every keyword of every source."""
    neurons = [
        Neuron(
            source="huggingface",
            endpoint="http://localhost:8080",
            model="m",
            use_chat_api=True,
            use_completions_api=False,
            temperature=0.5,
            max_new_tokens=128,
            stop=["x"],
            api_key="k",
            timeout=60.0,
            stream=False,
        ),
        Neuron(
            source="ollama",
            model="m",
            endpoint="http://x",
            system="s",
            temperature=0,
            max_tokens=9,
            timeout=9,
        ),
        Neuron(
            source="openai",
            model="m",
            api_key="k",
            endpoint="http://x",
            temperature=0,
            max_tokens=9,
            system="s",
        ),
        Neuron(
            source="anthropic", model="m", api_key="k", system="s", max_tokens=9, temperature=0, timeout=9
        ),
        Neuron(source="groq", model="m", api_key="k", max_new_tokens=9, stream=True),
    ]
    assert_type(neurons, list[Neuron])
    assert_type(Neuron("ollama", model="m"), Neuron)
    assert Axon(neuron_id="writer", neuron_fn=neurons[0]).neuron_fn is neurons[0]
    return neurons


async def everything(synapse: Synapse) -> list[str]:
    """One Dendrite that does all of the above. Returns what its handlers and hooks heard."""

    async def neuron(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return {"n": len(input)}

    heard: list[str] = []
    dendrite = build(synapse)
    dendrite.attach_axon(Axon(neuron_id="a", neuron_fn=neuron, capabilities=["x"]))
    dendrite.attach_engram(InMemoryEngram())
    hooks(dendrite, heard)
    async with dendrite as same:
        assert_type(same, Dendrite)
        await bidding(dendrite)
        handlers(dendrite, heard)
        await dendrite.ensure_subscribed(SignalType.AGENT_OUTPUT)
        for part in (dispatching, people, memory, emitting, registry):
            await part(dendrite)
        for neuron_of_others in models():
            await neuron_of_others.aclose()
        await asyncio.sleep(0)
        await dendrite.detach_axon("a", reason="done")
    await dendrite.stop("done")
    return heard


def mistakes(dendrite: Dendrite) -> list[object]:
    """What a checker must object to. Never called."""
    return [
        dendrite.dispatch(neurons="a", input={}),  # type: ignore[call-arg]
        dendrite.dispatch(neuron="a"),  # type: ignore[call-arg]
        dendrite.dispatch_offer(input={}, select="cheapest"),  # type: ignore[arg-type]
        dendrite.dispatch_and_wait(input={}, scope="some"),  # type: ignore[arg-type]
        dendrite.on_final(agent="a"),  # type: ignore[call-overload]
        dendrite.emit_final(trace_id="trc_x", result=1),  # type: ignore[call-arg]
        Dendrite(),  # type: ignore[call-arg]
        Neuron(source="gpt"),  # type: ignore[call-overload]
        Neuron(source="ollama"),  # type: ignore[call-overload]
        Neuron(source="ollama", model="m", max_new_tokens=9),  # type: ignore[call-overload]
    ]
