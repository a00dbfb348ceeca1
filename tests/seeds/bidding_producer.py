"""A producer that wants one summary. Run: bidding_producer.py URL STRATEGY"""

import asyncio
import sys

from cosmo_sdk import Dendrite, connect_synapse


async def main(url, strategy):
    synapse = await connect_synapse(url)
    orch = Dendrite(synapse=synapse, namespace="demo")

    async with orch:
        pw = await orch.dispatch_offer(
            input={"text": "a long article about bridges"},
            capabilities=["summarize"],
            deadline_ms=250,
            select=strategy,
        )
        sig = await pw.wait(timeout_s=5.0)
        print("winner:", sig.neuron, "result:", sig.payload["output"])


asyncio.run(main(*sys.argv[1:]))
