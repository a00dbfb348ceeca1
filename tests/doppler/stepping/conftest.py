"""A bus with a producer and two bidders, and somebody who steps it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cosmo_bus.server import BusServer
from cosmo_bus.testing import running_bus
from cosmo_doppler.query import Known
from cosmo_doppler.stepping.book import Held
from cosmo_doppler.stepping.stepper import Stepper
from cosmo_sdk import Axon, Dendrite, Signal, connect_synapse

NAMESPACE = "dev"


class Floor:
    """What a test drives."""

    def __init__(self, bus: BusServer, stepper: Stepper, producer: Dendrite) -> None:
        self.bus = bus
        self.url = bus.url
        self.stepper = stepper
        self.producer = producer
        self.seen: list[tuple[str, bytes]] = []
        """Every frame of the namespace and of its gates, as it is delivered."""

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            # What is waited for comes over sockets: no event of ours says that it is there.
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def held(self, count: int = 1) -> list[Held]:
        """Wait until so many signals are held that somebody means."""
        await self.until(lambda: len(self.stepper.book.meant) == count)
        return self.stepper.book.meant

    def kinds(self) -> list[str]:
        return [subject.rsplit(".", 1)[1] for subject, _ in self.seen if subject.startswith("cosmonapse.")]

    async def publish(self, *signals: Signal) -> None:
        for signal in signals:
            await self.producer.publish(signal)


async def works(input: Any, context: Any) -> dict[str, Any]:
    return {"done": True}


async def bidder(url: str, name: str, cost: float) -> Dendrite:
    host = Dendrite(
        synapse=await connect_synapse(url), namespace=NAMESPACE, dendrite_id=f"host-{name}", role="worker"
    )
    host.attach_axon(Axon(neuron_id=name, neuron_fn=works, capabilities=("sum",)))

    @host.on_task_offer
    async def bid(offer: Signal) -> None:
        await host.bid(offer, neuron=name, cost=cost, eta_ms=100, confidence=0.9)

    await host.start()
    return host


@asynccontextmanager
async def floor(**bidders: float) -> AsyncIterator[Floor]:
    async with running_bus() as bus:
        watching = await connect_synapse(bus.url)
        asking = await connect_synapse(bus.url)
        hosts = [await bidder(bus.url, name, cost) for name, cost in bidders.items()]
        producer = Dendrite(synapse=asking, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0)
        stepper = Stepper(bus.url, NAMESPACE, lock=threading.RLock(), wall=time.time, known=Known)
        async with producer:
            place = Floor(bus, stepper, producer)
            for pattern in (f"cosmonapse.{NAMESPACE}.>", f"_gate.{NAMESPACE}"):
                await watching.tap(pattern, lambda subject, frame: place.seen.append((subject, frame)))
            yield place
            await stepper.close()
        for host in hosts:
            await host.stop()
            await host._link.synapse.close()
        await asking.close()
        await watching.close()


@pytest.fixture
def on_the_floor() -> Callable[..., Any]:
    """`async with on_the_floor(ada=0.4, bob=0.2) as floor`: bidders by name and price."""
    return floor
