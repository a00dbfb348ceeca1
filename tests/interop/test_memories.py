"""Memories across dialects: theirs asked by us, ours asked by them, and a rollback in both."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from cosmo_bus.testing import running_bus
from cosmo_sdk import Dendrite, MemoryRegistryStore, SqliteEngram, connect_synapse
from tests.interop.peers import Peer

SCRIPT = Path(__file__).with_name("peer_memory.py")


async def test_a_peer_asks_our_memory(peer: Peer):
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        host = Dendrite(synapse=synapse, role="worker", heartbeat_s=0)
        host.attach_engram(SqliteEngram(engram_id="our-mem"))
        async with host, peer.script(SCRIPT, bus.url, "ask") as asking:
            assert asking.stdout is not None
            told = json.loads(await asyncio.wait_for(asking.stdout.readline(), 20))
        await synapse.close()
    assert told == {"ok": True, "version": 1, "contents": ["tea"]}


async def test_we_ask_a_peers_memory_and_have_it_undo(peer: Peer):
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        store = MemoryRegistryStore()
        asker = Dendrite(synapse=synapse, dendrite_id="asker", heartbeat_s=0, registry_store=store)
        async with asker, peer.script(SCRIPT, bus.url, "host") as hosting:
            assert hosting.stdout is not None
            await asyncio.wait_for(hosting.stdout.readline(), 20)
            receipt = await asker.imprint(
                engram_id="peer-mem", op="add", entry={"content": "tea"}, trace_id="trc_1", await_ack=True
            )
            assert receipt is not None
            assert receipt.ok
            found = await asker.recall(engram_id="peer-mem", query={"text": "TEA"})
            assert [hit.entry["content"] for hit in found] == ["tea"]
            acks = await asker.stop_trace("trc_1", rollback=True, collect_acks=True, timeout_s=1)
            assert [ack.payload["compensated"] for ack in acks] == [1]
            assert not await asker.recall(engram_id="peer-mem", query={})
            record = await store.get("peer-mem")
            assert record is not None
            assert (record.role, record.kind) == ("engram", "keyvalue")
        await synapse.close()
