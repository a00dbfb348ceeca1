"""Records as a process knows them: objects that callers hold, brought up to date from the events of the store."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from cosmo_sdk.coordination import _codec
from cosmo_sdk.coordination._locks import ForkedLock
from cosmo_sdk.coordination._store_base import BaseStore

R = TypeVar("R")

_AT_A_TIME = 500
"""Changes that are looked up one by one; more are read in one scan."""


class Live(Generic[R]):
    """The records of one kind. Once handed out, an object goes on to say what the store says.

    Args:
        store: where they live.
        kind: what a scan asks for.
        prefix: what their keys begin with.
        may_go: which records others may have deleted, so that their versions tell nothing. All unless given.

    Attributes:
        known: the objects by id.
    """

    def __init__(
        self, store: BaseStore, kind: str, prefix: str, may_go: Callable[[R], bool] = lambda record: True
    ) -> None:
        self._store = store
        self._may_go = may_go
        self._kind = kind
        self._prefix = prefix
        self._lock = ForkedLock()
        # By key, as stores know records.
        self._versions: dict[str, int] = {}
        # Keys of what may go.
        self._fleeting: set[str] = set()
        self._seen = -1
        self.known: dict[str, R] = {}

    def move(self, store: BaseStore) -> None:
        """Forget everything, and go on with another store."""
        with self._lock:
            self._store = store
            self._versions.clear()
            self._fleeting.clear()
            self._seen = -1
            self.known.clear()

    def absorb(self, subject: str, record: R | None, version: int, *, into: R | None = None) -> R | None:
        """Take note of a record that was read or written, unless a later version is known.

        Args:
            subject: its id.
            record: what it says; None where it is gone.
            version: which version that is.
            into: the object that is to say it from now on; a caller's own.

        Returns:
            The object callers hold.
        """
        with self._lock:
            key = self._prefix + subject
            if record is None:
                self._versions.pop(key, None)
                self._fleeting.discard(key)
                return self.known.pop(subject, None)
            held = self.known.get(subject)
            if held is not None and _later_life(record, held):
                held, self._versions[key] = None, 0
            held = held if into is None else into
            if version >= self._versions.get(key, 0):
                self._versions[key] = version
                if held is None:
                    held = record
                else:
                    _codec.adopt(held, record)
            self.known[subject] = held if held is not None else record
            self._note(key, self.known[subject])
            return self.known[subject]

    def get(self, subject: str) -> R | None:
        """The object as the store has it now.

        Raises:
            TypeError: an id that is no str.
        """
        if not isinstance(subject, str):
            raise TypeError(f"the id of a {self._kind} must be a str, not {type(subject).__name__}")
        found = self._store.get_versioned(self._prefix + subject)
        if found is None:
            self.absorb(subject, None, 0)
            return None
        return self.absorb(subject, *found)

    def sync(self) -> dict[str, R]:
        """Learn of every change since the last time, and return all objects."""
        with self._lock:
            latest = self._store.revision()
            if latest == self._seen:
                return self.known
            if self._seen < 0 or not 0 < latest - self._seen <= _AT_A_TIME:
                return self.reload()
            told = self._store.events(self._seen, _AT_A_TIME)
            if len(told) < latest - self._seen:
                # Some were pruned or dropped before they were read.
                return self.reload()
            changed = {event.subject for _, event in told if event.kind.partition(".")[0] == self._kind}
            for subject in changed:
                self.get(subject)
            self._seen = told[-1][0]
            return self.known

    def reload(self) -> dict[str, R]:
        """Read everything again, in one scan."""
        with self._lock:
            # First the mark: what is written in between is read twice rather than not at all.
            latest = self._store.revision()
            with _no_collections():
                self._take(list(self._store.news(self._kind, self._lasting())))
            self._seen = latest
            return self.known

    def _lasting(self) -> dict[str, int]:
        """The versions of what cannot have been deleted and made again, for which versions begin anew."""
        if not self._fleeting:
            return self._versions
        return {key: version for key, version in self._versions.items() if key not in self._fleeting}

    def _note(self, key: str, record: R) -> None:
        if self._may_go(record):
            self._fleeting.add(key)
        else:
            self._fleeting.discard(key)

    def _take(self, rows: list[tuple[str, R | None, int]]) -> None:
        """Know these records, and no others."""
        cut = len(self._prefix)
        known = [] if self.known else [record for _, record, _ in rows if record is not None]
        if len(known) == len(rows):
            # The first time there is nobody to tell.
            self.known.update(zip([key[cut:] for key, _, _ in rows], known, strict=True))
            self._versions.update([(key, version) for key, _, version in rows])
            may_go = self._may_go
            self._fleeting.update([row[0] for row, record in zip(rows, known, strict=True) if may_go(record)])
            return
        for key, record, version in rows:
            if record is not None:
                self.absorb(key[cut:], record, version)
        for subject in self.known.keys() - {key[cut:] for key, _, _ in rows}:
            self.absorb(subject, None, 0)

    def __iter__(self) -> Iterator[R]:
        return iter(list(self.known.values()))


def _later_life(record: Any, held: Any) -> bool:
    """Whether a record was deleted and made again since we heard of it. Ids of events sort by time."""
    began, held_began = record.root_event_id, held.root_event_id
    return began is not None and held_began is not None and bool(began > held_began)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Let no garbage collection begin: among ten thousand new objects, none of them garbage, several would."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
