"""A worker that asks, and a producer that decides, in both forms. Run: asking_worker.py URL"""

import asyncio
import sys

from cosmo_sdk import Axon, Dendrite, SignalType, connect_synapse


async def cleaner(input, context):
    if "permission" in input:
        verdict = input["permission"]
        return {"deleted": verdict["granted"], "file": verdict["original_input"]["file"]}
    return {"__permission__": True, "action": "delete", "reason": "it is old"}


async def main(url):
    synapse = await connect_synapse(url)
    worker = Dendrite(synapse=synapse, namespace="demo", dendrite_id="worker", role="worker")
    worker.attach_axon(Axon(neuron_id="cleaner", neuron_fn=cleaner))
    orch = Dendrite(synapse=synapse, namespace="demo", dendrite_id="orch")

    @worker.on_permission
    async def guard(request):
        await worker.grant_permission(request, reason="it is old indeed", ttl_ms=1000)

    async with worker, orch:
        pw = await orch.dispatch_and_subscribe(neuron="cleaner", input={"file": "a.txt"}, scope="terminal")

        @pw.on(SignalType.AGENT_OUTPUT)
        async def note(sig):
            print("output:", sig.payload["output"])

        request = await pw.wait(timeout_s=5.0)
        decision = await orch.await_decision(request, timeout_s=5.0)
        print("decided by", decision.neuron, "because", decision.payload["reason"])
        await orch.respond_to_permission(request, granted=decision.payload["granted"])
        final = await pw.wait(timeout_s=5.0)
        print("final:", final.payload["result"])
    await synapse.close()


asyncio.run(main(*sys.argv[1:]))
