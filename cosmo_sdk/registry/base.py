"""The record of a participant and the store of such records.

Status says whether a participant is one of us (registered, draining, stale, deregistered); health is what its last
heartbeat said. The rules that connect the two are functions here, so that every store has the same ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

Status = Literal["registered", "draining", "stale", "deregistered"]
"""A participant's standing."""

GONE: frozenset[str] = frozenset({"stale", "deregistered"})
"""Standings of participants that are not to be reckoned with."""

GONE_KEPT = 10_000
"""How many records of participants that are gone a store keeps at most when it forgets; the oldest go first."""


@dataclass
class NeuronRecord:
    """What is known of a participant: a Neuron, an Engram or an Effector."""

    neuron_id: str
    capabilities: list[str] = field(default_factory=list)
    version: str | None = None
    status: str = "registered"
    """See `Status`; other texts are kept as they are."""
    last_heartbeat: datetime | None = None
    """When it was last heard of, UTC."""
    registered_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was first heard of, UTC."""
    role: str = "neuron"
    """neuron, engram or effector."""
    kind: str = "neuron"
    """Its kind address, e.g. `keyvalue` for an Engram."""
    health: str | None = None
    """What its last heartbeat said, e.g. `ok`."""
    host: str | None = None
    """The Dendrite that hosts it, where known."""
    stale_since: datetime | None = None
    """When it was found silent, UTC."""

    @property
    def live(self) -> bool:
        """Whether it is to be reckoned with: neither deregistered nor silent for too long."""
        return self.status not in GONE

    @property
    def last_seen(self) -> datetime:
        """The last heartbeat, or the registration before the first one."""
        return self.last_heartbeat or self.registered_at

    def copy(self) -> NeuronRecord:
        """A record of its own: changing one leaves the other alone. Times without a zone are UTC."""
        return replace(
            self,
            capabilities=list(self.capabilities),
            last_heartbeat=self.last_heartbeat and aware(self.last_heartbeat),
            registered_at=aware(self.registered_at),
            stale_since=self.stale_since and aware(self.stale_since),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; times as ISO 8601."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        plain["capabilities"] = list(self.capabilities)
        for name in ("last_heartbeat", "registered_at", "stale_since"):
            moment = plain[name]
            plain[name] = None if moment is None else moment.isoformat()
        return plain


def aware(moment: datetime) -> datetime:
    """A time that compares with others: without a zone it is UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


# A name for use inside the stores, where `list` is a method.
Records = list[NeuronRecord]


def registered(known: NeuronRecord | None, news: NeuronRecord) -> NeuronRecord:
    """What a REGISTER makes of a record. What it does not tell (health, host) stays known."""
    if known is None:
        return news.copy()
    return replace(
        news.copy(),
        registered_at=known.registered_at,
        last_heartbeat=_later(known.last_heartbeat, news.last_heartbeat),
        health=known.health if news.health is None else news.health,
        host=known.host if news.host is None else news.host,
    )


def heard_from(
    known: NeuronRecord | None, neuron_id: str, ts: datetime, health: str | None
) -> NeuronRecord | None:
    """What a HEARTBEAT makes of a record, or None when it changes nothing.

    A heartbeat wakes a stale record, and never resurrects a deregistered one: that takes a REGISTER.
    """
    ts = aware(ts)
    if known is None:
        return NeuronRecord(neuron_id, last_heartbeat=ts, registered_at=ts, health=health)
    if known.status == "deregistered":
        return None
    woken = known.status == "stale"
    return replace(
        known,
        status="registered" if woken else known.status,
        stale_since=None if woken else known.stale_since,
        last_heartbeat=_later(known.last_heartbeat, ts),
        health=known.health if health is None else health,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def wanted(record: NeuronRecord, capability: str | None, include_deregistered: bool) -> bool:
    """Whether `RegistryStore.list` shows a record."""
    if not include_deregistered and not record.live:
        return False
    return capability is None or capability in record.capabilities


def forgettable(records: Iterable[NeuronRecord], before: datetime, keep: int) -> Records:
    """Whom a registry need not remember: gone and last heard of before a time, or not among the last `keep` that went."""
    gone = sorted((each for each in records if not each.live), key=lambda each: aware(each.last_seen))
    surplus = max(0, len(gone) - keep)
    return [
        each for place, each in enumerate(gone) if place < surplus or aware(each.last_seen) < aware(before)
    ]


class RegistryStore(ABC):
    """Keeps records. What goes in and what comes out are copies; the store's own cannot be changed from outside."""

    @abstractmethod
    async def connect(self) -> None:
        """Get ready. Calling it again does nothing."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of resources. Calling it again does nothing."""

    @abstractmethod
    async def upsert(self, record: NeuronRecord) -> None:
        """Add a participant, or replace what is known of it; the first `registered_at` stays."""

    @abstractmethod
    async def mark_deregistered(self, neuron_id: str) -> None:
        """It left. Nothing when it is unknown."""

    async def mark_stale(self, neuron_id: str, since: datetime) -> None:
        """It has been silent for too long. Nothing when it is unknown, left, or stale already.

        A store that does not tell silence from leaving marks it as deregistered.
        """
        await self.mark_deregistered(neuron_id)

    @abstractmethod
    async def touch_heartbeat(self, neuron_id: str, ts: datetime, status: str | None = None) -> None:
        """It was heard of at `ts`.

        An unknown participant gets a thin record without capabilities; a deregistered one stays deregistered.

        Args:
            neuron_id: who.
            ts: when.
            status: what it said of its health; None when nothing.
        """

    @abstractmethod
    async def get(self, neuron_id: str) -> NeuronRecord | None:
        """One participant's record, whatever its status; None when it is unknown."""

    @abstractmethod
    async def list(self, *, capability: str | None = None, include_deregistered: bool = False) -> Records:
        """The participants to be reckoned with, in the order they were first heard of.

        Args:
            capability: only those that have it.
            include_deregistered: also those that left or fell silent.
        """

    async def forget(self, before: datetime, *, keep: int = GONE_KEPT) -> int:
        """Drop the records of participants that left or fell silent, and have not been heard of since a time.

        A store that keeps everything does nothing.

        Args:
            before: who was last heard of earlier is dropped; who takes part never is.
            keep: how many that are gone may stay at most; those heard of last stay.

        Returns:
            How many were dropped.
        """
        return 0
