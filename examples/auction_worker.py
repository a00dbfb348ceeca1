"""A worker that bids for summaries. Start a bus first, then any number of these, each with a name of its own.

cosmo synapse start memory -n dev
python examples/auction_worker.py ann 0.002
python examples/auction_worker.py bob 0.005
python examples/auction_producer.py
"""

from __future__ import annotations

import asyncio
import os
import sys

from cosmo_sdk import Axon, Dendrite, Signal, connect_synapse

URL = os.environ.get("COSMO_URL", "cosmo://127.0.0.1:7070")
NAMESPACE = os.environ.get("COSMO_NAMESPACE", "dev")


async def summarize(input: dict, context: list) -> dict:
    """The work itself: any function from a dict to a dict."""
    return {"summary": input["text"].split(".")[0] + "."}


async def main(name: str, price: float) -> None:
    synapse = await connect_synapse(URL)
    worker = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id=f"{name}-host", role="worker")
    worker.attach_axon(Axon(neuron_id=name, neuron_fn=summarize, capabilities=["summarize"]))

    @worker.on_task_offer(capability="summarize")
    async def bid(offer: Signal) -> None:
        await worker.bid(offer, neuron=name, cost=price, eta_ms=300, confidence=0.9)

    try:
        async with worker:
            print(f"{name} is here and asks {price} per summary", flush=True)
            await asyncio.Event().wait()
    finally:
        await synapse.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], float(sys.argv[2])))
    except KeyboardInterrupt:
        print("bye")
