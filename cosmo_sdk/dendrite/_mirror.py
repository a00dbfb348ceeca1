"""The registry as a mirror of what the bus says about who is there (PROTOCOL 6.7)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._reading import HOST, listed_capabilities, role_of
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import RegistryRequired
from cosmo_sdk.registry.base import NeuronRecord, RegistryStore
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.delivery import Delivery

REMEMBERED = 65_536
"""Participants whose capabilities are remembered."""

FORGOTTEN_AFTER_S = 86_400.0
"""How long after it was last heard of the registry still knows of a participant that is gone, seconds."""

FORGETTING_EVERY_S = 600.0
"""How often it is looked for those, seconds."""


class Mirror:
    """Keeps the registry store true to what the bus says, and reads it.

    Args:
        hosting: who lives here.
        memory: what else lives here.
        store: the registry, if there is one.
        refresh: told of every change with a reason and the participant.
        clock: dates what is heard.
    """

    def __init__(
        self,
        hosting: Hosting,
        memory: Memory,
        store: RegistryStore | None,
        refresh: Callable[[str, str | None], Any],
        clock: Clock,
    ) -> None:
        self._hosting = hosting
        self._memory = memory
        self._store = store
        self._refresh = refresh
        self._clock = clock
        self._capabilities: OrderedDict[str, set[str]] = OrderedDict()
        self._mirroring: Delivery | None = None
        self._dropped_before = 0
        self._forget_at = clock.monotonic()

    # -- hearing who is there

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

    async def stop(self, gone: Sequence[str] = ()) -> None:
        """Give up what has not reached the store yet.

        Args:
            gone: who lived here. What they said before they left may have reached the store only now: the last word is
                that they left.
        """
        mirroring, self._mirroring = self._mirroring, None
        if mirroring is None or self._store is None:
            return
        self._dropped_before += mirroring.dropped + mirroring.waiting
        await mirroring.close()
        for neuron_id in gone:
            await self._store.mark_deregistered(neuron_id)

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
        """Mark whoever has been silent for too long as stale, and forget who has been gone for long.

        Args:
            stale_after_s: the silence that is too long, seconds; 0: none is.
        """
        if self._store is None:
            return
        if stale_after_s > 0:
            await self._mark_silent(self._store, stale_after_s)
        if self._clock.monotonic() >= self._forget_at:
            self._forget_at = self._clock.monotonic() + FORGETTING_EVERY_S
            await self._store.forget(self._clock.now() - timedelta(seconds=FORGOTTEN_AFTER_S))

    async def _mark_silent(self, store: RegistryStore, stale_after_s: float) -> None:
        now = self._clock.now()
        for record in await store.list():
            if record.neuron_id in self._hosting.axons or record.neuron_id in self._memory.engrams:
                continue
            if record.role != "neuron" and record.health is None:
                # Released peers' memories and tools register once and never send a heartbeat (PROTOCOL 6.5).
                continue
            if now - record.last_seen > timedelta(seconds=stale_after_s):
                await store.mark_stale(record.neuron_id, now)
                await self._refresh("stale", record.neuron_id)

    # -- reading the registry

    async def find_neurons(
        self,
        *,
        capability: str | None = None,
        max_age_s: float | None = None,
        role: str | None = "neuron",
    ) -> list[NeuronRecord]:
        """Neurons to be reckoned with: neither deregistered nor silent for too long.

        Args:
            capability: only those that have it.
            max_age_s: only those that were heard of within so many seconds.
            role: `engram` or `effector` instead, or None for all.

        Raises:
            RegistryRequired: this Dendrite has no registry_store (also a RuntimeError).
        """
        records = await self._reading("find_neurons").list(capability=capability)
        return [record for record in self._fresh(records, max_age_s) if role in (None, record.role)]

    async def engrams_of(self, kind: str) -> frozenset[str]:
        """The registered memories of a kind; none without a store."""
        if self._store is None:
            return frozenset()
        records = await self._store.list()
        return frozenset(each.neuron_id for each in records if each.role == "engram" and each.kind == kind)

    async def memories(self) -> frozenset[str] | None:
        """All registered memories; None without a store."""
        if self._store is None:
            return None
        return frozenset(each.neuron_id for each in await self._store.list() if each.role == "engram")

    async def registry_snapshot(
        self,
        *,
        capability: str | None = None,
        include_deregistered: bool = False,
        max_age_s: float | None = None,
    ) -> list[NeuronRecord]:
        """The registry at this moment: Neurons, Engrams and Effectors.

        Args:
            capability: only those that have it.
            include_deregistered: also those that left or fell silent.
            max_age_s: only those that were heard of within so many seconds.

        Raises:
            RegistryRequired: this Dendrite has no registry_store (also a RuntimeError).
        """
        store = self._reading("registry_snapshot")
        records = await store.list(capability=capability, include_deregistered=include_deregistered)
        return self._fresh(records, max_age_s)

    def _fresh(self, records: list[NeuronRecord], max_age_s: float | None) -> list[NeuronRecord]:
        if max_age_s is None:
            return records
        since = self._clock.now() - timedelta(seconds=max_age_s)
        return [record for record in records if record.last_seen >= since]

    def _reading(self, operation: str) -> RegistryStore:
        if self._store is None:
            raise RegistryRequired(operation)
        return self._store


def _record(signal: Signal, now: datetime) -> NeuronRecord:
    version, role, host = signal.payload.get("version"), role_of(signal), signal.meta.get(HOST)
    return NeuronRecord(
        signal.neuron or "",
        capabilities=listed_capabilities(signal),
        version=version if isinstance(version, str) else None,
        last_heartbeat=now,
        registered_at=now,
        role=role,
        kind=(signal.directed.type if signal.directed is not None else None) or role,
        host=host if isinstance(host, str) else None,
    )
