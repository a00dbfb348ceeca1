"""W3: one publisher, `subscribers` subscribers, each a process. Roles: subscriber, publisher.

Nobody is measured while losing: the publisher is at most WINDOW signals ahead of the slowest subscriber, who says every
ACKNOWLEDGED signals how far it is, over the same bus. With a `rate` the publisher keeps to it, and what is measured is how
long each signal was on its way.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.work.talk import connected, envelope, finish, quantile, say, sdk, told

SUBJECT = "cosmonapse.bench.AGENT_OUTPUT"
REPORTS = "cosmonapse.bench.AUDIT"
WINDOW = 2048
ACKNOWLEDGED = 256


async def subscribe(module: Any, synapse: Any, name: str) -> None:
    """Take Signals for ever, and say how many came."""
    report = module.Signal.decode(envelope(0).replace(b"AGENT_OUTPUT", b"AUDIT"))
    report.payload = {"who": name, "count": 0}
    delays: list[int] = []

    async def take(signal: Any) -> None:
        number = signal.payload["number"]
        sent = signal.payload.get("sent")
        if sent is not None:
            delays.append(time.perf_counter_ns() - sent)
        if number % ACKNOWLEDGED == 0:
            report.payload["count"] = number
            report.payload["delays"] = delays.copy()
            delays.clear()
            await synapse.publish(REPORTS, report)

    await synapse.subscribe(SUBJECT, take)
    say(ready=True)
    await asyncio.Event().wait()


class Publisher:
    """Publishes as fast as the window allows."""

    def __init__(self, synapse: Any, signal: Any, subscribers: int) -> None:
        self.synapse = synapse
        self.signal = signal
        self.taken = {str(number): 0 for number in range(subscribers)}
        self.room = asyncio.Event()
        self.at = 0.0
        self.delays: list[int] = []

    async def hear(self, report: Any) -> None:
        self.taken[report.payload["who"]] = report.payload["count"]
        self.delays += report.payload["delays"]
        self.at = time.perf_counter()
        self.room.set()

    async def measure(self, seconds: float, rate: int) -> dict[str, Any]:
        """As fast as possible, or `rate` signals a second."""
        await self.synapse.subscribe(REPORTS, self.hear)
        return await (self.pace(seconds, rate) if rate else self.publish(seconds))

    async def pace(self, seconds: float, rate: int) -> dict[str, Any]:
        """Keep to a rate; the first quarter is not measured."""
        begin, count = time.perf_counter(), int(seconds * rate / ACKNOWLEDGED + 1) * ACKNOWLEDGED
        for number in range(1, count + 1):
            wait = begin + number / rate - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            self.signal.payload.update(number=number, sent=time.perf_counter_ns())
            await self.synapse.publish(SUBJECT, self.signal)
        await self.until_taken(count)
        late = self.delays[len(self.delays) // 4 :]
        p50, p99 = quantile(late, 0.5) or 0.0, quantile(late, 0.99) or 0.0
        return {"prompt_per_s": 1e9 / p50, "p50_us": p50 / 1000, "p99_us": p99 / 1000}

    async def until_taken(self, sent: int) -> None:
        """Wait for the slowest."""
        while min(self.taken.values()) < sent:
            self.room.clear()
            await asyncio.wait_for(self.room.wait(), 20)

    async def publish(self, seconds: float) -> dict[str, Any]:
        sent, begin = 0, time.perf_counter()
        while time.perf_counter() < begin + seconds or sent % ACKNOWLEDGED:
            while sent - min(self.taken.values()) >= WINDOW:
                self.room.clear()
                await self.room.wait()
            sent += 1
            self.signal.payload["number"] = sent
            await self.synapse.publish(SUBJECT, self.signal)
            if sent % 64 == 0:
                await asyncio.sleep(0)
        await self.until_taken(sent)
        return {"per_s": sent * len(self.taken) / (self.at - begin)}


async def main() -> None:
    wanted = told()
    module, synapse = sdk(wanted["sdk"]), await connected(wanted["sdk"], wanted["url"])
    if wanted["role"] != "publisher":
        await subscribe(module, synapse, wanted["role"])
    signal = module.Signal.decode(envelope(wanted["size"]))
    publisher = Publisher(synapse, signal, wanted["subscribers"])
    finish(await publisher.measure(wanted["seconds"], wanted.get("rate", 0)))


if __name__ == "__main__":
    asyncio.run(main())
