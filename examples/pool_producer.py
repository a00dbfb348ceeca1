"""Work for a pool of workers (see pool_worker.py). It addresses none of them: they agree on who does what."""

from __future__ import annotations

import asyncio
import os

from cosmo_sdk import Dendrite, connect_synapse

URL = os.environ.get("COSMO_URL", "cosmo://127.0.0.1:7070")
NAMESPACE = os.environ.get("COSMO_NAMESPACE", "dev")


async def main() -> None:
    synapse = await connect_synapse(URL)
    async with Dendrite(
        synapse=synapse, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0
    ) as producer:
        for text in ("sun", "moon", "sea", "wind", "rain", "snow", "fog", "hail"):
            reply = await producer.dispatch_and_wait(neuron="pool", input={"text": text}, timeout_s=10)
            print(f"{reply.trace_id} {reply.neuron}: {reply.payload['output']['text']}")
    await synapse.close()


if __name__ == "__main__":
    asyncio.run(main())
