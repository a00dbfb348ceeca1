"""Memories made of functions, and handlers that a memory brings along for its Dendrite."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cosmo_sdk import (
    Dendrite,
    Engram,
    EngramError,
    EngramTimeout,
    Hit,
    ImprintReceipt,
    InMemoryEngram,
    MemorySynapse,
    Signal,
)
from cosmo_sdk.engram import Hits
from cosmo_sdk.testing import settle


@pytest.fixture
async def synapse():
    synapse = MemorySynapse(strict=True)
    yield synapse
    await synapse.close()


def hosted(synapse: MemorySynapse, engram: Engram) -> Dendrite:
    dendrite = Dendrite(synapse=synapse, heartbeat_s=0)
    dendrite.attach_engram(engram)
    return dendrite


async def test_functions_remember_and_are_asked(synapse: MemorySynapse):
    notes = Engram.serve(engram_id="notes", capabilities=["substring"], version="2")
    kept: dict[str, Any] = {}

    @notes.on_imprint
    async def write(op: str, entry: dict[str, Any], *, merge_key: str | None = None) -> str:
        kept[merge_key or "none"] = entry["content"]
        return f"eng_{merge_key}"

    @notes.on_recall
    def find(query: dict[str, Any], **more: Any) -> Any:
        assert set(more) == {"filters", "context_ref", "deadline_ms", "min_confidence"}
        return [{"id": key, "entry": {"content": value}, "score": 0.5} for key, value in kept.items()]

    async with hosted(synapse, notes) as dendrite:
        receipt = await dendrite.imprint(
            engram_id="notes", op="upsert", entry={"content": 1}, merge_key="k", await_ack=True
        )
        assert (receipt.ok, receipt.id, receipt.op) == (True, "eng_k", "upsert")
        result = await dendrite.recall(engram_kind="context", query={})
        assert result.hits == [Hit("k", {"content": 1}, 0.5)]
        acks = await dendrite.stop_trace("trc_none", rollback=True, collect_acks=True, timeout_s=0.01)
        assert acks == []


async def test_the_first_function_that_has_something_to_say_answers():
    notes = Engram.serve(engram_id="notes")
    notes.on_recall(lambda query: None)
    notes.on_recall(lambda query: Hits([Hit("eng_1", {})], truncated=True))
    notes.on_recall(lambda query: [Hit("eng_never", {})])
    notes.on_imprint(lambda op, entry: None if op == "add" else True)
    notes.on_imprint(lambda op, entry: ImprintReceipt("notes", op, id="eng_2", version=7))
    hits = await notes.recall({})
    assert (hits[0].id, getattr(hits, "truncated", None)) == ("eng_1", True)
    assert (await notes.imprint("add", {})).version == 7
    assert (await notes.imprint("delete", {})).id is None


async def test_what_nobody_does_is_said():
    notes = Engram.serve(engram_id="notes")
    assert await notes.recall({}) == []
    assert not await notes.can_serve({})
    assert (await notes.imprint("add", {})).error == "nobody here does op 'add'"
    notes.on_recall(lambda query: [{"entry": {}}])
    with pytest.raises(EngramError, match="neither a Hit"):
        await notes.recall({})


async def test_a_gate_keeps_it_silent(synapse: MemorySynapse):
    notes = Engram.serve(engram_id="notes")
    notes.on_recall(lambda query: [])

    @notes.serves
    async def only_text(query: dict[str, Any]) -> bool:
        return "text" in query

    async with hosted(synapse, notes) as dendrite:
        assert not await dendrite.recall(engram_id="notes", query={"text": "x"})
        with pytest.raises(EngramTimeout):
            await dendrite.recall(engram_id="notes", query={}, deadline_ms=20)


async def test_it_is_undone_when_it_can_be_and_says_so_when_not(synapse: MemorySynapse):
    undone: list[str] = []
    ended: list[str] = []
    saga, plain = Engram.serve(engram_id="saga"), Engram.serve(engram_id="plain")
    for each in (saga, plain):
        each.on_imprint(lambda op, entry: True)

    @saga.on_compensate
    async def undo(trace_id: str) -> int:
        undone.append(trace_id)
        return 1

    saga.on_commit(ended.append)
    async with hosted(synapse, saga) as dendrite, hosted(synapse, plain) as other:
        for engram_id in ("saga", "plain"):
            for trace_id in ("trc_1", "trc_2"):
                await dendrite.imprint(
                    engram_id=engram_id, op="add", entry={}, trace_id=trace_id, await_ack=True
                )
        await other.emit_final(trace_id="trc_2", parent_id="evt_1", result=1)
        acks = await dendrite.stop_trace("trc_1", rollback=True, collect_acks=True, timeout_s=1)
    told = sorted((ack.payload["rolled_back"], ack.payload["compensated"]) for ack in acks)
    assert told == [(False, 0), (True, 1)]
    [errors] = [ack.meta["cosmo.rollback_errors"] for ack in acks if not ack.payload["rolled_back"]]
    assert errors == ["plain: keeps no journal, 1 of this trace's writes stay"]
    assert (undone, ended) == (["trc_1"], ["trc_2"])


async def test_it_lives_with_its_dendrite(synapse: MemorySynapse):
    notes = Engram.serve(engram_id="notes")
    lived: list[str] = []
    ticked = asyncio.Event()
    notes.on_connect(lambda owner: lived.append(owner.engram_id))

    @notes.on_schedule(every_s=0.001)
    async def tick(owner: Engram) -> None:
        ticked.set()

    async with hosted(synapse, notes):
        await asyncio.wait_for(ticked.wait(), 20)
    assert lived == ["notes"]


async def test_handlers_a_memory_brings_along_hear_its_dendrite(synapse: MemorySynapse):
    engram = InMemoryEngram(engram_id="mem")
    seen: list[str] = []

    @engram.host.on_imprint_signal
    async def note(signal: Signal) -> None:
        seen.append(signal.payload["op"])

    async with hosted(synapse, engram) as dendrite:
        await dendrite.imprint(engram_id="mem", op="add", entry={"content": 1}, await_ack=True)
        await settle()
        await dendrite.detach_engram("mem")
        await dendrite.imprint(engram_id="mem", op="append", entry={"content": 1})
        await settle()
    assert seen == ["add"]


async def test_a_memory_may_mean_something_else_by_host(synapse: MemorySynapse):
    class Remote(InMemoryEngram):
        def __init__(self) -> None:
            super().__init__(engram_id="remote")
            self.host = "db.example.org"

    async with hosted(synapse, Remote()) as dendrite:
        assert not await dendrite.recall(engram_id="remote", query={})
