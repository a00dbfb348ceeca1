"""Drops prompts into the namespace and prints who answered. Run: peer_producer.py URL"""

import asyncio
import sys

from cosmo_sdk import Dendrite, connect_synapse, new_trace_id


async def main(url):
    synapse = await connect_synapse(url)
    dendrite = Dendrite(synapse=synapse, namespace="quickstart", dendrite_id="producer", heartbeat_s=0)
    pending = {}

    @dendrite.on_agent_output
    async def _on_output(sig):
        fut = pending.pop(sig.trace_id, None)
        if fut and not fut.done():
            fut.set_result((sig.neuron, sig.payload.get("output", {})))

    try:
        async with dendrite:
            for prompt in ("the sun", "the moon", "the sea", "the wind"):
                trace_id = new_trace_id()
                fut = asyncio.get_running_loop().create_future()
                pending[trace_id] = fut
                await dendrite.dispatch_task(neuron="pool", input={"prompt": prompt}, trace_id=trace_id)
                who, out = await asyncio.wait_for(fut, timeout=20)
                print(f"{who} answered: {out.get('response', '').strip()}")
    finally:
        await synapse.close()


asyncio.run(main(*sys.argv[1:]))
