"""A store that can only put and get, wrapped so that managers can use it."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from typing import Any, Protocol

from cosmo_sdk.coordination import _codec
from cosmo_sdk.coordination._codec import Index
from cosmo_sdk.coordination._event_log import EventLog, pack
from cosmo_sdk.coordination._locks import ForkedLock
from cosmo_sdk.coordination._store_base import BaseStore, numbered
from cosmo_sdk.coordination.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.coordination.errors import StateError, StoreCorruptError
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.ids import ULIDS

_OWNER = "cosmo:owner"
_SEQ = "cosmo:seq"


class SimpleStore(Protocol):
    """What a foreign store must do."""

    def put(self, key: str, value: Any) -> None:
        """Write a value."""
        ...

    def get(self, key: str) -> Any | None:
        """The value, or None."""
        ...

    def delete(self, key: str) -> None:
        """Forget a key."""
        ...

    def list(self, prefix: str = "") -> list[str]:
        """The keys that begin so."""
        ...

    def put_if_absent(self, key: str, value: Any) -> bool:
        """Write a value if there is none."""
        ...


class CompatStore(BaseStore):
    """Makes a foreign store one that managers can use, within one process.

    It compares and swaps under a lock of this process, because the foreign store cannot: two processes would both win.
    So it remembers in the store which process uses it, and refuses a second one. Events are kept in memory.

    Args:
        inner: the foreign store. What is written to it are dicts of a number and bytes.
        allow_unsafe: let several processes use it, at the price of several winners.
        clock: what `now_ms` reads; see `BaseStore`.

    Raises:
        StateError: another process uses it.
    """

    atomic = False

    def __init__(self, inner: SimpleStore, *, allow_unsafe: bool = False, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.store_id = ULIDS.next()
        self._inner = inner
        self._allow_unsafe = allow_unsafe
        self._lock = ForkedLock()
        self._log = EventLog()
        self._pid = os.getpid()
        self._take()

    def _take(self) -> None:
        me = {"domain": SYSTEM_CLOCK.domain, "pid": os.getpid()}
        if self._inner.put_if_absent(_OWNER, me) or self._allow_unsafe:
            return
        owner = self._inner.get(_OWNER)
        if owner != me and _alive(owner):
            raise StateError(
                f"the store belongs to process {owner!r}, and it cannot tell who of two comes first; use SqliteStore, "
                "or allow_unsafe=True if several winners do no harm"
            )
        self._inner.put(_OWNER, me)

    def _check_process(self) -> None:
        if self._pid != os.getpid() and not self._allow_unsafe:
            raise StateError(
                "a CompatStore works in the process that made it; use SqliteStore to share tasks with children"
            )

    def get_versioned(self, key: str) -> tuple[Any, int] | None:
        """See `Store`."""
        self._check_process()
        found = self._inner.get(key)
        if found is None:
            return None
        try:
            version, data = found["version"], found["data"]
        except (TypeError, KeyError):
            raise StoreCorruptError(key, "CompatStore did not write it") from None
        return _codec.decode(key, data), version

    def list(self, prefix: str = "") -> builtins.list[str]:
        """See `Store`."""
        self._check_process()
        # The foreign store may have its own idea of a prefix.
        return sorted(
            key for key in self._inner.list("") if key.startswith(prefix) and key not in (_OWNER, _SEQ)
        )

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
        self._check_process()
        packed = pack(events)
        with self._lock:
            if self._version(key) != expected:
                return None
            if value is None:
                self._inner.delete(key)
                version = 0
            else:
                numbered(value, index, self._next_seq)
                version = expected + 1
                self._inner.put(key, {"version": version, "data": _codec.encode(value)})
            self._log.append(packed)
            return version

    def _next_seq(self) -> int:
        number = int(self._inner.get(_SEQ) or 0) + 1
        self._inner.put(_SEQ, number)
        return number

    def events(self, after: int, limit: int = 500) -> builtins.list[tuple[int, Event]]:
        """See `Store`."""
        with self._lock:
            return self._log.after(after, limit)

    def revision(self) -> int:
        """See `BaseStore`."""
        return self._log.revision

    def changed(self) -> bool:
        """False: nobody else may write here."""
        return False

    def mark_published(self, through: int) -> None:
        """See `BaseStore`."""
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
                    key
                    for key, task, _ in self.scan("task")
                    if task.state.terminal and task.updated_ms < tasks_before_ms
                ]
                for key in old:
                    self.delete(key)
                gone += len(old)
        return gone

    def close(self) -> None:
        """Let another process have the store."""
        self._check_process()
        if not self._allow_unsafe:
            self._inner.delete(_OWNER)


def _alive(owner: Any) -> bool:
    """Whether the process that a store remembers may still run."""
    if not isinstance(owner, dict) or owner.get("domain") != SYSTEM_CLOCK.domain:
        # Of another machine, or an earlier boot of this one: nobody can tell.
        return isinstance(owner, dict) and _host(owner) != _host({"domain": SYSTEM_CLOCK.domain})
    try:
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _host(owner: dict[str, Any]) -> str:
    return str(owner.get("domain")).partition("/")[0]
