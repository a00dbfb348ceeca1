"""A peer like peer_worker.py whose poet is a language model. Run: model_worker.py URL ENDPOINT ME PEER PEER..."""

import asyncio
import hashlib
import os
import sys

from cosmo_sdk import Axon, Dendrite, Neuron, SignalType, connect_synapse


def owner_of(trace_id, peers):
    return peers[int(hashlib.sha1(trace_id.encode()).hexdigest(), 16) % len(peers)]


async def main(url, endpoint, me, *peers):
    # Attached to no Dendrite: this program decides by itself what to run.
    axon = Axon(
        neuron_id=me,
        neuron_fn=Neuron(
            source="huggingface",
            endpoint=endpoint,
            model="meta-llama/Llama-3.1-8B-Instruct",
            api_key=os.environ["HF_TOKEN"],
            use_chat_api=True,
            max_new_tokens=128,
        ),
        capabilities=["chat"],
    )
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
