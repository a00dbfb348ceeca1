"""A store in a SQLite file, for any number of threads and processes of one machine."""

from __future__ import annotations

import builtins
import sqlite3
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cosmo_sdk._sqlite import connect, transaction
from cosmo_sdk.coordination import _codec, _sqlite_schema
from cosmo_sdk.coordination import _sqlite_rows as rows_of
from cosmo_sdk.coordination._codec import Index
from cosmo_sdk.coordination._sqlite_pool import ConnectionPool
from cosmo_sdk.coordination._store_base import Amend, Amendment, BaseStore, Order, Row
from cosmo_sdk.coordination._values import check_choice, check_count
from cosmo_sdk.coordination.clock import Clock
from cosmo_sdk.coordination.errors import StoreBusyError, StoreCorruptError
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.models import ENDED_STATES

R = TypeVar("R")

_ORDERS = {"seq": "seq, key", "priority": "priority DESC, key"}
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SqliteStore(BaseStore):
    """A store in a file that any number of processes of one machine may use at once.

    A commit that was acknowledged survives the end of its process at any point. With `synchronous="NORMAL"` the last
    commits may be lost when the machine loses power; nothing is ever torn.

    Args:
        path: the file, made when it is not there. No `:memory:`: that is `MemoryStore`.
        synchronous: `NORMAL`, or `FULL` to survive a loss of power too.
        busy_timeout_ms: how long a call waits for those of other processes.
        clock: what `now_ms` reads; see `BaseStore`.

    Raises:
        ValueError: a path in memory or on a network, or an unknown `synchronous`.
        StoreCorruptError: the file is no database of this kind.
        StoreBusyError: others hold the file for too long.
        OSError: the file cannot be opened.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        synchronous: str = "NORMAL",
        busy_timeout_ms: int = 5000,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self.path = str(path)
        _sqlite_schema.check_path(self.path)
        self._synchronous = check_choice("synchronous", synchronous, ("NORMAL", "FULL", "EXTRA"))
        self._busy_s = check_count("busy_timeout_ms", busy_timeout_ms) / 1000
        self._warned = False
        self._pool = ConnectionPool(self._connect)
        self.store_id = self._read(_sqlite_schema.read_store_id)

    def __repr__(self) -> str:
        return f"SqliteStore({self.path!r})"

    def _connect(self) -> sqlite3.Connection:
        connection = connect(
            self.path,
            _sqlite_schema.prepare,
            busy_timeout_s=self._busy_s,
            synchronous=self._synchronous,
            check_same_thread=False,
        )
        [mode] = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal" and not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.path}: no write-ahead log here (journal mode {mode}), as on network file systems: "
                "slower, and safe only for processes of one machine",
                RuntimeWarning,
                stacklevel=2,
            )
        return connection

    def _run(self, work: Callable[[sqlite3.Connection], R]) -> R:
        try:
            with self._pool.use() as held:
                assert held.connection is not None
                return work(held.connection)
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in _BUSY:
                raise StoreBusyError(
                    f"{self.path}: others kept the file for {self._busy_s:g} s ({error}); nothing was written"
                ) from error
            if code == sqlite3.SQLITE_CANTOPEN:
                raise OSError(
                    f"{self.path} cannot be opened: is its directory there, and may you write to it?"
                ) from error
            if code in _BROKEN:
                raise StoreCorruptError(self.path, str(error)) from error
            raise

    def _read(self, work: Callable[[sqlite3.Connection], R]) -> R:
        return self._run(work)

    def _write(self, work: Callable[[sqlite3.Connection], R]) -> R:
        # A transaction that begins by reading could not wait for others when it comes to write.
        return self._run(lambda connection: transaction(connection, "BEGIN IMMEDIATE", work))

    # -- records

    def get_versioned(self, key: str) -> tuple[Any, int] | None:
        """See `Store`."""
        row = self._read(
            lambda connection: connection.execute(
                "SELECT value, version FROM kv WHERE key=?", (key,)
            ).fetchone()
        )
        return None if row is None else (_codec.decode(key, row[0]), row[1])

    def list(self, prefix: str = "") -> builtins.list[str]:
        """See `Store`."""
        # Not LIKE, for which _ stands for anything and A for a.
        query, values = "SELECT key FROM kv", [prefix]
        if prefix:
            query += " WHERE key >= ?"
            end = _sqlite_schema.next_prefix(prefix)
            if end:
                query, values = query + " AND key < ?", [prefix, end]
        else:
            values = []
        rows = self._read(lambda connection: connection.execute(query + " ORDER BY key", values).fetchall())
        return [key for (key,) in rows]

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
        now_ms = self.now_ms()
        if value is None:
            return self._write(lambda connection: rows_of.delete(connection, key, expected, events))
        if index is None or index.seq != _codec.NEXT_SEQ:
            # Encoded before the transaction: what cannot be stored is refused without one, and others wait less.
            row = rows_of.columns(value, index, rows_of.no_number)
            return self._write(
                lambda connection: rows_of.replace(connection, key, expected, row, now_ms, events)
            )

        def submit(connection: sqlite3.Connection) -> int | None:
            numbered_row = rows_of.columns(value, index, lambda: _sqlite_schema.next_seq(connection))
            return rows_of.replace(connection, key, expected, numbered_row, now_ms, events)

        return self._write(submit)

    def scan(
        self, kind: str, *, state: str | None = None, order: Order = "seq", limit: int | None = None
    ) -> Iterator[Row]:
        """See `Store`."""
        condition, values = rows_of.where(kind, state)
        query = f"SELECT key, value, version FROM kv WHERE {condition} ORDER BY {_ORDERS[order]} LIMIT ?"
        return self._rows(kind, query, [*values, -1 if limit is None else limit])

    def news(self, kind: str, known: Mapping[str, int]) -> Iterator[tuple[str, Any | None, int]]:
        """See `BaseStore`."""
        rows = self._all("SELECT key, value, version FROM kv WHERE kind=?", [kind])
        if known:
            yield from ((key, None, version) for key, _, version in rows if known.get(key) == version)
            rows = [row for row in rows if known.get(row[0]) != row[2]]
        values = _codec.decode_many(kind, rows)
        for (key, _, version), value in zip(rows, values, strict=True):
            yield key, value, version

    def unended(self, over: Collection[str]) -> tuple[int, Iterator[Row]]:
        """See `BaseStore`."""
        states = sorted(over)
        wanted = f"state IS NULL OR state NOT IN ({','.join('?' * len(states))})"

        def work(connection: sqlite3.Connection) -> tuple[int, builtins.list[tuple[str, bytes, int]]]:
            [latest] = connection.execute("SELECT max(rev) FROM events").fetchone()
            query = f"SELECT key, value, version FROM kv WHERE {wanted}"
            return latest or 0, connection.execute(query, states).fetchall()

        # One transaction: both are of the same moment.
        revision, rows = self._read(lambda connection: transaction(connection, "BEGIN", work))
        return revision, ((key, _codec.decode(key, data), version) for key, data, version in rows)

    def leased(self, kind: str) -> Iterator[Row]:
        """See `BaseStore`."""
        return self._rows(
            kind,
            "SELECT key, value, version FROM kv WHERE kind=? AND lease_ms IS NOT NULL ORDER BY seq, key",
            [kind],
        )

    def _rows(self, kind: str, query: str, values: builtins.list[Any]) -> Iterator[Row]:
        return (
            (key, _codec.decode(key, data, kind), version) for key, data, version in self._all(query, values)
        )

    def _all(self, query: str, values: builtins.list[Any]) -> builtins.list[tuple[str, bytes, int]]:
        return self._read(lambda connection: connection.execute(query, values).fetchall())

    def amend_first(self, kind: str, *, state: str, amend: Amend) -> Amendment | None:
        """See `BaseStore`."""
        now_ms = self.now_ms()
        condition, values = rows_of.where(kind, state)

        def work(connection: sqlite3.Connection) -> Amendment | None:
            rows = connection.execute(
                f"SELECT key, value, version FROM kv WHERE {condition} ORDER BY {_ORDERS['priority']}", values
            )
            for key, data, version in rows:
                amendment = amend(key, _codec.decode(key, data, kind), version)
                if amendment is not None:
                    rows.close()
                    row = rows_of.columns(amendment.value, None, rows_of.no_number)
                    rows_of.replace(connection, key, version, row, now_ms, amendment.events)
                    return amendment
            return None

        return self._write(work)

    # -- events

    def events(self, after: int, limit: int = 500) -> builtins.list[tuple[int, Event]]:
        """See `Store`."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT rev, body FROM events WHERE rev > ? ORDER BY rev LIMIT ?", (after, limit)
            ).fetchall()
        )
        return [(revision, msgspec.msgpack.decode(data, type=Event)) for revision, data in rows]

    def revision(self) -> int:
        """See `BaseStore`."""
        [latest] = self._read(lambda connection: connection.execute("SELECT max(rev) FROM events").fetchone())
        return latest or 0

    def changed(self) -> bool:
        """See `Store`. Writes of other threads of this process count as somebody else's."""
        with self._pool.use() as held:
            assert held.connection is not None
            [version] = held.connection.execute("PRAGMA data_version").fetchone()
            before, held.data_version = held.data_version, version
        return bool(version != before)

    def mark_published(self, through: int) -> None:
        """See `BaseStore`."""
        self._write(
            lambda connection: connection.execute(
                "UPDATE events SET published=1 WHERE rev <= ? AND published=0", (through,)
            )
        )

    def published_through(self) -> int:
        """See `BaseStore`."""
        [latest] = self._read(
            lambda connection: connection.execute("SELECT max(rev) FROM events WHERE published=1").fetchone()
        )
        return latest or 0

    def prune(
        self,
        *,
        events_before_ms: int | None = None,
        tasks_before_ms: int | None = None,
        unpublished: bool = False,
    ) -> int:
        """See `BaseStore`."""

        def work(connection: sqlite3.Connection) -> int:
            gone = 0
            if events_before_ms is not None:
                gone += connection.execute(
                    "DELETE FROM events WHERE ts_ms < ? AND published >= ?",
                    (events_before_ms, 0 if unpublished else 1),
                ).rowcount
            if tasks_before_ms is not None:
                states = ",".join(f"'{state}'" for state in sorted(ENDED_STATES))
                gone += connection.execute(
                    f"DELETE FROM kv WHERE kind='task' AND state IN ({states}) AND updated_ms < ?",
                    (tasks_before_ms,),
                ).rowcount
            return gone

        return self._write(work)

    def close(self) -> None:
        """Close the connections of every thread."""
        self._pool.close()
