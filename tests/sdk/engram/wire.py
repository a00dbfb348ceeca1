"""A bus of one namespace with memories on it, and memories that fail or wait as a test wants."""

from __future__ import annotations

import asyncio

from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.engram import Engram, InMemoryEngram
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import MemorySynapse

REQUESTS = {SignalType.RECALL, SignalType.IMPRINT}
ANSWERS = {SignalType.RECALLED, SignalType.IMPRINTED}


class Wire:
    """A namespace on a synapse, as a Dendrite's link has it, with a note of everything that was published."""

    def __init__(self):
        self.synapse = MemorySynapse(strict=True)
        self.signals = []
        self.memories = []
        self.sent = asyncio.Condition()

    async def publish(self, signal):
        await self.synapse.publish(f"cosmonapse.test.{signal.type}", signal)
        self.signals.append(signal)
        async with self.sent:
            self.sent.notify_all()

    async def connect(self, memory):
        self.memories.append(memory)
        for types, reaction in ((REQUESTS, memory.serve), (ANSWERS, memory.deliver)):
            for each in types:
                await self.synapse.subscribe(f"cosmonapse.test.{each}", reaction)

    def of(self, type):
        return [signal for signal in self.signals if signal.type is type]

    async def until(self, type, count=1):
        async with self.sent:
            await self.sent.wait_for(lambda: len(self.of(type)) >= count)
        return self.of(type)


async def join(wire, *engrams, **options):
    memory = Memory(wire, "d1", **options)
    for engram in engrams:
        memory.attach_engram(engram)
    await memory.start()
    await wire.connect(memory)
    return memory


class Broken(Engram):
    """Fails at everything, with what it is given."""

    engram_id = "broken"
    engram_kind = "keyvalue"

    def __init__(self, error):
        self.error = error

    async def connect(self):
        raise self.error

    async def close(self):
        raise self.error

    async def recall(self, query, **_):
        raise self.error

    async def imprint(self, op, entry, **_):
        raise self.error

    async def compensate(self, trace_id):
        raise self.error


class Gated(InMemoryEngram):
    """Writes only while its gate is open."""

    def __init__(self, **options):
        super().__init__(**options)
        self.gate = asyncio.Event()
        self.entered = asyncio.Event()

    async def imprint(self, op, entry, **options):
        self.entered.set()
        await self.gate.wait()
        return await super().imprint(op, entry, **options)


async def write(asker, trace_id):
    receipt = await asker.imprint(
        engram_id="mem", op="append", entry={"content": trace_id}, trace_id=trace_id, await_ack=True
    )
    assert receipt.ok


async def known(asker):
    return sorted(hit.entry["content"] for hit in await asker.recall(engram_id="mem", query={}))
