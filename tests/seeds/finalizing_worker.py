"""A worker that also concludes: every output becomes a FINAL. Run: finalizing_worker.py URL DATABASE"""

import asyncio
import sys

from cosmo_sdk import Axon, Dendrite, SqliteRegistryStore, connect_synapse


async def answer(input, context):
    return {"answer": input["q"].upper()}


async def main(url, database):
    synapse = await connect_synapse(url)

    dendrite = Dendrite(
        synapse=synapse,
        registry_store=SqliteRegistryStore(database),
        namespace="prod",
        heartbeat_s=5.0,
    )
    dendrite.attach_axon(Axon(neuron_id="answerer", neuron_fn=answer))
    concluded = asyncio.Event()

    @dendrite.on_agent_output
    async def handle(sig):
        await dendrite.emit_final(trace_id=sig.trace_id, parent_id=sig.id, result=sig.payload["output"])

    @dendrite.on_final
    async def report(sig):
        print("final:", sig.payload["result"], flush=True)
        concluded.set()

    async with dendrite:
        await dendrite.dispatch_task(neuron="answerer", input={"q": "hi"})
        await concluded.wait()
        print("known:", [record.neuron_id for record in await dendrite.find_neurons()])
    await synapse.close()


asyncio.run(main(*sys.argv[1:]))
