"""A bus, its participants, and a list of everything that crossed it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from cosmo_sdk import Axon, Dendrite, MemorySynapse, Signal, SignalType
from cosmo_sdk.testing import FixedIds, ManualClock, settle


class Room:
    """Dendrites on one MemorySynapse with a clock of their own."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.clock = ManualClock()
        self.synapse = MemorySynapse()
        self.ids = FixedIds()
        self.seen: list[Signal] = []
        self.subjects: list[str] = []
        self._stack = stack

    def note(self, subject: str, frame: bytes) -> None:
        self.seen.append(Signal.decode(frame))
        self.subjects.append(subject)

    def of(self, *types: SignalType) -> list[Signal]:
        return [signal for signal in self.seen if signal.type in types]

    def kinds(self, trace_id: str) -> list[str]:
        return [str(signal.type) for signal in self.seen if signal.trace_id == trace_id]

    async def dendrite(self, dendrite_id: str = "orchestrator", **options: Any) -> Dendrite:
        """A started Dendrite; options as for the constructor, `axons=` attached before."""
        axons = options.pop("axons", ())
        engrams = options.pop("engrams", ())
        options.setdefault("heartbeat_s", 0)
        dendrite = Dendrite(
            synapse=self.synapse,
            namespace="room",
            dendrite_id=dendrite_id,
            clock=self.clock,
            ids=self.ids,
            **options,
        )
        for axon in axons:
            dendrite.attach_axon(axon)
        for engram in engrams:
            dendrite.attach_engram(engram)
        await self._stack.enter_async_context(dendrite)
        return dendrite

    async def worker(
        self, neuron_id: str, fn: Callable[..., Any], *capabilities: str, **options: Any
    ) -> Dendrite:
        """A started worker with one Axon."""
        axon = Axon(neuron_id=neuron_id, neuron_fn=fn, capabilities=capabilities, clock=self.clock)
        return await self.dendrite(f"host-of-{neuron_id}", role="worker", axons=[axon], **options)

    async def bidder(
        self, neuron_id: str, fn: Callable[..., Any], options: dict[str, Any] | None = None, **terms: Any
    ) -> Dendrite:
        """A worker for `summarize` that bids these terms on every offer; options as for the Dendrite."""
        worker = await self.worker(neuron_id, fn, "summarize", **(options or {}))

        @worker.on_task_offer(capability="summarize")
        async def respond(offer: Signal) -> None:
            await worker.bid(offer, neuron=neuron_id, **terms)

        await settle()
        return worker


@asynccontextmanager
async def open_room() -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        room = Room(stack)
        await room.synapse.tap("cosmonapse.>", room.note)
        yield room
    await room.synapse.close()
