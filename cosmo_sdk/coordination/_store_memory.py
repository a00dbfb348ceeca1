"""A store in one process's memory. Values are kept encoded, so no two callers share one."""

from __future__ import annotations

import builtins
from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cosmo_sdk.coordination import _codec
from cosmo_sdk.coordination._codec import Index
from cosmo_sdk.coordination._event_log import EventLog, pack
from cosmo_sdk.coordination._locks import ForkedLock
from cosmo_sdk.coordination._store_base import Amend, Amendment, BaseStore, Order, Row, numbered
from cosmo_sdk.coordination.clock import Clock
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.models import ENDED_STATES
from cosmo_sdk.ids import ULIDS


@dataclass(frozen=True, slots=True)
class _Row:
    data: bytes
    version: int
    index: Index
    updated_ms: int


class MemoryStore(BaseStore):
    """A store for one process.

    Args:
        clock: what `now_ms` reads; see `BaseStore`.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.store_id = ULIDS.next()
        self._lock = ForkedLock()
        self._rows: dict[str, _Row] = {}
        self._queues: dict[tuple[str, str | None], builtins.list[tuple[int, str]]] = {}
        self._seq = 0
        self._log = EventLog()

    def get_versioned(self, key: str) -> tuple[Any, int] | None:
        """See `Store`."""
        row = self._rows.get(key)
        return None if row is None else (_codec.decode(key, row.data), row.version)

    def list(self, prefix: str = "") -> builtins.list[str]:
        """See `Store`."""
        with self._lock:
            return sorted(key for key in self._rows if key.startswith(prefix))

    def commit(
        self,
        key: str,
        expected: int,
        value: Any | None,
        *,
        index: Index | None = None,
        events: Sequence[Event] = (),
    ) -> int | None:
        """See `Store`."""
        packed = pack(events)
        with self._lock:
            row = self._rows.get(key)
            if (0 if row is None else row.version) != expected:
                return None
            new = None
            if value is not None:
                index = numbered(value, index, self._next_seq)
                new = _Row(_codec.encode(value), expected + 1, index, self.now_ms())
            self._replace(key, row, new)
            self._log.append(packed)
            return 0 if new is None else new.version

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _replace(self, key: str, old: _Row | None, new: _Row | None) -> None:
        if old is not None:
            queue = self._queues[old.index.kind, old.index.state]
            del queue[bisect_left(queue, (-(old.index.priority or 0), key))]
            del self._rows[key]
        if new is not None:
            queue = self._queues.setdefault((new.index.kind, new.index.state), [])
            insort(queue, (-(new.index.priority or 0), key))
            self._rows[key] = new

    def scan(
        self, kind: str, *, state: str | None = None, order: Order = "seq", limit: int | None = None
    ) -> Iterator[Row]:
        """See `Store`."""
        with self._lock:
            queues = [
                queue
                for (of_kind, of_state), queue in self._queues.items()
                if of_kind == kind and state in (None, of_state)
            ]
            places = sorted(place for queue in queues for place in queue) if len(queues) > 1 else []
            keys = [key for _, key in places or (queues[0] if queues else [])]
            rows = [(key, self._rows[key]) for key in keys]
        if order == "seq":
            rows.sort(key=lambda each: (each[1].index.seq or 0, each[0]))
        return ((key, _codec.decode(key, row.data), row.version) for key, row in rows[:limit])

    def news(self, kind: str, known: Mapping[str, int]) -> Iterator[tuple[str, Any | None, int]]:
        """See `BaseStore`."""
        with self._lock:
            rows = [(key, row) for key, row in self._rows.items() if row.index.kind == kind]
        return (
            (key, None if known.get(key) == row.version else _codec.decode(key, row.data, kind), row.version)
            for key, row in rows
        )

    def unended(self, over: Collection[str]) -> tuple[int, Iterator[Row]]:
        """See `BaseStore`."""
        with self._lock:
            revision = self._log.revision
            rows = [(key, row) for key, row in self._rows.items() if row.index.state not in over]
        return revision, ((key, _codec.decode(key, row.data), row.version) for key, row in rows)

    def leased(self, kind: str) -> Iterator[Row]:
        """See `BaseStore`."""
        with self._lock:
            rows = [
                (row.index.seq or 0, key, row)
                for key, row in self._rows.items()
                if row.index.kind == kind and row.index.lease_ms is not None
            ]
        rows.sort(key=lambda each: each[:2])
        return ((key, _codec.decode(key, row.data), row.version) for _, key, row in rows)

    def amend_first(self, kind: str, *, state: str, amend: Amend) -> Amendment | None:
        """See `BaseStore`."""
        with self._lock:
            for _, key in self._queues.get((kind, state), ()):
                row = self._rows[key]
                amendment = amend(key, _codec.decode(key, row.data), row.version)
                if amendment is not None:
                    self.commit(key, row.version, amendment.value, events=amendment.events)
                    return amendment
        return None

    def events(self, after: int, limit: int = 500) -> builtins.list[tuple[int, Event]]:
        """See `Store`."""
        with self._lock:
            return self._log.after(after, limit)

    def revision(self) -> int:
        """See `BaseStore`."""
        return self._log.revision

    @property
    def events_dropped(self) -> int:
        """Events forgotten because there were too many, before anybody had published them."""
        return self._log.dropped

    def changed(self) -> bool:
        """False: nobody else can write here."""
        return False

    def mark_published(self, through: int) -> None:
        """See `BaseStore`."""
        with self._lock:
            self._log.published = max(self._log.published, through)

    def published_through(self) -> int:
        """See `BaseStore`."""
        return self._log.published

    def prune(
        self,
        *,
        events_before_ms: int | None = None,
        tasks_before_ms: int | None = None,
        unpublished: bool = False,
    ) -> int:
        """See `BaseStore`."""
        gone = 0
        with self._lock:
            if events_before_ms is not None:
                gone += self._log.prune(events_before_ms, unpublished=unpublished)
            if tasks_before_ms is not None:
                old = [
                    (key, row)
                    for key, row in self._rows.items()
                    if row.index.kind == "task"
                    and row.index.state in ENDED_STATES
                    and row.updated_ms < tasks_before_ms
                ]
                for key, row in old:
                    self._replace(key, row, None)
                gone += len(old)
        return gone

    def close(self) -> None:
        """Nothing to let go of."""
