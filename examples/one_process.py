"""Everything in one process: no bus to start, nothing to install besides the SDK. For tests and first steps."""

from __future__ import annotations

import asyncio

from cosmo_sdk import Axon, Dendrite, MemorySynapse


async def shout(input: dict, context: list) -> dict:
    return {"text": input["text"].upper() + "!"}


async def main() -> None:
    synapse = MemorySynapse()
    worker = Dendrite(synapse=synapse, namespace="dev", dendrite_id="host", role="worker")
    worker.attach_axon(Axon(neuron_id="shouter", neuron_fn=shout))
    async with worker, Dendrite(synapse=synapse, namespace="dev", dendrite_id="desk", heartbeat_s=0) as desk:
        reply = await desk.dispatch_and_wait(neuron="shouter", input={"text": "hello"}, scope="terminal")
        print(reply.payload["result"]["text"])
    await synapse.close()


if __name__ == "__main__":
    asyncio.run(main())
