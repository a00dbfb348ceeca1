"""A registry in this process."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cosmo_sdk.registry.base import (
    GONE,
    GONE_KEPT,
    NeuronRecord,
    Records,
    RegistryStore,
    aware,
    forgettable,
    heard_from,
    registered,
    wanted,
)


class MemoryRegistryStore(RegistryStore):
    """Records in a dict. They outlive `close`, and end with the store."""

    def __init__(self) -> None:
        self._records: dict[str, NeuronRecord] = {}

    async def connect(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""

    async def upsert(self, record: NeuronRecord) -> None:
        """Add a participant, or replace what is known of it."""
        self._records[record.neuron_id] = registered(self._records.get(record.neuron_id), record)

    async def mark_deregistered(self, neuron_id: str) -> None:
        """It left."""
        known = self._records.get(neuron_id)
        if known is not None:
            self._records[neuron_id] = replace(known, status="deregistered")

    async def mark_stale(self, neuron_id: str, since: datetime) -> None:
        """It has been silent for too long."""
        known = self._records.get(neuron_id)
        if known is not None and known.status not in GONE:
            self._records[neuron_id] = replace(known, status="stale", stale_since=aware(since))

    async def touch_heartbeat(self, neuron_id: str, ts: datetime, status: str | None = None) -> None:
        """It was heard of at `ts`."""
        record = heard_from(self._records.get(neuron_id), neuron_id, ts, status)
        if record is not None:
            self._records[neuron_id] = record

    async def get(self, neuron_id: str) -> NeuronRecord | None:
        """One participant's record."""
        known = self._records.get(neuron_id)
        return None if known is None else known.copy()

    async def list(self, *, capability: str | None = None, include_deregistered: bool = False) -> Records:
        """The participants to be reckoned with."""
        return [
            record.copy()
            for record in self._records.values()
            if wanted(record, capability, include_deregistered)
        ]

    async def forget(self, before: datetime, *, keep: int = GONE_KEPT) -> int:
        """Drop who has been gone for long."""
        dropped = forgettable(self._records.values(), before, keep)
        for record in dropped:
            del self._records[record.neuron_id]
        return len(dropped)
