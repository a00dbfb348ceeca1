"""Presence: REGISTER, HEARTBEAT, DEREGISTER and DISCOVER of whoever lives here (PROTOCOL 6.5, 6.6)."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

from cosmo_sdk.axon import Axon
from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._reading import HOST, texts
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.ids import Ids
from cosmo_sdk.registry.base import NeuronRecord, RegistryStore
from cosmo_sdk.signal_types import SignalType

logger = logging.getLogger("cosmo_sdk.dendrite")

DISCOVER_JITTER_S = 0.1
"""Answers to a DISCOVER are spread over this long, so that hosts do not all speak at once."""


class Liveness:
    """Says who lives here, on the bus and in the registry store.

    Args:
        refresh: told of every change with a reason and the participant.
        host: the name of this Dendrite, which every REGISTER carries.
    """

    def __init__(
        self,
        link: Link,
        hosting: Hosting,
        memory: Memory,
        store: RegistryStore | None,
        refresh: Callable[[str, str | None], Any],
        host: Callable[[], str],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._hosting = hosting
        self._memory = memory
        self._store = store
        self._refresh = refresh
        self._host = host
        self._clock = clock
        self._ids = ids

    # -- saying who lives here

    async def announce(self, axon: Axon) -> None:
        """REGISTER an Axon, here and on the bus."""
        await self._link.publish(self._registration(axon))
        if self._store is not None:
            await self._store.upsert(self._record_of(axon))

    async def announce_all(self) -> None:
        """REGISTER everybody who lives here."""
        for axon in self._hosting.serving:
            await self.announce(axon)
        for registration in self._engram_registrations():
            await self._link.publish(registration)

    async def leave(self, neuron_id: str, reason: str | None, *, running: int = 0) -> None:
        """DEREGISTER a participant, here and on the bus.

        Args:
            neuron_id: who.
            reason: said in the DEREGISTER.
            running: tasks it will still answer; said too, so that nobody takes them for lost.
        """
        said = {"reason": reason} if reason else {}
        goodbye = self._signal(SignalType.DEREGISTER, Directed(id=neuron_id), said)
        goodbye.meta["cosmo.instance"] = self._link.instance
        if running:
            goodbye.meta["cosmo.running"] = running
        try:
            await self._link.publish(goodbye)
        finally:
            if self._store is not None:
                await self._store.mark_deregistered(neuron_id)

    async def beat(self, *, reregister: bool) -> None:
        """One heartbeat for everybody who lives here."""
        for axon in self._hosting.serving:
            if reregister:
                await self._link.publish(self._registration(axon))
            await self._beat_for(axon.neuron_id)
            await axon.refresh(reason="heartbeat", neuron_id=axon.neuron_id)
        for registration in self._engram_registrations():
            if reregister:
                await self._link.publish(registration)
            if registration.neuron is not None:
                await self._beat_for(registration.neuron, self._memory.health_of(registration.neuron))
        await self._refresh("heartbeat", None)

    async def discover(self) -> None:
        """Ask everybody on the namespace to REGISTER again."""
        await self._link.publish(self._signal(SignalType.DISCOVER, None, {}))

    async def respond_to_discover(self, signal: Signal) -> None:
        """REGISTER whoever lives here and matches the filters of a DISCOVER, after a random pause of up to 100 ms."""
        wanted = signal.payload.get("neuron")
        needed = texts(signal.payload.get("capabilities"))
        answers = [
            self._registration(axon)
            for axon in self._hosting.serving
            if wanted in (None, axon.neuron_id) and axon.covers(needed)
        ]
        answers += [
            registration
            for registration in self._engram_registrations()
            if wanted in (None, registration.neuron)
            and set(needed) <= set(texts(registration.payload.get("capabilities")))
        ]
        if not answers:
            return
        await self._clock.sleep(random.uniform(0, DISCOVER_JITTER_S))
        for answer in answers:
            await self._link.publish(answer)

    # -- inside

    async def _beat_for(self, neuron_id: str, health: str = "ok") -> None:
        beat = self._signal(SignalType.HEARTBEAT, Directed(id=neuron_id), {"status": health})
        await self._link.publish(beat)
        if self._store is not None:
            await self._store.touch_heartbeat(neuron_id, self._clock.now(), health)

    def _registration(self, axon: Axon) -> Signal:
        payload: dict[str, Any] = {"role": "neuron", "capabilities": list(axon.capabilities)}
        if axon.version is not None:
            payload["version"] = axon.version
        directed = Directed(id=axon.neuron_id, type=axon.neuron_kind, capabilities=list(axon.capabilities))
        signal = self._signal(SignalType.REGISTER, directed, payload)
        if axon.catch_all:
            signal.meta["catch_all"] = True
        return self._signed(signal)

    def _engram_registrations(self) -> list[Signal]:
        return [self._signed(registration) for registration in self._memory.registrations()]

    def _signed(self, registration: Signal) -> Signal:
        registration.meta[HOST] = self._host()
        return registration

    def _record_of(self, axon: Axon) -> NeuronRecord:
        return NeuronRecord(
            axon.neuron_id,
            capabilities=list(axon.capabilities),
            version=axon.version,
            last_heartbeat=self._clock.now(),
            kind=axon.neuron_kind,
            host=self._host(),
        )

    def _signal(self, type: SignalType, directed: Directed | None, payload: dict[str, Any]) -> Signal:
        return Signal(
            id=self._ids.event(),
            trace_id=self._ids.trace(),
            type=type,
            directed=directed,
            ts=self._clock.now(),
            payload=payload,
        )


async def best_effort(what: str, *steps: Callable[[], Awaitable[Any]]) -> None:
    """Do each step; one that fails is logged, and the others are done all the same."""
    for step in steps:
        try:
            await step()
        except SynapseError as error:
            logger.info("%s: %s", what, error)
        except Exception:
            logger.exception("%s failed", what)
