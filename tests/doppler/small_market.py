"""A market of two workers and a producer, each a process: `python -m tests.doppler.small_market workers URL`.

`cheap` asks little and promises little, `careful` the other way round. The producer takes the cheapest.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from cosmo_sdk import Axon, Dendrite, Signal, connect_synapse

NAMESPACE = "dev"

WINDOW_MS = 2_000
"""Long enough for two bids on a machine that has other things to do."""

BIDS = {"cheap": (0.01, 0.3), "careful": (0.05, 0.95)}
"""Cost and confidence by worker, in the order in which they bid."""


async def workers(url: str) -> None:
    """Bid and work until killed."""
    synapse = await connect_synapse(url)
    hosts = {}
    for name in BIDS:
        host = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id=f"{name}-host", role="worker")
        host.attach_axon(Axon(neuron_id=name, neuron_fn=_work(name), capabilities=["summarize"]))
        hosts[name] = host

    async def bid(offer: Signal) -> None:
        # One after the other on one connection, so that every run sees them in this order.
        for name, (cost, confidence) in BIDS.items():
            await hosts[name].bid(offer, neuron=name, cost=cost, confidence=confidence, eta_ms=500)

    hosts["cheap"].on_task_offer(bid)
    for host in hosts.values():
        host.on_task_offer(_others_bid)
        await host.start()
    print("at work", flush=True)
    await asyncio.Event().wait()


async def _others_bid(offer: Signal) -> None:
    """A handler, so that nobody bids by default."""


def _work(name: str) -> Any:
    async def work(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return {"summary": input["text"] if name == "careful" else "no idea"}

    return work


async def producer(url: str) -> None:
    """Offer one piece of work and wait for its result."""
    synapse = await connect_synapse(url)
    async with Dendrite(
        synapse=synapse, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0
    ) as dendrite:
        pathway = await dendrite.dispatch_offer(
            input={"text": "the harvest was good"},
            capabilities=["summarize"],
            deadline_ms=WINDOW_MS,
            select="lowest_cost",
            scope="terminal",
        )
        final = await pathway.wait(timeout_s=30)
        print(f"{final.neuron}: {final.payload['result']['summary']}", flush=True)
    await synapse.close()


if __name__ == "__main__":
    asyncio.run({"workers": workers, "producer": producer}[sys.argv[1]](sys.argv[2]))
