"""Memories on whole Dendrites: announced, asked, rolled back, kept."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from cosmo_sdk.axon import Axon
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.engram import EngramError, InMemoryEngram, SqliteEngram
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.registry import MemoryRegistryStore
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import MemorySynapse


@pytest.fixture
async def synapse():
    synapse = MemorySynapse(strict=True)
    yield synapse
    await synapse.close()


@pytest.fixture(params=["memory", "sqlite"])
def engram(request, tmp_path):
    if request.param == "memory":
        return InMemoryEngram(engram_id="mem")
    return SqliteEngram(engram_id="mem", path=tmp_path / "engram.db")


def host(synapse, engram):
    dendrite = Dendrite(synapse=synapse, dendrite_id="host", role="worker", heartbeat_s=0)
    dendrite.attach_engram(engram)
    return dendrite


def contents(result):
    return sorted(hit.entry["content"] for hit in result)


async def test_a_worker_may_ask_and_what_it_wrote_is_undone_with_its_trace(synapse, engram):
    wrote = asyncio.Event()
    worker = Dendrite(synapse=synapse, dendrite_id="worker", role="worker", heartbeat_s=0)

    async def remember_then_hang(input, context):
        await worker.imprint(engram_id="mem", op="add", entry={"content": input["note"]}, await_ack=True)
        wrote.set()
        await asyncio.Event().wait()

    worker.attach_axon(Axon(neuron_id="scribe", neuron_fn=remember_then_hang, capabilities=[]))
    asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0)
    async with host(synapse, engram), worker, asker:
        await asker.imprint(engram_id="mem", op="add", entry={"content": "old"}, await_ack=True)
        pathway = await asker.dispatch(neuron="scribe", input={"note": "new"})
        await wrote.wait()
        assert contents(await asker.recall(engram_id="mem", query={})) == ["new", "old"]
        acks = await asker.stop_trace(pathway.trace_id, rollback=True, collect_acks=True)
        [undone] = [ack.payload for ack in acks if ack.payload["compensated"]]
        assert (undone["compensated"], undone["rolled_back"]) == (1, True)
        assert contents(await asker.recall(engram_id="mem", query={})) == ["old"]


async def test_final_keeps_what_a_trace_wrote(synapse, engram):
    asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0)
    final_seen = asyncio.Event()
    hosting = host(synapse, engram)

    @hosting.on_final
    def note(signal):
        final_seen.set()

    async with hosting, asker:
        note_it = {"engram_id": "mem", "op": "add", "entry": {"content": 1}, "await_ack": True}
        await asker.imprint(**note_it, trace_id="trc_1")
        await asker.emit_final(trace_id="trc_1", parent_id="evt_1", result=1)
        await final_seen.wait()
        await asker.stop_trace("trc_1", rollback=True, collect_acks=True, timeout_s=0.05)
        assert contents(await asker.recall(engram_id="mem", query={})) == [1]


async def test_a_memory_is_announced_found_and_deregistered(synapse):
    registered, gone = asyncio.Event(), asyncio.Event()
    watcher = Dendrite(synapse=synapse, registry_store=MemoryRegistryStore(), heartbeat_s=0)
    watcher.on_refresh(
        lambda _, event: (
            {"register": registered, "deregister": gone}[event.reason].set()
            if event.neuron_id == "mem"
            else None
        )
    )
    hosting = host(synapse, InMemoryEngram(engram_id="mem"))
    # The watcher comes later: it learns of the memory by asking who is there.
    async with hosting, watcher:
        await registered.wait()
        [record] = await watcher.find_neurons(capability="substring", role="engram")
        assert (record.neuron_id, record.role, record.kind, record.host) == (
            "mem",
            "engram",
            "keyvalue",
            "host",
        )
        assert await watcher.find_neurons() == []
        assert await watcher.registry_snapshot() == [record]
        await hosting.stop()
        await gone.wait()
        assert await watcher.registry_snapshot() == []


async def test_recalls_inside_a_task_hang_under_it(synapse):
    worker = Dendrite(synapse=synapse, dendrite_id="worker", role="worker", heartbeat_s=0)
    worker.attach_engram(InMemoryEngram(engram_id="mem"))

    async def look_it_up(input, context):
        return {"found": len(await worker.recall(engram_id="mem", query={}))}

    worker.attach_axon(Axon(neuron_id="reader", neuron_fn=look_it_up, capabilities=[]))
    asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0)
    async with worker, asker:
        pathway = await asker.dispatch(neuron="reader", input={})
        output = await pathway.wait_for(SignalType.AGENT_OUTPUT, timeout_s=5)
        assert output.payload["output"] == {"found": 0}
        seen = [signal async for signal in _history(pathway)]
    recall = next(signal for signal in seen if signal.type is SignalType.RECALL)
    assert (recall.trace_id, recall.parent_id) == (output.trace_id, output.parent_id)


async def _history(pathway):
    await pathway.close()
    async for signal in pathway:
        yield signal


async def test_a_write_asked_for_again_is_answered_again_also_by_a_host_that_was_restarted(synapse, tmp_path):
    asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0)
    answers: list[Signal] = []
    asker.on_imprinted(answers.append)
    request = Signal(
        type=SignalType.IMPRINT,
        directed=Directed(id="mem"),
        payload={"op": "append", "entry": {"content": "once"}},
    )
    async with asker:
        for _ in range(2):
            async with host(synapse, SqliteEngram(engram_id="mem", path=tmp_path / "engram.db")):
                for _ in range(2):
                    await asker.publish(request)
                    # It waits for the write before it.
                    assert contents(await asker.recall(engram_id="mem", query={})) == ["once"]
    assert len(answers) == 4
    assert len({answer.payload["id"] for answer in answers}) == 1


async def test_a_memory_whose_disk_fails_answers_and_its_rollback_is_no_success(synapse, tmp_path):
    broken = tmp_path / "engram.db"
    engram = SqliteEngram(engram_id="mem", path=broken)
    asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0)
    async with host(synapse, engram), asker:
        await asker.imprint(engram_id="mem", op="add", entry={"content": 1}, trace_id="trc_1", await_ack=True)
        intruder = sqlite3.connect(broken)
        intruder.execute("ALTER TABLE engram_entries RENAME TO stolen")
        with pytest.raises(EngramError, match="no such table"):
            await asker.recall(engram_id="mem", query={})
        receipt = await asker.imprint(engram_id="mem", op="add", entry={}, await_ack=True)
        assert "no such table" in receipt.error
        [ack] = await asker.stop_trace("trc_1", rollback=True, collect_acks=True, timeout_s=1)
        assert (ack.payload["rolled_back"], ack.payload["compensated"]) == (False, 0)
        assert "no such table" in ack.meta["cosmo.rollback_errors"][0]
        # Once it is whole again, the journal is still there.
        intruder.execute("ALTER TABLE stolen RENAME TO engram_entries")
        intruder.close()
        [ack] = await asker.stop_trace("trc_1", rollback=True, collect_acks=True, timeout_s=1)
        assert (ack.payload["rolled_back"], ack.payload["compensated"]) == (True, 1)
