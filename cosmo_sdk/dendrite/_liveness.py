"""Presence: REGISTER, HEARTBEAT, DEREGISTER, DISCOVER, and the registry as a mirror of them (PROTOCOL 6.5-6.7)."""

from __future__ import annotations

import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from cosmo_sdk.axon import Axon
from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._reading import listed_capabilities, role_of, texts
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import RegistryRequired, SynapseError
from cosmo_sdk.ids import Ids
from cosmo_sdk.registry.base import NeuronRecord, RegistryStore
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.delivery import Delivery

logger = logging.getLogger("cosmo_sdk.dendrite")

DISCOVER_JITTER_S = 0.1
"""Answers to a DISCOVER are spread over this long, so that hosts do not all speak at once."""

REMEMBERED = 65_536
"""Participants whose capabilities are remembered."""


class Liveness:
    """Says who lives here, and keeps the registry store true to what the bus says.

    Args:
        refresh: told of every change with a reason and the participant.
    """

    def __init__(
        self,
        link: Link,
        hosting: Hosting,
        memory: Memory,
        store: RegistryStore | None,
        refresh: Callable[[str, str | None], Any],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._hosting = hosting
        self._memory = memory
        self._store = store
        self._refresh = refresh
        self._clock = clock
        self._ids = ids
        self._capabilities: OrderedDict[str, set[str]] = OrderedDict()
        self._mirroring: Delivery | None = None
        self._dropped_before = 0

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
        for registration in self._memory.registrations():
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
        for registration in self._memory.registrations():
            if reregister:
                await self._link.publish(registration)
            if registration.neuron is not None:
                await self._beat_for(registration.neuron)
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
            for registration in self._memory.registrations()
            if wanted in (None, registration.neuron)
            and set(needed) <= set(texts(registration.payload.get("capabilities")))
        ]
        if not answers:
            return
        await self._clock.sleep(random.uniform(0, DISCOVER_JITTER_S))
        for answer in answers:
            await self._link.publish(answer)

    # -- hearing who lives elsewhere

    def hear(self, signal: Signal) -> None:
        """A REGISTER, HEARTBEAT or DEREGISTER arrived: remember who can do what, and bring the store up to date."""
        who = signal.neuron
        if who is None:
            return
        if signal.type is SignalType.REGISTER:
            self._capabilities[who] = set(listed_capabilities(signal))
            if len(self._capabilities) > REMEMBERED:
                self._capabilities.popitem(last=False)
        elif signal.type is SignalType.DEREGISTER:
            self._capabilities.pop(who, None)
        if self._store is not None:
            if self._mirroring is None:
                # One at a time: a DEREGISTER must not overtake its REGISTER on the way to the disk.
                self._mirroring = Delivery(self._mirror, "the registry", concurrency=1)
            self._mirroring.push(signal)

    async def stop(self) -> None:
        """Give up what has not reached the store yet."""
        mirroring, self._mirroring = self._mirroring, None
        if mirroring is not None:
            self._dropped_before += mirroring.dropped + mirroring.waiting
            await mirroring.close()

    @property
    def dropped(self) -> int:
        """Signals of presence that never reached the store, because it could not keep up or this Dendrite stopped."""
        return self._dropped_before + (0 if self._mirroring is None else self._mirroring.dropped)

    def capabilities_of(self, neuron_id: str) -> set[str]:
        """What a participant can do, as far as is known here."""
        axon = self._hosting.axon(neuron_id)
        return set(axon.capabilities) if axon is not None else self._capabilities.get(neuron_id, set())

    async def _mirror(self, signal: Signal) -> None:
        store, who = self._store, signal.neuron
        if store is None or who is None:
            return
        # Silence is measured on our own clock: a participant whose clock is wrong is no less alive.
        now = self._clock.now()
        if signal.type is SignalType.REGISTER:
            await store.upsert(_record(signal, now))
            await self._refresh("register", who)
        elif signal.type is SignalType.DEREGISTER:
            await store.mark_deregistered(who)
            await self._refresh("deregister", who)
        else:
            status = signal.payload.get("status")
            await store.touch_heartbeat(who, now, status if isinstance(status, str) else None)
            await self._refresh("heartbeat", who)

    async def sweep(self, stale_after_s: float) -> None:
        """Mark whoever has been silent for too long as stale."""
        if self._store is None:
            return
        now = self._clock.now()
        for record in await self._store.list():
            if record.neuron_id in self._hosting.axons or record.neuron_id in self._memory.engrams:
                continue
            if now - record.last_seen > timedelta(seconds=stale_after_s):
                await self._store.mark_stale(record.neuron_id, now)
                await self._refresh("stale", record.neuron_id)

    # -- reading the registry

    async def find_neurons(self, *, capability: str | None = None) -> list[NeuronRecord]:
        """Participants to be reckoned with: neither deregistered nor silent for too long.

        Args:
            capability: only those that have it.

        Raises:
            RegistryRequired: this Dendrite has no registry_store (also a RuntimeError).
        """
        return await self._reading("find_neurons").list(capability=capability)

    async def registry_snapshot(
        self, *, capability: str | None = None, include_deregistered: bool = False
    ) -> list[NeuronRecord]:
        """The registry at this moment.

        Args:
            capability: only those that have it.
            include_deregistered: also those that left or fell silent.

        Raises:
            RegistryRequired: this Dendrite has no registry_store (also a RuntimeError).
        """
        store = self._reading("registry_snapshot")
        return await store.list(capability=capability, include_deregistered=include_deregistered)

    # -- inside

    def _reading(self, operation: str) -> RegistryStore:
        if self._store is None:
            raise RegistryRequired(operation)
        return self._store

    async def _beat_for(self, neuron_id: str) -> None:
        await self._link.publish(self._signal(SignalType.HEARTBEAT, Directed(id=neuron_id), {"status": "ok"}))
        if self._store is not None:
            await self._store.touch_heartbeat(neuron_id, self._clock.now(), "ok")

    def _registration(self, axon: Axon) -> Signal:
        payload: dict[str, Any] = {"role": "neuron", "capabilities": list(axon.capabilities)}
        if axon.version is not None:
            payload["version"] = axon.version
        directed = Directed(id=axon.neuron_id, type=axon.neuron_kind, capabilities=list(axon.capabilities))
        signal = self._signal(SignalType.REGISTER, directed, payload)
        if axon.catch_all:
            signal.meta["catch_all"] = True
        return signal

    def _record_of(self, axon: Axon) -> NeuronRecord:
        return NeuronRecord(
            axon.neuron_id,
            capabilities=list(axon.capabilities),
            version=axon.version,
            last_heartbeat=self._clock.now(),
            kind=axon.neuron_kind,
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


def _record(signal: Signal, now: datetime) -> NeuronRecord:
    version, role = signal.payload.get("version"), role_of(signal)
    return NeuronRecord(
        signal.neuron or "",
        capabilities=listed_capabilities(signal),
        version=version if isinstance(version, str) else None,
        last_heartbeat=now,
        registered_at=now,
        role=role,
        kind=(signal.directed.type if signal.directed is not None else None) or role,
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
