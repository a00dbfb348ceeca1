"""A worker that fails twice, a producer that tries again, and a workflow that is called off. Run: retrying_producer.py URL"""

import asyncio
import sys

from cosmo_sdk import (
    Axon,
    Dendrite,
    InMemoryEngram,
    PathwayStopped,
    RetryStrategy,
    SignalType,
    connect_synapse,
)


async def main(url):
    synapse = await connect_synapse(url)
    worker = Dendrite(synapse=synapse, namespace="demo", dendrite_id="worker", role="worker")
    orch = Dendrite(synapse=synapse, namespace="demo", dendrite_id="orch")
    notes = InMemoryEngram()
    worker.attach_engram(notes)
    tries = []
    working = asyncio.Event()

    async def flaky(input, context):
        tries.append(input)
        await worker.imprint(
            engram_id=notes.engram_id, op="add", entry={"content": f"try {len(tries)}"}, await_ack=True
        )
        if input["q"] == "forever":
            working.set()
            await asyncio.Event().wait()
        if len(tries) < 3:
            return {"__error__": True, "code": "BUSY", "message": "not now", "recoverable": True}
        return {"tries": len(tries)}

    worker.attach_axon(Axon(neuron_id="flaky-worker", neuron_fn=flaky))
    async with worker, orch:
        sig = await orch.run_with_retry(
            neuron="flaky-worker",
            input={"q": "hi"},
            retry=RetryStrategy(
                max_attempts=5,
                timeout_s=10.0,
                backoff=lambda a: 0.01 * 2**a,
                rollback_on_retry=True,
            ),
        )
        print("answer:", sig.type.value, sig.payload["output"])

        pw = await orch.dispatch(neuron="flaky-worker", input={"q": "forever"})
        await working.wait()
        acks = await orch.stop_trace(
            pw.trace_id, rollback=True, reason="superseded", collect_acks=True, timeout_s=1.0
        )
        print("stopped:", sorted(ack.payload["node"] for ack in acks))
        try:
            await pw.wait_for(SignalType.FINAL)
        except PathwayStopped as ended:
            print("ended:", ended.reason)
        kept = await orch.recall(engram_id=notes.engram_id, query={"text": "try"})
        print("kept:", [hit.entry["content"] for hit in kept.hits])
    await synapse.close()


asyncio.run(main(*sys.argv[1:]))
