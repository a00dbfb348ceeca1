"""One of several equal workers that share tasks by hashing the trace. Run: peer_worker.py URL ME PEER PEER..."""

import asyncio
import hashlib
import sys

from cosmo_sdk import Axon, Dendrite, SignalType, connect_synapse


def owner_of(trace_id, peers):
    return peers[int(hashlib.sha1(trace_id.encode()).hexdigest(), 16) % len(peers)]


async def poet(input, context):
    return {"response": f"a line about {input['prompt']}"}


async def main(url, me, *peers):
    axon = Axon(neuron_id=me, neuron_fn=poet, capabilities=["chat"])
    synapse = await connect_synapse(url)
    dendrite = Dendrite(synapse=synapse, namespace="quickstart", dendrite_id=me, heartbeat_s=0)

    async def on_task(task):
        if owner_of(task.trace_id, peers) != me:
            return
        print(f"[{me}] claims {task.trace_id[4:12]}", flush=True)
        reply = await axon.handle_task(task)
        await dendrite.publish(reply)

    try:
        async with dendrite:
            await dendrite.subscribe(SignalType.TASK, on_task)
            print("ready", flush=True)
            await asyncio.Event().wait()
    finally:
        await synapse.close()


asyncio.run(main(*sys.argv[1:]))
