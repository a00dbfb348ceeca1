"""One of several equal workers among which the bus shares out the tasks. Run: balanced_worker.py URL ME LOG"""

import asyncio
import sys
from pathlib import Path

from cosmo_sdk import Axon, Dendrite, SignalType, connect_synapse


def note(log, trace_id):
    with Path(log).open("a") as claims:
        claims.write(f"{trace_id}\n")


async def poet(input, context):
    return {"response": f"a line about {input['prompt']}"}


async def main(url, me, log):
    axon = Axon(neuron_id=me, neuron_fn=poet, capabilities=["chat"])
    synapse = await connect_synapse(url)
    dendrite = Dendrite(synapse=synapse, namespace="quickstart", dendrite_id=me, heartbeat_s=0)

    async def on_task(task):
        note(log, task.trace_id)
        await dendrite.publish(await axon.handle_task(task))

    try:
        async with dendrite:
            await dendrite.subscribe(SignalType.TASK, on_task, queue_group="poets")
            print("ready", flush=True)
            await asyncio.Event().wait()
    finally:
        await synapse.close()


asyncio.run(main(*sys.argv[1:]))
