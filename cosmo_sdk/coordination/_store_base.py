"""The protocol of stores, and what those of this package share."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from cosmo_sdk.coordination._codec import NEXT_SEQ, Index, index_of
from cosmo_sdk.coordination.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.coordination.events import Event

Order: TypeAlias = Literal["seq", "priority"]
"""Of a scan: as submitted, or the largest priority first; then by key."""

Row: TypeAlias = tuple[str, Any, int]
"""A key, its value and its version."""


@runtime_checkable
class Store(Protocol):
    """What a manager needs. Values are records of this package or JSON; each `get` returns a fresh one."""

    def put(self, key: str, value: Any) -> None:
        """Write a value, whatever was there."""
        ...

    def get(self, key: str) -> Any | None:
        """The value; None where there is none.

        Raises:
            StoreCorruptError: what is there cannot be read.
        """
        ...

    def delete(self, key: str) -> None:
        """Forget a key. An unknown one is no error."""
        ...

    def list(self, prefix: str = "") -> list[str]:
        """The keys that begin with exactly these characters, ascending."""
        ...

    def put_if_absent(self, key: str, value: Any) -> bool:
        """Write a value if the key has none, as one step. Whether it did."""
        ...

    def get_versioned(self, key: str) -> tuple[Any, int] | None:
        """The value and its version, which starts at 1."""
        ...

    def commit(
        self,
        key: str,
        expected: int,
        value: Any | None,
        *,
        index: Index | None = None,
        events: Sequence[Event] = (),
    ) -> int | None:
        """Write a value if the key still has a version, together with events, as one step.

        Args:
            key: the record.
            expected: the version that was read; 0 where there was none.
            value: the new value; None deletes.
            index: what the record can be found by; taken from the record unless given.
            events: what tells of it.

        Returns:
            The new version, 0 after a deletion; None when the key has another version by now, and nothing was written.

        Raises:
            StoreBusyError: the store did not come to it in time; nothing was written.
        """
        ...

    def scan(
        self, kind: str, *, state: str | None = None, order: Order = "seq", limit: int | None = None
    ) -> Iterator[Row]:
        """The records of a kind, of one state if that is given."""
        ...

    def events(self, after: int, limit: int = 500) -> builtins.list[tuple[int, Event]]:
        """The next events after a revision, ascending. A later one is never visible before an earlier one."""
        ...

    def changed(self) -> bool:
        """Whether somebody else may have written since this thread last asked. A cheap hint."""
        ...

    def now_ms(self) -> int:
        """The time that leases and deadlines in records are measured by, epoch milliseconds."""
        ...

    def close(self) -> None:
        """Let go of files and connections. The next call opens them again."""
        ...


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change to a record that a store has just read."""

    value: Any
    events: Sequence[Event] = ()


Amend: TypeAlias = Callable[[str, Any, int], Amendment | None]
"""Gets a key, its value and its version, and returns what to write; None passes this record by."""


