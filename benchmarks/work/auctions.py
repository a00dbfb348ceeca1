"""W5: dispatch_offer with `bidders` bidders, `callers` offers at a time. Roles: bidders, producer, or both in memory.

Bidder 0 is the cheapest, so the right winner under lowest_cost is known.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from benchmarks.work.talk import TEXT, connected, finish, quantile, say, sdk, told


async def bidders(name: str, synapses: list[Any]) -> list[Any]:
    """One bidding worker on each synapse."""
    module = sdk(name)
    dendrites = []
    for number, synapse in enumerate(synapses):
        dendrites.append(await _bidder(module, synapse, number))
    return dendrites


async def _bidder(module: Any, synapse: Any, number: int) -> Any:
    neuron = f"bidder-{number}"

    async def work(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return {"by": number}

    dendrite = module.Dendrite(
        synapse=synapse, namespace="bench", dendrite_id=f"host-{number}", role="worker", heartbeat_s=0
    )
    dendrite.attach_axon(module.Axon(neuron_id=neuron, neuron_fn=work, capabilities=["check"]))

    @dendrite.on_task_offer(capability="check")
    async def bid(offer: Any) -> None:
        await dendrite.bid(offer, neuron=neuron, cost=0.01 * (number + 1), eta_ms=100, confidence=0.9)

    await dendrite.start()
    return dendrite


class Market:
    """Holds auctions and counts what comes of them."""

    def __init__(self, producer: Any, wanted: dict[str, Any]) -> None:
        self.producer = producer
        self.select = wanted["select"]
        self.window_ms = wanted["window_ms"]
        self.winners: Counter[str] = Counter()
        self.no_bid = 0
        self.awarded: list[float] = []

    async def auction(self) -> None:
        """One offer, from the call to the winner's result."""
        begin = time.perf_counter()
        try:
            pathway = await self.producer.dispatch_offer(
                input={"text": TEXT}, capabilities=["check"], deadline_ms=self.window_ms, select=self.select
            )
        except TimeoutError:
            self.no_bid += 1
            return
        self.awarded.append(time.perf_counter() - begin)
        reply = await pathway.wait(timeout_s=10.0)
        await pathway.close()
        self.winners[reply.directed.id] += 1

    async def hold(self, callers: int, seconds: float) -> dict[str, Any]:
        """Hold auctions without a pause, `callers` at a time."""
        await self.auction()
        self.winners.clear()
        self.awarded.clear()
        self.no_bid = 0
        begin, cpu = time.perf_counter(), time.process_time()

        async def keep_offering() -> None:
            while time.perf_counter() < begin + seconds:
                await self.auction()

        await asyncio.gather(*(keep_offering() for _ in range(callers)))
        elapsed, cpu = time.perf_counter() - begin, time.process_time() - cpu
        done = self.winners.total()
        waits = self.select != "first_bid"
        late = [each * 1e3 - (self.window_ms if waits else 0) for each in self.awarded]
        return {
            "per_s": done / elapsed,
            "per_cpu_s": done / cpu,
            "no_bid": self.no_bid,
            "wrong_winner": done - self.winners["bidder-0"] if waits else 0,
            "award_p50_ms": quantile(late, 0.5),
            "award_p99_ms": quantile(late, 0.99),
            "cpu_ms": cpu / max(done, 1) * 1e3,
        }


async def main() -> None:
    wanted = told()
    name, url = wanted["sdk"], wanted.get("url", "")
    synapse = await connected(name, url)
    hosts: list[Any] = []
    if wanted["role"] != "producer":
        # On a bus every bidder has a connection of its own, as if each were a process.
        count = wanted["bidders"]
        synapses = [synapse] * count if not url else [await connected(name, url) for _ in range(count)]
        hosts = await bidders(name, synapses)
    if wanted["role"] == "bidders":
        say(ready=len(hosts))
        await asyncio.Event().wait()
    producer = sdk(name).Dendrite(synapse=synapse, namespace="bench", dendrite_id="producer", heartbeat_s=0)
    await producer.start()
    finish(await Market(producer, wanted).hold(wanted["callers"], wanted["seconds"]))


if __name__ == "__main__":
    asyncio.run(main())
