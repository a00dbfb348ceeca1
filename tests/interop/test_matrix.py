"""Agents of ours and of every released version, working for each other on a bus of ours and on a bus of theirs.

Which version runs what is in `versions.py`. Every test has a namespace of its own.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosmo_sdk import (
    AutoBid,
    Dendrite,
    MemoryRegistryStore,
    NoBids,
    Signal,
    SignalType,
    SqliteEngram,
    discover_signal,
)
from tests.interop.border import Border, eventually

pytestmark = pytest.mark.peer

T = SignalType
PATIENCE_S = 15.0


async def hearing(dendrite: Dendrite, type: SignalType, **filters: str) -> asyncio.Queue[Signal]:
    """What a Dendrite of ours hears of one type from now on."""
    heard: asyncio.Queue[Signal] = asyncio.Queue()
    dendrite.on_signal(type, **filters)(heard.put)
    await dendrite.ensure_subscribed(type)
    return heard


# -- work


async def test_their_worker_does_our_work(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    desk = await border.dendrite()
    plain = await desk.dispatch_and_wait(neuron="theirs", input={"n": 1})
    assert (plain.type, plain.neuron, plain.payload["output"]) == (
        T.AGENT_OUTPUT,
        "theirs",
        {"echo": {"n": 1}},
    )
    final = await desk.dispatch_and_wait(neuron="theirs", input={"n": 2}, scope="terminal")
    assert (final.type, final.payload["result"]) == (T.FINAL, {"echo": {"n": 2}})
    routed = await desk.dispatch_and_wait(capabilities=["echo"], input={"n": 3}, scope="terminal")
    assert (routed.type, routed.neuron, routed.payload["result"]) == (T.FINAL, "theirs", {"echo": {"n": 3}})


async def test_our_worker_does_their_work(border: Border) -> None:
    await border.work("ours", "echo")
    plain = await border.they("task", neuron="ours", input={"n": 1})
    assert (plain["type"], plain["directed"]["id"]) == ("AGENT_OUTPUT", "ours")
    assert plain["payload"]["output"] == {"echo": {"n": 1}}
    final = await border.they("task", neuron="ours", input={"n": 2}, scope="terminal")
    assert (final["type"], final["payload"]["result"]) == ("FINAL", {"echo": {"n": 2}})
    routed = await border.they("task", capabilities=["echo"], input={"n": 3}, scope="terminal")
    assert (routed["type"], routed["directed"]["id"]) == ("FINAL", "ours")


async def test_workers_of_both_take_turns_at_a_capability(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    await border.work("ours", "echo")
    desk = await border.dendrite()
    replies = [await desk.dispatch_and_wait(capabilities=["echo"], input={"n": n}) for n in range(6)]
    assert {reply.neuron for reply in replies} == {"ours", "theirs"}
    assert [reply.payload["output"] for reply in replies] == [{"echo": {"n": n}} for n in range(6)]


async def test_their_failures_are_errors_here(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    desk = await border.dendrite()
    said = await desk.dispatch_and_wait(neuron="theirs", input={"fail": "no paper"}, scope="terminal")
    assert (said.type, said.payload["code"], said.payload["recoverable"]) == (T.ERROR, "BROKEN", False)
    raised = await desk.dispatch_and_wait(neuron="theirs", input={"raise": "no ink"})
    assert (raised.type, raised.payload["message"]) == (T.ERROR, "no ink")


async def test_our_failures_are_errors_there(border: Border) -> None:
    await border.work("ours", "echo")
    said = await border.they("task", neuron="ours", input={"fail": "no paper"}, scope="terminal")
    assert said["type"] == "ERROR"
    assert {"code": "BROKEN", "message": "no paper", "recoverable": False}.items() <= said["payload"].items()
    raised = await border.they("task", neuron="ours", input={"raise": "no ink"})
    assert (raised["type"], "no ink" in raised["payload"]["message"]) == ("ERROR", True)


@pytest.mark.needs("open_calls")
async def test_an_open_call_of_ours_is_taken_by_them(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=[], catch_all=True)
    desk = await border.dendrite()
    reply = await desk.dispatch_and_wait(input={"n": 1}, open_call=True)
    assert reply.payload["output"] == {"echo": {"n": 1}}


@pytest.mark.needs("open_calls")
async def test_an_open_call_of_theirs_is_taken_by_us(border: Border) -> None:
    await border.work("ours", catch_all=True)
    reply = await border.they("task", input={"n": 1})
    assert reply["payload"]["output"] == {"echo": {"n": 1}}


# -- questions and permissions


async def test_our_answers_make_their_worker_go_on(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    desk = await border.dendrite()
    pathway = await desk.dispatch(neuron="theirs", input={"ask": "which year?"})
    question = await pathway.wait(PATIENCE_S)
    assert (question.type, question.payload["question"]) == (T.CLARIFICATION, "which year?")
    await desk.respond_to_clarification(question, answer="2025")
    reply = await pathway.wait_for(T.AGENT_OUTPUT, timeout_s=PATIENCE_S)
    assert reply.payload["output"] == {"answered": "2025"}
    request = await desk.dispatch_and_wait(neuron="theirs", input={"permit": "print"})
    assert (request.type, request.payload["action"]) == (T.PERMISSION, "print")
    pathway = await desk.observe_pathway(request.trace_id)
    await desk.respond_to_permission(request, granted=True)
    reply = await pathway.wait_for(T.AGENT_OUTPUT, timeout_s=PATIENCE_S)
    assert reply.payload["output"] == {"granted": True}


async def test_their_answers_make_our_worker_go_on(border: Border) -> None:
    await border.work("ours", "echo")
    answered = await border.they("answered", neuron="ours", input={"ask": "which year?"}, answer="2025")
    assert answered["payload"]["output"] == {"answered": "2025"}
    granted = await border.they("answered", neuron="ours", input={"permit": "print"}, granted=True)
    assert granted["payload"]["output"] == {"granted": True}


async def test_who_waits_over_there_hears_our_decision(border: Border) -> None:
    await border.work("ours", "echo")
    desk = await border.dendrite()

    @desk.on_clarification
    async def answer(question: Signal) -> None:
        await desk.answer_clarification(question, answer="2025")

    @desk.on_permission
    async def grant(request: Signal) -> None:
        await desk.grant_permission(request, reason="fine")

    await desk.ensure_subscribed(T.CLARIFICATION, T.PERMISSION)
    answered = await border.they("decided", neuron="ours", input={"ask": "which year?"})
    assert (answered["type"], answered["payload"]["answer"]) == ("CLARIFICATION_ANSWER", "2025")
    granted = await border.they("decided", neuron="ours", input={"permit": "print"})
    assert (granted["type"], granted["payload"]["granted"]) == ("PERMISSION_DECISION", True)


async def test_who_waits_here_hears_their_decision(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    await border.they("decide", answer="2025")
    desk = await border.dendrite()
    question = await desk.dispatch_and_wait(neuron="theirs", input={"ask": "which year?"})
    answer = await desk.await_decision(question, timeout_s=PATIENCE_S)
    assert (answer.type, answer.payload["answer"]) == (T.CLARIFICATION_ANSWER, "2025")
    request = await desk.dispatch_and_wait(neuron="theirs", input={"permit": "print"})
    decision = await desk.await_decision(request, timeout_s=PATIENCE_S)
    assert decision.payload == {"granted": True, "reason": "fine"}


# -- auctions


async def test_their_default_bidder_wins_our_auction_to_the_final(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    desk = await border.dendrite()
    bids: list[Signal] = []
    desk.on_bid(bids.append)
    await desk.ensure_subscribed(T.BID)
    pathway = await desk.dispatch_offer(
        input={"n": 3}, capabilities=["echo"], deadline_ms=150, select="lowest_cost", scope="terminal"
    )
    reply = await pathway.wait(PATIENCE_S)
    assert (reply.type, reply.neuron, reply.payload["result"]) == (T.FINAL, "theirs", {"echo": {"n": 3}})
    assert [(bid.payload["cost"], bid.meta.get("auto_bid")) for bid in bids] == [(0.0, True)]


@pytest.mark.parametrize(
    "terms", [None, AutoBid(cost=0.5, eta_ms=20, confidence=0.9)], ids=["stock", "priced"]
)
async def test_our_default_bidder_wins_their_auction_to_the_final(
    border: Border, terms: AutoBid | None
) -> None:
    await border.work("ours", "echo", **({} if terms is None else {"auto_bid": terms}))
    call: dict[str, Any] = {"input": {"n": 4}, "capabilities": ["echo"], "deadline_ms": 150}
    reply = await border.they("offer", **call, select="lowest_cost")
    assert (reply["type"], reply["directed"]["id"]) == ("FINAL", "ours")
    assert reply["payload"]["result"] == {"echo": {"n": 4}}


CHEAP, SURE = {"cost": 0.1, "confidence": 0.2}, {"cost": 0.9, "eta_ms": 5, "confidence": 0.9}
COMPETITIONS = [("lowest_cost", "ours"), ("lowest_cost", "theirs"), ("highest_confidence", "ours")]


@pytest.mark.parametrize(("select", "cheap"), COMPETITIONS)
async def test_priced_bids_of_both_compete_in_our_auction(border: Border, select: Any, cheap: str) -> None:
    declined = await bidders(border, cheap)
    desk = await border.dendrite()
    pathway = await desk.dispatch_offer(
        input={"n": 5}, capabilities=["echo"], deadline_ms=150, select=select, scope="terminal"
    )
    reply = await pathway.wait(PATIENCE_S)
    winner = cheap if select == "lowest_cost" else other(cheap)
    assert (reply.type, reply.neuron, reply.payload["result"]) == (T.FINAL, winner, {"echo": {"n": 5}})
    assert await reason_told(border, other(winner), declined) == "not selected"


@pytest.mark.parametrize(("select", "cheap"), COMPETITIONS)
async def test_priced_bids_of_both_compete_in_their_auction(border: Border, select: str, cheap: str) -> None:
    declined = await bidders(border, cheap)
    reply = await border.they("offer", input={"n": 6}, capabilities=["echo"], deadline_ms=150, select=select)
    winner = cheap if select == "lowest_cost" else other(cheap)
    assert (reply["type"], reply["directed"]["id"]) == ("FINAL", winner)
    assert reply["payload"]["result"] == {"echo": {"n": 6}}
    assert await reason_told(border, other(winner), declined) == "not selected"


def other(side: str) -> str:
    return "theirs" if side == "ours" else "ours"


async def bidders(border: Border, cheap: str) -> asyncio.Queue[Signal]:
    """A worker on each side, one of them cheap and the other sure. Gives what ours is declined."""
    prices = {cheap: CHEAP, other(cheap): SURE}
    await border.they("work", neuron="theirs", capabilities=["echo"], bid=prices["theirs"])
    worker, _ = await border.work("ours", "echo", bid=prices["ours"])
    return await hearing(worker, T.TASK_DECLINED, neuron="ours")


async def reason_told(border: Border, loser: str, declined: asyncio.Queue[Signal]) -> Any:
    """The reason the loser was told."""
    if loser == "theirs":
        return (await border.they_say("declined", who="theirs"))["reason"]
    return (await asyncio.wait_for(declined.get(), PATIENCE_S)).payload["reason"]


async def test_the_first_bid_wins_on_both_sides(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["theirs"], bid=SURE)
    await border.work("ours", "ours", auto_bid=AutoBid(cost=9.0))
    desk = await border.dendrite()
    pathway = await desk.dispatch_offer(
        input={"n": 7}, capabilities=["theirs"], deadline_ms=10_000, select="first_bid"
    )
    assert (await pathway.wait_for(T.AGENT_OUTPUT, timeout_s=PATIENCE_S)).neuron == "theirs"
    reply = await border.they(
        "offer", input={"n": 7}, capabilities=["ours"], deadline_ms=10_000, select="first_bid"
    )
    assert reply["directed"]["id"] == "ours"


@pytest.mark.needs("offer_filter")
async def test_their_filtered_offer_handler_hears_our_offer(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"], bid=CHEAP, only="echo")
    desk = await border.dendrite()
    call: dict[str, Any] = {"input": {"n": 8}, "select": "first_bid"}
    pathway = await desk.dispatch_offer(**call, capabilities=["echo"], deadline_ms=10_000)
    assert (await pathway.wait_for(T.AGENT_OUTPUT, timeout_s=PATIENCE_S)).neuron == "theirs"
    with pytest.raises(NoBids):
        await desk.dispatch_offer(**call, capabilities=["other"], deadline_ms=50)


async def test_work_their_winner_cannot_do_passes_to_ours(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"], bid=CHEAP)
    # A Neuron of ours is never busy.
    await border.work("ours", "echo", bid=SURE)
    desk = await border.dendrite()
    pathway = await desk.dispatch_offer(
        input={"busy": "not now"},
        capabilities=["echo"],
        deadline_ms=150,
        select="lowest_cost",
        scope="terminal",
        reaward=True,
    )
    reply = await pathway.wait(PATIENCE_S)
    assert (reply.type, reply.neuron, reply.payload["result"]) == (
        T.FINAL,
        "ours",
        {"echo": {"busy": "not now"}},
    )
    assert (await border.they_say("declined", who="theirs"))["reason"].startswith("withdrawn")


# -- STOP


async def test_our_stop_cancels_their_worker_and_it_says_so(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    desk = await border.dendrite()
    task = await desk.dispatch_task(neuron="theirs", input={"sleep": True})
    await border.they_say("working")
    acks = await desk.stop_trace(task.trace_id, reason="enough", collect_acks=True, timeout_s=2.0)
    await border.they_say("cancelled")
    assert [(ack.type, ack.payload["cancelled"]) for ack in acks] == [(T.STOPPED, 1)]


async def test_their_stop_cancels_our_worker_and_it_says_so(border: Border) -> None:
    _, ours = await border.work("ours", "echo")
    trace = await border.they("begin", neuron="ours", input={"sleep": True})
    await asyncio.wait_for(ours.working.wait(), PATIENCE_S)
    acks = await border.they("stop", trace=trace)
    assert ours.cancelled.is_set()
    assert [ack["payload"]["cancelled"] for ack in acks if ack["directed"]] == [1]
    assert await border.they("closed", trace=trace) == "closed"


async def test_our_stop_ends_their_wait(border: Border) -> None:
    _, ours = await border.work("ours", "echo")
    trace = await border.they("begin", neuron="ours", input={"sleep": True})
    await asyncio.wait_for(ours.working.wait(), PATIENCE_S)
    desk = await border.dendrite()
    await desk.stop_trace(trace, reason="enough")
    assert await border.they("closed", trace=trace) == "closed"
    await asyncio.wait_for(ours.cancelled.wait(), PATIENCE_S)


# -- who is there


async def test_our_registry_follows_their_worker(border: Border) -> None:
    store = MemoryRegistryStore()
    watcher = await border.dendrite("watcher", registry_store=store)
    await border.they("work", neuron="theirs", capabilities=["b", "a"], heartbeat_s=0.05)
    [seen] = await eventually(watcher.find_neurons, len)
    assert (seen.neuron_id, sorted(seen.capabilities), seen.role) == ("theirs", ["a", "b"], "neuron")
    first = seen.last_heartbeat
    await eventually(
        watcher.find_neurons,
        lambda found: found[0].health == "ok" and found[0].last_heartbeat not in (None, first),
    )
    assert [each.neuron_id for each in await watcher.find_neurons(capability="a")] == ["theirs"]
    assert await watcher.find_neurons(capability="c") == []
    await border.they_leave("host-theirs")
    await eventually(watcher.find_neurons, lambda found: not found)
    [left] = await watcher.registry_snapshot(include_deregistered=True)
    assert left.status == "deregistered"


async def test_their_registry_follows_our_worker(border: Border) -> None:
    await border.they("watch")
    worker, _ = await border.work("ours", "b", "a", heartbeat_s=0.05)

    async def records() -> Any:
        return await border.they("records")

    seen = (await eventually(records, lambda found: "ours" in found))["ours"]
    assert seen["capabilities"] == ["a", "b"]
    beating = await eventually(records, lambda found: found["ours"]["heard"] not in (False, seen["heard"]))
    assert beating["ours"]["status"] in ("registered", "ok")
    await worker.stop()
    await eventually(records, lambda found: found["ours"]["status"] == "deregistered")


async def test_whoever_comes_late_discovers_the_other_side(border: Border) -> None:
    await border.they("work", neuron="theirs", capabilities=["echo"])
    await border.work("ours", "echo")
    watcher = await border.dendrite("watcher", registry_store=MemoryRegistryStore())
    await watcher.publish(discover_signal())
    await eventually(
        watcher.find_neurons, lambda found: {each.neuron_id for each in found} == {"ours", "theirs"}
    )
    await border.they("watch")
    await border.they("discover")
    await eventually(lambda: border.they("records"), lambda found: set(found) == {"ours", "theirs"})


# -- memory


async def test_their_memory_remembers_for_us_and_undoes_what_we_stop(border: Border) -> None:
    store = MemoryRegistryStore()
    desk = await border.dendrite(registry_store=store)
    await border.they("remember", engram_id="notes", engram_kind="keyvalue")
    record = await eventually(lambda: store.get("notes"), lambda found: found is not None)
    assert (record.role, record.kind) == ("engram", "keyvalue")
    kept = await desk.imprint(engram_id="notes", op="add", entry={"content": "kept"}, await_ack=True)
    assert kept is not None
    assert kept.ok
    pathway = await desk.observe_pathway(trace_id := "trc_01JZ8Q4T7M0000000000000T01")
    await desk.imprint(
        engram_kind="keyvalue", op="add", entry={"content": "passing"}, await_ack=True, trace_id=trace_id
    )
    found = await desk.recall(engram_id="notes", query={"text": "passing"})
    assert [hit.entry["content"] for hit in found] == ["passing"]
    assert await undone(desk, trace_id) == 1
    assert pathway.closed
    assert not (await desk.recall(engram_id="notes", query={"text": "passing"})).hits
    still = await desk.recall(engram_id="notes", query={"text": "kept"})
    assert [hit.entry["content"] for hit in still] == ["kept"]


async def test_our_memory_remembers_for_them_and_undoes_what_they_stop(border: Border) -> None:
    memory = SqliteEngram(engram_id="notes", engram_kind="keyvalue")
    await border.they("watch")
    await border.dendrite("memory", engrams=[memory])
    await eventually(lambda: border.they("engram_known", engram_id="notes"), bool)
    kept = await border.they("imprint", engram_id="notes", op="add", entry={"content": "kept"})
    assert (kept["engram_id"], kept["error"]) == ("notes", None)
    trace = "trc_01JZ8Q4T7M0000000000000T02"
    await border.they(
        "imprint", engram_kind="keyvalue", op="add", entry={"content": "passing"}, trace_id=trace
    )
    assert await border.they("recall", engram_id="notes", query={"text": "passing"}) == ["passing"]
    acks = await border.they("stop", trace=trace, rollback=True)
    assert [(ack["payload"]["compensated"], ack["payload"]["rolled_back"]) for ack in acks] == [(1, True)]
    assert await border.they("recall", engram_id="notes", query={"text": "passing"}) == []
    assert await border.they("recall", engram_id="notes", query={"text": "kept"}) == ["kept"]


@pytest.mark.needs("error_keeps_journal")
async def test_what_a_failed_trace_wrote_in_their_memory_can_still_be_undone(border: Border) -> None:
    await border.they("remember", engram_id="notes", engram_kind="keyvalue")
    await border.work("ours", "echo")
    desk = await border.dendrite()
    failed = await desk.dispatch_and_wait(neuron="ours", input={"n": 1})
    await desk.imprint(
        engram_id="notes", op="add", entry={"content": "x"}, await_ack=True, trace_id=failed.trace_id
    )
    await desk.emit_error(trace_id=failed.trace_id, parent_id=failed.id, code="LATE", message="broken")
    assert await undone(desk, failed.trace_id) == 1


async def undone(desk: Dendrite, trace_id: str) -> int:
    """Stop a trace and take its writes back. Gives how many the memory says it took back."""
    acks = await hearing(desk, T.STOPPED)
    await desk.stop_trace(trace_id, rollback=True)
    while True:
        ack = await asyncio.wait_for(acks.get(), PATIENCE_S)
        if ack.payload["compensated"]:
            return int(ack.payload["compensated"])


# -- types that not everybody knows


@pytest.mark.needs("thoughts")
async def test_thoughts_cross_both_ways(border: Border) -> None:
    desk = await border.dendrite()
    heard = await hearing(desk, T.THOUGHT_DELTA)
    await border.they("hear", type="THOUGHT_DELTA")
    cause = {"trace_id": "trc_a", "parent_id": "evt_a"}
    await border.they("think_aloud", **cause, delta="hm", seq=1)
    theirs = await asyncio.wait_for(heard.get(), PATIENCE_S)
    assert (theirs.payload, theirs.trace_id) == ({"delta": "hm", "seq": 1}, "trc_a")
    assert (await border.they_say("heard"))["payload"] == {"delta": "hm", "seq": 1}
    await desk.emit_thought_delta(**cause, delta="aha", seq=2)
    assert (await border.they_say("heard"))["payload"] == {"delta": "aha", "seq": 2}


@pytest.mark.needs("audits")
async def test_audits_cross_both_ways(border: Border) -> None:
    desk = await border.dendrite()
    heard = await hearing(desk, T.AUDIT)
    await border.they("hear", type="AUDIT")
    facts = {"kind": "EVAL_RETRY", "domain": "eval", "outcome": "re_asked"}
    await border.they("audit", trace_id="trc_a", parent_id="evt_a", **facts)
    theirs = await asyncio.wait_for(heard.get(), PATIENCE_S)
    assert facts.items() <= theirs.payload.items()
    assert facts.items() <= (await border.they_say("heard"))["payload"].items()
    ours = Signal(type=T.AUDIT, trace_id="trc_b", parent_id="evt_b", payload={**facts, "attempt": 2})
    await desk.publish(ours)
    assert (await border.they_say("heard"))["payload"] == ours.payload
