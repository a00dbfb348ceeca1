"""A released peer that hosts a memory, or asks ours. Run with the peer's Python: URL, then `host` or `ask`."""

import asyncio
import json
import sys

from cosmonapse import Dendrite, connect_synapse
from cosmonapse.engram.memory import InMemoryEngram


async def host(dendrite):
    dendrite.attach_engram(InMemoryEngram(engram_id="peer-mem"))
    await dendrite.start()
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def ask(dendrite):
    await dendrite.start()
    receipt = await dendrite.imprint(
        engram_id="our-mem",
        op="upsert",
        entry={"content": "tea"},
        merge_key="k",
        await_ack=True,
        deadline_ms=9000,
    )
    found = await dendrite.recall(engram_kind="relational", query={"text": "TEA"}, deadline_ms=9000)
    contents = [hit.entry["content"] for hit in found]
    print(json.dumps({"ok": receipt.ok, "version": receipt.version, "contents": contents}), flush=True)


async def main(url, part):
    synapse = await connect_synapse(url)
    dendrite = Dendrite(synapse=synapse, dendrite_id="peer", heartbeat_s=0)
    await {"host": host, "ask": ask}[part](dendrite)
    await dendrite.stop()
    await synapse.close()


asyncio.run(main(*sys.argv[1:]))
