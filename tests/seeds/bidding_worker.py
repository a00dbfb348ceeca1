"""A worker that prices summaries. Run: bidding_worker.py URL NEURON COST CONFIDENCE"""

import asyncio
import sys

from cosmo_sdk import Axon, Dendrite, connect_synapse


async def summarize(input, context):
    return {"summary": input["text"][:80] + "..."}


async def main(url, neuron, cost, confidence):
    synapse = await connect_synapse(url)
    worker = Dendrite(synapse=synapse, namespace="demo", dendrite_id=f"host-of-{neuron}", role="worker")
    worker.attach_axon(Axon(neuron_id=neuron, neuron_fn=summarize, capabilities=["summarize", "english"]))

    @worker.on_task_offer(capability="summarize")
    async def respond(offer):
        await worker.bid(offer, neuron=neuron, cost=float(cost), eta_ms=300, confidence=float(confidence))

    async with worker:
        print("ready", flush=True)
        await asyncio.sleep(float("inf"))


asyncio.run(main(*sys.argv[1:]))
