"""W3: one publisher, `subscribers` subscribers, each a process. Roles: subscriber, publisher.

Nobody is measured while losing: the publisher is at most WINDOW signals ahead of the slowest subscriber, who says every
ACKNOWLEDGED signals how far it is, over the same bus.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.work.talk import connected, envelope, finish, say, sdk, told

SUBJECT = "cosmonapse.bench.AGENT_OUTPUT"
REPORTS = "cosmonapse.bench.AUDIT"
WINDOW = 2048
ACKNOWLEDGED = 256


async def subscribe(module: Any, synapse: Any, name: str) -> None:
    """Take Signals for ever, and say how many came."""
    report = module.Signal.decode(envelope(0).replace(b"AGENT_OUTPUT", b"AUDIT"))
    report.payload = {"who": name, "count": 0}

    async def take(signal: Any) -> None:
        number = signal.payload["number"]
        if number % ACKNOWLEDGED == 0:
            report.payload["count"] = number
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

    async def hear(self, report: Any) -> None:
        self.taken[report.payload["who"]] = report.payload["count"]
        self.at = time.perf_counter()
        self.room.set()

    async def publish(self, seconds: float) -> dict[str, Any]:
        await self.synapse.subscribe(REPORTS, self.hear)
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
        while min(self.taken.values()) < sent:
            self.room.clear()
            await asyncio.wait_for(self.room.wait(), 20)
        return {"per_s": sent * len(self.taken) / (self.at - begin)}


async def main() -> None:
    wanted = told()
    module, synapse = sdk(wanted["sdk"]), await connected(wanted["sdk"], wanted["url"])
    if wanted["role"] != "publisher":
        await subscribe(module, synapse, wanted["role"])
    signal = module.Signal.decode(envelope(wanted["size"]))
    finish(await Publisher(synapse, signal, wanted["subscribers"]).publish(wanted["seconds"]))


if __name__ == "__main__":
    asyncio.run(main())
