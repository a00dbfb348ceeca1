"""What every manager is made of: a store, a clock, and the one way in which anything changes.

A change is a function of a record and the time. It is called with what the store has, its outcome is written if the
store still has that, and otherwise it is called again. So whoever races, each change is made on the latest state.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from cosmo_sdk.ambient import current_task
from cosmo_sdk.coordination._codec import Index
from cosmo_sdk.coordination._live import Live
from cosmo_sdk.coordination._store_base import Amendment, BaseStore, Store
from cosmo_sdk.coordination._store_memory import MemoryStore
from cosmo_sdk.coordination.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.coordination.errors import StoreBusyError
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.metrics import Reporter
from cosmo_sdk.ids import new_trace_id

_logger = logging.getLogger("cosmo_sdk.coordination")

T = TypeVar("T")

ATTEMPTS = 64
"""How often a change is tried before the store counts as busy."""

MAX_PAUSE_MS = 32
"""Between attempts; a random part of it, growing from 2."""


class Sink(Protocol):
    """Whoever wants to know of new events, such as a mirror. It may also have `attach(store)`, called when it is bound."""

    def notify(self) -> None:
        """There are new events in the store. Returns at once."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a change comes to.

    Attributes:
        returns: what the caller gets.
        record: what to write; None leaves the record as it is.
        events: what tells of it.
        deletes: the record goes.
        reports: metrics, each a name and its values, once it is written.
    """

    returns: T
    record: Any = None
    events: Sequence[Event] = ()
    deletes: bool = False
    reports: Sequence[tuple[Any, ...]] = ()


Change = Callable[[Any, int], Outcome[T]]
"""Gets the record, fresh and its own (None where there is none), and the store's time in milliseconds."""


class Managing:
    """Base of the managers.

    Attributes:
        store: where records live.
        clock: what intervals are measured by.
    """

    _kind: ClassVar[str]
    _prefix: ClassVar[str]
    _takes: ClassVar[frozenset[str]] = frozenset({"metrics"})

    def __init__(self, store: Store | None = None, metrics: Any = None) -> None:
        self._private_store = store is None
        self._store = as_store(store)
        self.clock: Clock = SYSTEM_CLOCK
        self._sink: Sink | None = None
        self._trace: str | None = None
        self._report = Reporter(metrics)
        self._live: Live[Any] = Live(self._store, self._kind, self._prefix, self._may_go)

    @property
    def store(self) -> BaseStore:
        """Where records live."""
        return self._store

    def bind(
        self,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        sink: Sink | None = None,
        trace: str | None = None,
        **links: Any,
    ) -> Self:
        """Give it what its constructor does not take, and return it.

        Args:
            store: where records live from now on; what it kept elsewhere stays there.
            clock: what intervals are measured by; a store without a clock of its own takes it too.
            sink: is notified of events.
            trace: the trace of new objects; their own, or that of the TASK being handled, unless given.
            **links: `metrics`, and other managers by the names the class says.

        Raises:
            TypeError: an unknown link.
        """
        unknown = links.keys() - self._takes
        if unknown:
            raise TypeError(
                f"{type(self).__name__}.bind() takes {', '.join(sorted(self._takes))}, not {', '.join(sorted(unknown))}"
            )
        if store is not None:
            self._private_store = False
            self._store = as_store(store)
            self._live.move(self._store)
        if clock is not None:
            self.clock = clock
            self._store.adopt_clock(clock)
        elif store is not None and self.clock is not SYSTEM_CLOCK:
            self._store.adopt_clock(self.clock)
        if trace is not None:
            self._trace = trace
        if sink is not None:
            self._sink = sink
        if self._sink is not None and hasattr(self._sink, "attach"):
            self._sink.attach(self._store)
        for name, link in links.items():
            if name == "metrics":
                self._report = Reporter(link)
            else:
                setattr(self, f"_{name}", link)
        return self

    def _step(self, subject: str, change: Change[T], *, into: Any = None) -> T:
        """Make a change to the object with this id.

        Args:
            subject: the id.
            change: what to do.
            into: a caller's object that is to say what the record says from then on.

        Raises:
            StoreBusyError: others kept writing it.
        """
        if not isinstance(subject, str):
            raise TypeError(f"the id of a {self._kind} must be a str, not {type(subject).__name__}")
        key = self._prefix + subject
        for attempt in range(ATTEMPTS):
            found = self._store.get_versioned(key)
            record, version = found if found is not None else (None, 0)
            outcome = change(record, self._store.now_ms())
            if outcome.record is None and not outcome.events and not outcome.deletes:
                return self._finish(outcome)
            value = None if outcome.deletes else record if outcome.record is None else outcome.record
            committed = self._store.commit(
                key,
                version,
                value,
                index=self._new_index(value) if not version else None,
                events=outcome.events,
            )
            if committed is not None:
                self._live.absorb(subject, value, committed, into=into)
                return self._finish(outcome)
            self._report("store_retry")
            time.sleep(random.uniform(0, min(2 ** (attempt + 1), MAX_PAUSE_MS)) / 1000)
        self._report("store_busy")
        raise StoreBusyError(f"{key}: others wrote it first {ATTEMPTS} times; nothing was changed, try again")

    @staticmethod
    def _may_go(record: Any) -> bool:
        """Whether others may delete such a record, and its id be used again."""
        return True

    def _new_index(self, value: Any) -> Index | None:
        """What a new record is found by, where that is more than the record says."""
        return None

    def _finish(self, outcome: Outcome[T]) -> T:
        if outcome.events:
            self._notify()
        for name, *values in outcome.reports:
            self._report(name, *values)
        return outcome.returns

    def _unknown(self, returns: T) -> Outcome[T]:
        """The outcome of a call about something that does not exist."""
        _logger.debug("%s: no such %s", type(self).__name__, self._kind)
        return Outcome(returns, reports=[("unknown_id",)])

    def _notify(self) -> None:
        if self._sink is not None:
            self._report.quietly(self._sink.notify)

    def _amended(self, subject: str, amendment: Amendment, version: int) -> Any:
        """Take note of what the store changed on our behalf. Returns the object that callers hold."""
        known = self._live.absorb(subject, amendment.value, version)
        self._notify()
        return known

    def _origin(self) -> tuple[str, str | None]:
        """The trace of a new object and the event that caused it, if any."""
        ambient = current_task()
        if self._trace is not None:
            return self._trace, ambient[1] if ambient is not None and ambient[0] == self._trace else None
        return ambient if ambient is not None else (new_trace_id(), None)


def as_store(store: Store | None) -> BaseStore:
    """The store of a manager: one of its own in memory where none is given.

    Raises:
        TypeError: not a store that can compare and swap.
    """
    if store is None:
        return MemoryStore()
    if not isinstance(store, BaseStore):
        raise TypeError(
            f"{type(store).__name__} is no BaseStore: pass MemoryStore(), SqliteStore(path), or wrap a store of put, get, "
            "delete, list and put_if_absent with CompatStore(store)"
        )
    return store
