"""Everything one test needs: a bus, a scripted synapse, Dendrites on them, and that all of it ends with the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack
from typing import Any

from cosmo_sdk.axon import Axon
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.dendrite._liveness import DISCOVER_JITTER_S
from cosmo_sdk.engram.base import Engram
from cosmo_sdk.synapse.base import FrameHandler, Synapse
from cosmo_sdk.synapse.dev import DevSynapse
from cosmo_sdk.testing.bus import BusInThread
from cosmo_sdk.testing.clock import ManualClock
from cosmo_sdk.testing.synapse import ScriptedSynapse

SHOWN = 40
"""Signals shown of each bus under a failing test."""


class Stage:
    """What the fixtures of the pytest plugin hand out, made when first asked for.

    Args:
        on_frame: called with every frame that crosses a bus of this stage, from any thread.
    """

    def __init__(self, on_frame: FrameHandler | None = None) -> None:
        self.clock = ManualClock()
        """The time of the scripted synapse."""
        self._on_frame = on_frame
        self._bus: BusInThread | None = None
        self._synapse: ScriptedSynapse | None = None
        self._stack = AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._guard: AsyncGenerator[None] | None = None

    @property
    def bus(self) -> BusInThread:
        """A real bus."""
        if self._bus is None:
            self._bus = BusInThread(on_frame=self._on_frame)
        return self._bus

    @property
    def synapse(self) -> ScriptedSynapse:
        """A scripted synapse on the manual clock."""
        if self._synapse is None:
            self._synapse = ScriptedSynapse(clock=self.clock, on_frame=self._on_frame)
        return self._synapse

    async def dendrite(
        self,
        dendrite_id: str = "dendrite",
        *,
        axons: Iterable[Axon] = (),
        engrams: Iterable[Engram] = (),
        synapse: Synapse | None = None,
        **options: Any,
    ) -> Dendrite:
        """A started Dendrite, stopped when the test is over.

        Args:
            dendrite_id: its name.
            axons: attached before it starts.
            engrams: attached before it starts.
            synapse: where it lives; a connection of its own to the bus of this test when left out. On a scripted
                synapse it shares the clock. What crosses a synapse of your own making is neither shown nor recorded.
            options: as for `Dendrite`; without heartbeats unless `heartbeat_s` is given.
        """
        await self._watch_loop()
        if synapse is None:
            synapse = DevSynapse(self.bus.url)
            self._stack.push_async_callback(synapse.close)
        elif isinstance(synapse, ScriptedSynapse):
            options.setdefault("clock", synapse.clock)
        options.setdefault("heartbeat_s", 0)
        dendrite = Dendrite(synapse=synapse, dendrite_id=dendrite_id, **options)
        for axon in axons:
            dendrite.attach_axon(axon)
        for engram in engrams:
            dendrite.attach_engram(engram)
        return await self._stack.enter_async_context(dendrite)

    async def leave(self) -> None:
        """Stop every Dendrite, the latest first, and close their synapses. What was handed out first goes last."""
        guard, self._guard = self._guard, None
        self._loop = None
        if self._synapse is not None:
            # Hosts that still mean to answer a DISCOVER would be waited for, on a clock that nobody moves any more.
            await self.clock.advance(DISCOVER_JITTER_S)
        await self._stack.aclose()
        if self._synapse is not None:
            await self._synapse.close()
        if guard is not None:
            await guard.aclose()

    def close(self) -> None:
        """End what is left, with the loop that ran it if there still is one, and close the bus."""
        loop = self._loop
        # It was left unless the test never ran. A loop that is closed has asked the guard; one that stands still has not.
        if loop is not None and not loop.is_closed() and not loop.is_running():
            loop.run_until_complete(self.leave())
        if self._bus is not None:
            self._bus.close()

    async def _watch_loop(self) -> None:
        """Leave when the loop ends, should nobody have done it before: a fixture may fail once it has Dendrites."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            # A loop that ends closes the generators that began on it.
            self._guard = self._leave_in_the_end()
            await anext(self._guard)

    async def _leave_in_the_end(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._guard = None
            await self.leave()

    def summary(self) -> str:
        """The end of what crossed each bus as trees; empty when there was none."""
        crossed = [each.transcript for each in (self._bus, self._synapse) if each is not None]
        return "\n\n".join(transcript.tree(limit=SHOWN) for transcript in crossed if len(transcript))
