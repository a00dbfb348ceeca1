"""Memories served and asked across a bus: `Memory` and `EngramClient` together."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk.engram import (
    EngramBinding,
    EngramError,
    EngramNotBound,
    EngramOverloaded,
    EngramTimeout,
    Hit,
    InMemoryEngram,
)
from cosmo_sdk.engram.host import EngramHost
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.factories import recall_signal
from cosmo_sdk.signal_types import SignalType
from tests.sdk.engram.wire import Broken, Gated, join


async def test_written_here_and_remembered_there(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    asker = await join(wire)
    receipt = await asker.imprint(engram_id="mem", op="add", entry={"content": "tea"}, await_ack=True)
    assert receipt.ok
    assert receipt.took_ms is not None
    result = await asker.recall(engram_id="mem", query={"text": "TEA"})
    assert [hit.entry["content"] for hit in result] == ["tea"]
    assert (len(result), result.engram_ids, result.truncated) == (1, ("mem",), False)
    assert not await asker.recall(engram_id="mem", query={"text": "coffee"})


async def test_the_signals_of_a_conversation(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    asker = await join(wire)
    await asker.imprint(engram_id="mem", op="add", entry={"content": 1}, await_ack=True, meta={"k": 1})
    await asker.recall(engram_kind="keyvalue", query={}, trace_id="trc_1", parent_id="evt_1")
    imprint, imprinted, recall, recalled = wire.signals
    assert imprint.parent_id is None
    assert imprint.meta == {"cosmo.issuer": "d1", "cosmo.standalone": True, "k": 1}
    assert recall.payload == {"query": {}, "deadline_ms": 5000, "recall_mode": "first"}
    assert (recall.trace_id, recall.parent_id, recall.directed) == (
        "trc_1",
        "evt_1",
        Directed(type="keyvalue"),
    )
    for request, answer in ((imprint, imprinted), (recall, recalled)):
        assert (answer.parent_id, answer.trace_id) == (request.id, request.trace_id)
        assert answer.directed == Directed(id="mem", type="keyvalue")
        assert answer.payload["engram_id"] == "mem"


async def test_without_an_ack_nothing_is_waited_for(wire):
    asker = await join(wire)
    assert await asker.imprint(engram_id="nobody", op="add", entry={}) is None
    assert len(wire.of(SignalType.IMPRINT)) == 1
    assert asker.client.waiting == 0


async def test_an_id_goes_before_a_kind_and_strangers_stay_silent(wire):
    await join(wire, InMemoryEngram(engram_id="a"), InMemoryEngram(engram_id="b"))
    asker = await join(wire)
    result = await asker.recall(engram_id="b", engram_kind="keyvalue", query={}, recall_mode="all")
    assert result.engram_ids == ("b",)
    with pytest.raises(EngramTimeout, match="RECALL to c: no answer within 20 ms"):
        await asker.recall(engram_id="c", query={}, deadline_ms=20)
    with pytest.raises(EngramTimeout, match="any vector"):
        await asker.recall(engram_kind="vector", query={}, deadline_ms=20)


async def test_the_three_modes_differ(wire):
    engrams = [InMemoryEngram(engram_id=name) for name in "ab"]
    for engram, own in zip(engrams, ("tea time", "tea"), strict=True):
        await engram.imprint("add", {"id": "eng_shared", "content": own})
        await engram.imprint("add", {"id": f"eng_{engram.engram_id}", "content": "tea or coffee"})
    await join(wire, engrams[0])
    await join(wire, engrams[1])
    asker = await join(wire)

    async def ask(mode):
        query = {"text": "tea"}
        result = await asker.recall(engram_kind="keyvalue", query=query, recall_mode=mode, deadline_ms=50)
        return [hit.id for hit in result], result.engram_ids

    assert await ask("first") == (["eng_shared", "eng_a"], ("a",))
    assert await ask("merge") == (["eng_shared", "eng_a", "eng_b"], ("a", "b"))
    assert await ask("all") == (["eng_shared", "eng_a", "eng_shared", "eng_b"], ("a", "b"))
    best = await asker.recall(
        engram_kind="keyvalue", query={"text": "tea"}, recall_mode="merge", deadline_ms=50
    )
    assert best.hits[0] == Hit("eng_shared", best.hits[0].entry, 1.0)
    assert best.hits[0].entry["content"] == "tea"


async def test_more_than_asked_for_is_truncated(wire):
    engram = InMemoryEngram(engram_id="mem")
    for number in range(3):
        await engram.imprint("add", {"content": number})
    asker = await join(wire, engram)
    assert (await asker.recall(engram_id="mem", query={"top_k": 2})).truncated


@pytest.mark.parametrize(
    ("error", "raised", "text"),
    [
        (RuntimeError("disk full"), EngramError, "engram_exception: RuntimeError: disk full"),
        (EngramError("no such index"), EngramError, "broken: no such index"),
        (EngramOverloaded("come back later"), EngramOverloaded, "come back later"),
    ],
)
async def test_a_fault_of_the_memory_is_answered(wire, error, raised, text):
    asker = await join(wire, Broken(error))
    with pytest.raises(raised, match=text):
        await asker.recall(engram_id="broken", query={})
    receipt = await asker.imprint(engram_id="broken", op="add", entry={}, await_ack=True)
    assert not receipt.ok
    assert str(error) in receipt.error


async def test_one_broken_memory_does_not_spoil_the_others_answer(wire):
    await join(wire, InMemoryEngram(engram_id="mem"), Broken(RuntimeError("x")))
    asker = await join(wire)
    result = await asker.recall(engram_kind="keyvalue", query={}, recall_mode="merge", deadline_ms=50)
    assert result.engram_ids == ("mem",)


async def test_a_memory_may_stay_silent(wire):
    class Picky(InMemoryEngram):
        def can_serve(self, query):
            return "text" in query

    asker = await join(wire, Picky(engram_id="mem"))
    await asker.recall(engram_id="mem", query={"text": "x"})
    with pytest.raises(EngramTimeout):
        await asker.recall(engram_id="mem", query={"tag": "x"}, deadline_ms=20)


async def test_nonsense_from_the_bus_is_answered(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    mem = Directed(id="mem")
    await wire.publish(recall_signal(trace_id="trc_1", directed=mem, query=["no", "object"]))
    await wire.publish(Signal(type=SignalType.IMPRINT, directed=mem, payload={"op": "add"}))
    [recalled] = await wire.until(SignalType.RECALLED)
    [imprinted] = await wire.until(SignalType.IMPRINTED)
    assert recalled.payload["error"] == "query is not an object"
    assert imprinted.payload["error"] == "entry is not an object"


async def test_the_address_of_the_oldest_peers_is_read(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    await wire.publish(Signal(type=SignalType.RECALL, payload={"query": {}, "engram_id": "mem"}))
    await wire.publish(Signal(type=SignalType.RECALL, payload={"query": {}, "engram_kind": "keyvalue"}))
    assert len(await wire.until(SignalType.RECALLED, 2)) == 2


async def test_another_spelling_of_a_hit_is_read_and_nonsense_is_refused(wire):
    asker = await join(wire)

    async def answered(hits):
        waiting = asyncio.create_task(asker.recall(engram_id="peer", query={}))
        request = (await wire.until(SignalType.RECALL, len(wire.of(SignalType.RECALL)) + 1))[-1]
        await wire.publish(request.reply(SignalType.RECALLED, {"engram_id": "peer", "hits": hits}))
        return await waiting

    assert (await answered([{"id": "eng_1", "value": {"content": 1}}])).hits == [Hit("eng_1", {"content": 1})]
    with pytest.raises(EngramError, match="RECALLED is not usable"):
        await answered([{"entry": {}}])


async def test_a_call_that_cannot_be_meant_sends_nothing(wire):
    asker = await join(wire)
    with pytest.raises(EngramNotBound):
        await asker.recall(query={})
    with pytest.raises(ValueError, match="engram_id= or engram_kind="):
        await asker.imprint(op="add", entry={})
    with pytest.raises(ValueError, match="recall_mode='some'"):
        await asker.recall(engram_id="m", query={}, recall_mode="some")
    with pytest.raises(ValueError, match="merge_key: needed by op upsert"):
        await asker.imprint(engram_id="m", op="upsert", entry={})
    with pytest.raises(ValueError, match="op='forget' is not one of add, append"):
        await asker.imprint(engram_id="m", op="forget", entry={})
    assert wire.signals == []


async def test_a_binding_names_a_memory_and_how_to_ask_it(wire):
    await join(wire, InMemoryEngram(engram_id="mem"))
    asker = await join(wire)
    binding = EngramBinding(
        "facts", directed_type="keyvalue", default_deadline_ms=40, default_recall_mode="all"
    )
    assert (await asker.client.recall(binding=binding, query={})).engram_ids == ("mem",)
    assert wire.of(SignalType.RECALL)[0].payload["deadline_ms"] == 40
    with pytest.raises(ValueError, match="'facts' needs"):
        EngramBinding("facts")


async def test_inside_a_task_memory_belongs_to_its_trace(wire):
    asker = await join(wire, current_task=lambda: ("trc_task", "evt_task"))
    await asker.imprint(engram_id="m", op="add", entry={})
    await asker.imprint(engram_id="m", op="add", entry={}, trace_id="trc_own")
    await asker.imprint(engram_id="m", op="add", entry={}, parent_id="evt_own")
    assert [(signal.trace_id, signal.parent_id) for signal in wire.signals] == [
        ("trc_task", "evt_task"),
        ("trc_own", None),
        ("trc_task", "evt_own"),
    ]


async def test_writes_are_done_in_order_and_a_recall_sees_those_before_it(wire):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    for number in range(3):
        await asker.imprint(engram_id="mem", op="upsert", entry={"content": number}, merge_key="k")
    asking = asyncio.create_task(asker.recall(engram_id="mem", query={}))
    await engram.entered.wait()
    assert wire.of(SignalType.RECALLED) == []
    engram.gate.set()
    [hit] = await asking
    assert (hit.entry["content"], hit.entry["version"]) == (2, 3)


async def test_a_memory_sheds_load(wire):
    engram = Gated(engram_id="mem")
    host = EngramHost(engram, wire, max_under_way=1)
    first, second = (
        Signal(type=SignalType.IMPRINT, payload={"op": "add", "entry": {"content": number}})
        for number in (1, 2)
    )
    host.serve(first)
    host.serve(second)
    [shed] = await wire.until(SignalType.IMPRINTED)
    assert (shed.parent_id, shed.payload["error"]) == (
        second.id,
        "engram_overloaded: 1 requests are under way",
    )
    engram.gate.set()
    await host.finish()
    assert wire.of(SignalType.IMPRINTED)[1].payload.get("error") is None
