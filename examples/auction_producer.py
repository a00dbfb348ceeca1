"""Puts one text up for bids and prints who summarised it. See auction_worker.py for the other half."""

from __future__ import annotations

import asyncio
import os

from cosmo_sdk import Dendrite, NoBids, connect_synapse

URL = os.environ.get("COSMO_URL", "cosmo://127.0.0.1:7070")
NAMESPACE = os.environ.get("COSMO_NAMESPACE", "dev")
TEXT = "The harbour wall held. It had been built for worse storms than this one, and it showed."


async def main() -> None:
    synapse = await connect_synapse(URL)
    producer = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0)
    try:
        async with producer:
            pathway = await producer.dispatch_offer(
                input={"text": TEXT},
                capabilities=["summarize"],
                deadline_ms=300,  # how long bids are taken
                select="lowest_cost",  # or first_bid, highest_confidence
                scope="terminal",  # wait for the conclusion, not for the first output
            )
            reply = await pathway.wait(timeout_s=10)
            print(f"{reply.neuron}: {reply.payload['result']['summary']}")
    except NoBids:
        print("nobody bid: is a worker running?")
    finally:
        await synapse.close()


if __name__ == "__main__":
    asyncio.run(main())