class BaseStore(ABC):
    """What managers use of a store beyond the protocol, made from the protocol. Stores replace what they do faster.

    Args:
        clock: what `now_ms` reads; the machine's, or that of the first manager bound to it, unless given.

    Attributes:
        atomic: whether several processes may use it at once.
        remote: whether calls go over a network, so that a coroutine should not wait for them.
        store_id: tells stores apart on a bus.
    """

    atomic = True
    remote = False
    store_id: str

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock

    @abstractmethod
    def get_versioned(self, key: str) -> tuple[Any, int] | None:
        """See `Store`."""

    @abstractmethod
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

    @abstractmethod
    def list(self, prefix: str = "") -> builtins.list[str]:
        """See `Store`."""

    @abstractmethod
    def events(self, after: int, limit: int = 500) -> builtins.list[tuple[int, Event]]:
        """See `Store`."""

    @abstractmethod
    def changed(self) -> bool:
        """See `Store`."""

    @abstractmethod
    def revision(self) -> int:
        """The revision of the latest event. Moves with every commit that has one."""

    @abstractmethod
    def mark_published(self, through: int) -> None:
        """Note that events up to this revision are on the bus."""

    @abstractmethod
    def published_through(self) -> int:
        """The latest revision that is on the bus; 0 when none is."""

    @abstractmethod
    def prune(
        self,
        *,
        events_before_ms: int | None = None,
        tasks_before_ms: int | None = None,
        unpublished: bool = False,
    ) -> int:
        """Forget what is old. Nothing else ever does.

        Args:
            events_before_ms: events older than this that are on the bus, epoch milliseconds.
            tasks_before_ms: ended tasks that last changed before this.
            unpublished: also events that no mirror has put on the bus.

        Returns:
            How many records and events went.
        """

    @abstractmethod
    def close(self) -> None:
        """See `Store`."""

    def get(self, key: str) -> Any | None:
        """See `Store`."""
        found = self.get_versioned(key)
        return None if found is None else found[0]

    def put(self, key: str, value: Any) -> None:
        """See `Store`."""
        if value is None:
            raise TypeError("put() needs a value; delete() forgets a key")
        while self.commit(key, self._version(key), value) is None:
            pass

    def delete(self, key: str) -> None:
        """See `Store`."""
        while (version := self._version(key)) and self.commit(key, version, None) is None:
            pass

    def put_if_absent(self, key: str, value: Any) -> bool:
        """See `Store`."""
        if value is None:
            raise TypeError("put_if_absent() needs a value")
        return self.commit(key, 0, value) is not None

    def _version(self, key: str) -> int:
        found = self.get_versioned(key)
        return 0 if found is None else found[1]

    def scan(
        self, kind: str, *, state: str | None = None, order: Order = "seq", limit: int | None = None
    ) -> Iterator[Row]:
        """See `Store`."""
        rows = []
        for key in self.list():
            found = self.get_versioned(key)
            if found is not None:
                index = index_of(found[0])
                if index.kind == kind and state in (None, index.state):
                    place = -(index.priority or 0) if order == "priority" else index.seq or 0
                    rows.append((place, key, *found))
        rows.sort(key=lambda row: row[:2])
        return iter([row[1:] for row in rows[:limit]])

    def news(self, kind: str, known: Mapping[str, int]) -> Iterator[tuple[str, Any | None, int]]:
        """The records of a kind, in any order: key, value and version.

        Args:
            kind: of record.
            known: versions by key. Where a record still has that one, None may stand for its value.
        """
        return self.scan(kind)

    def unended(self, over: Collection[str]) -> tuple[int, Iterator[Row]]:
        """The records in none of some states, in any order, and the revision they are of.

        Args:
            over: the states that are left out.

        Returns:
            A revision, and rows in which every event up to it has come about; here perhaps later ones, too.
        """
        revision = self.revision()
        rows = [(key, *found) for key in self.list() if (found := self.get_versioned(key)) is not None]
        return revision, (row for row in rows if index_of(row[1]).state not in over)

    def leased(self, kind: str) -> Iterator[Row]:
        """The records of a kind that have a lease, in the order of submission."""
        return (row for row in self.scan(kind) if index_of(row[1]).lease_ms is not None)

    def amend_first(self, kind: str, *, state: str, amend: Amend) -> Amendment | None:
        """Write the first record, largest priority first, that `amend` has a change for.

        Returns:
            What was written; None when `amend` passed all of them by.
        """
        for key, value, version in self.scan(kind, state=state, order="priority"):
            amendment = amend(key, value, version)
            # Whoever changed it in between has it now: on to the next.
            if amendment is not None and self.commit(key, version, amendment.value, events=amendment.events):
                return amendment
        return None

    def now_ms(self) -> int:
        """See `Store`."""
        return (self._clock or SYSTEM_CLOCK).now_ms()

    def adopt_clock(self, clock: Clock) -> None:
        """Take a manager's clock, unless this store has one already."""
        if self._clock is None:
            self._clock = clock


def numbered(value: Any, index: Index | None, next_seq: Callable[[], int]) -> Index:
    """The index of a value, with the next number in it, and in the value, where it asks for one."""
    index = index or index_of(value)
    if index.seq != NEXT_SEQ:
        return index
    value.seq = next_seq()
    return Index(index.kind, index.state, index.pool_id, index.priority, value.seq, index.lease_ms)


Record: TypeAlias = tuple[bytes, Index]
"""A record as bytes, and what it is found by."""


def columns_of(record: Record, now_ms: int) -> tuple[Any, ...]:
    """A record as databases keep it: kind, value, state, pool_id, priority, seq, lease_ms, updated_ms."""
    data, index = record
    return (
        index.kind,
        data,
        index.state,
        index.pool_id,
        index.priority or 0,
        index.seq,
        index.lease_ms,
        now_ms,
    )
