"""A store in PostgreSQL, for any number of processes on any number of machines."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, LiteralString, TypeVar, cast

import msgspec

from cosmo_sdk.coordination import _codec, _pg_schema
from cosmo_sdk.coordination import _pg_rows as rows_of
from cosmo_sdk.coordination._codec import Index
from cosmo_sdk.coordination._pg_connections import Connections, Pg, driver
from cosmo_sdk.coordination._pg_failures import in_words, unknown_end
from cosmo_sdk.coordination._pg_time import ServerTime
from cosmo_sdk.coordination._sqlite_schema import next_prefix
from cosmo_sdk.coordination._store_base import Amend, Amendment, BaseStore, Order, Row, numbered
from cosmo_sdk.coordination._values import check_count
from cosmo_sdk.coordination.clock import Clock
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.models import ENDED_STATES

R = TypeVar("R")

_ORDERS: dict[str, LiteralString] = {"seq": "seq, key", "priority": "priority DESC, key"}

FIRST_LOOK = 32
"""Records that are fetched first where one is looked for; most often it is among them."""


class PostgresStore(BaseStore):
    """A store in a PostgreSQL database (10 or later) that any number of processes and machines may use at once.

    A commit that was acknowledged is on the server's disk, as far as the server is set up so. Leases and deadlines are
    measured by the server's clock, so machines need not agree on the time. Calls block for a way over the network: in
    coroutines call managers through `aio(manager)`.

    When the server was restarted, idle connections are replaced in silence, and calls meanwhile raise ConnectionError.
    Through PgBouncer it works with session pooling.

    Args:
        url: `postgresql://user:password@host:port/database`, or what else libpq takes.
        schema: where its tables are; made when they are not there. One store for each schema.
        busy_timeout_ms: how long a statement may take, waiting for others included; also how long others wait for a
            process of ours that stopped in the middle of a transaction.
        create: whether to make the tables where they are missing.
        clock: what `now_ms` reads; that of the server unless given.

    Attributes:
        where: the server and database, without the password.

    Raises:
        ModuleNotFoundError: psycopg is not installed.
        ValueError: no such URL, or a schema that is no plain name.
        ConnectionError: the server cannot be reached, or lets nobody in.
        FileNotFoundError: there are no tables, and `create` is false.
        StoreCorruptError: the tables are of another version, or the database is not in UTF-8.
    """

    remote = True

    def __init__(
        self,
        url: str,
        *,
        schema: str = "cosmo_coordination",
        busy_timeout_ms: int = 5000,
        create: bool = True,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(clock)
        self._psycopg = driver()
        self._schema = _pg_schema.check_schema(schema)
        self._busy_ms = check_count("busy_timeout_ms", busy_timeout_ms, least=1)
        self._conninfo, self.where = self._address(url)
        self._time = ServerTime(self._read)
        self._seen = -1
        self._connections = Connections(self._connect, self._busy_ms / 1000)
        try:
            self.store_id = self._read(
                lambda connection: _pg_schema.prepare(connection, self._schema, create=create)
            )
        except BaseException:
            self._connections.close()
            raise

    def __repr__(self) -> str:
        return f"PostgresStore({self.where!r}, schema={self._schema!r})"

    def _address(self, url: str) -> tuple[str, str]:
        if not isinstance(url, str):
            raise TypeError(f"url must be a str, not {type(url).__name__}")
        conninfo = self._psycopg.conninfo
        try:
            given = conninfo.conninfo_to_dict(url)
        except self._psycopg.Error as error:
            # libpq repeats the whole URL, the password too.
            said = " ".join(str(error).split()).split(': "postgres')[0]
            raise ValueError(
                f"not the URL of a PostgreSQL database ({said}): postgresql://user@host:port/database"
            ) from None
        where = f"{given.get('host', 'localhost')}/{given.get('dbname', '')}"
        defaults = {"connect_timeout": 10, "fallback_application_name": "cosmo coordination"}
        return conninfo.make_conninfo(url, **{k: v for k, v in defaults.items() if k not in given}), where

    def _connect(self) -> Pg:
        connection: Pg = self._psycopg.connect(self._conninfo, autocommit=True)
        settings = {
            "search_path": self._schema,
            "statement_timeout": str(self._busy_ms),
            "lock_timeout": str(self._busy_ms),
            # Who is stopped in the middle of a transaction must not keep everybody else waiting for ever.
            "idle_in_transaction_session_timeout": str(self._busy_ms),
            "default_transaction_isolation": "read committed",
        }
        try:
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        except BaseException:
            connection.close()
            raise
        return connection

    def _run(self, work: Callable[[Pg], R]) -> R:
        try:
            return self._connections.run(work)
        except self._psycopg.Error as error:
            raise in_words(error, self.where, self._busy_ms) from error

    def _read(self, work: Callable[[Pg], R]) -> R:
        # Whatever became of it, reading does no harm when it is done again.
        return self._run(lambda connection: cast("R", rows_of.safely(connection, lambda: work(connection))))

    def _all(self, query: LiteralString, values: Any = None) -> builtins.list[tuple[Any, ...]]:
        return self._read(lambda connection: connection.execute(query, values, binary=True).fetchall())

    # -- records

    def get_versioned(self, key: str) -> tuple[Any, int] | None:
        """See `Store`."""
        rows = self._all("SELECT value, version FROM kv WHERE key=%s", (key,))
        return None if not rows else (_codec.decode(key, rows[0][0]), rows[0][1])

    def list(self, prefix: str = "") -> builtins.list[str]:
        """See `Store`."""
        end = next_prefix(prefix)
        if end:
            rows = self._all("SELECT key FROM kv WHERE key >= %s AND key < %s ORDER BY key", (prefix, end))
        else:
            rows = self._all("SELECT key FROM kv WHERE key >= %s ORDER BY key", (prefix,))
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
        """See `Store`.

        Raises:
            StoreBusyError: others kept the record or the server for too long; nothing was written.
            ConnectionError: the server is away. Whether the change stands is said.
        """
        return self._commit(key, expected, value, index, events)

    def _commit(
        self,
        key: str,
        expected: int,
        value: Any | None,
        index: Index | None,
        events: Sequence[Event],
        *,
        unless_locked: bool = False,
    ) -> int | None:
        now_ms, packed = self.now_ms(), rows_of.packed(events)
        index = None if value is None else index or _codec.index_of(value)
        in_line = index is not None and index.seq == _codec.NEXT_SEQ
        row = None if index is None or in_line else (_codec.encode(value), index)

        def work(connection: Pg) -> int | None:
            columns = row
            if in_line:
                rows_of.begin(connection)
                number = rows_of.safely(connection, lambda: rows_of.next_seq(connection))
                found_by = numbered(value, index, lambda: number)
                columns = (_codec.encode(value), found_by)
            return rows_of.replace(
                connection, key, expected, columns, now_ms, packed, begun=in_line, unless_locked=unless_locked
            )

        try:
            return self._run(work)
        except rows_of.LostInCommit as lost:
            if events and self._has(events[0].id):
                return 0 if value is None else expected + 1
            raise unknown_end(self.where, key) from lost.__cause__

    def _has(self, event_id: str) -> bool:
        """Whether an event is there, which stands or falls with its commit. False where that cannot be told."""
        try:
            return bool(self._all("SELECT 1 FROM events WHERE id=%s", (event_id,)))
        except ConnectionError:
            return False

    def scan(
        self, kind: str, *, state: str | None = None, order: Order = "seq", limit: int | None = None
    ) -> Iterator[Row]:
        """See `Store`."""
        which, values = _which(kind, state)
        query = f"SELECT key, value, version FROM kv WHERE {which} ORDER BY {_ORDERS[order]} LIMIT %s"
        return self._records(kind, self._all(query, [*values, limit]))

    def news(self, kind: str, known: Mapping[str, int]) -> Iterator[tuple[str, Any | None, int]]:
        """See `BaseStore`."""
        query: LiteralString = "SELECT key, value, version FROM kv WHERE kind=%s"
        if known:
            versions = self._all("SELECT key, version FROM kv WHERE kind=%s", (kind,))
            same = [(key, version) for key, version in versions if known.get(key) == version]
            yield from ((key, None, version) for key, version in same)
            changed = {key for key, _ in versions}.difference([key for key, _ in same])
            rows = self._all(query + " AND key=ANY(%s)", (kind, sorted(changed))) if changed else []
        else:
            rows = self._all(query, (kind,))
        found = cast("builtins.list[tuple[str, bytes, int]]", rows)
        for (key, _, version), value in zip(found, _codec.decode_many(kind, found), strict=True):
            yield key, value, version

    def unended(self, over: Collection[str]) -> tuple[int, Iterator[Row]]:
        """See `BaseStore`."""
        rows = self._all(
            "SELECT counter.value, kv.key, kv.value, kv.version FROM counter "
            "LEFT JOIN kv ON kv.state IS NULL OR kv.state <> ALL(%s) WHERE counter.name='rev'",
            (sorted(over),),
        )
        records = [(key, data, version) for _, key, data, version in rows if key is not None]
        return rows[0][0], self._records("", records)

    def leased(self, kind: str) -> Iterator[Row]:
        """See `BaseStore`."""
        query: LiteralString = (
            "SELECT key, value, version FROM kv WHERE kind=%s AND lease_ms IS NOT NULL ORDER BY seq, key"
        )
        return self._records(kind, self._all(query, (kind,)))

    def _records(self, kind: str, rows: builtins.list[tuple[Any, ...]]) -> Iterator[Row]:
        return ((key, _codec.decode(key, data, kind), version) for key, data, version in rows)

    def amend_first(self, kind: str, *, state: str, amend: Amend) -> Amendment | None:
        """See `BaseStore`. Of callers at the same time each takes another record, as far as there are enough."""
        passed_by_others = True
        unless_locked = True
        while passed_by_others:
            passed_by_others = False
            for key, value, version in self._by_priority(kind, state):
                amendment = amend(key, value, version)
                if amendment is None:
                    continue
                if self._commit(
                    key, version, amendment.value, None, amendment.events, unless_locked=unless_locked
                ):
                    return amendment
                passed_by_others = True
            # What somebody else had locked may be free again: the second time it is waited for.
            unless_locked = False
        return None

    def _by_priority(self, kind: str, state: str) -> Iterator[Row]:
        which, values = _which(kind, state)
        query: LiteralString = f"SELECT key, value, version, priority FROM kv WHERE {which}"
        order: LiteralString = " ORDER BY priority DESC, key LIMIT %s"
        rows = self._all(query + order, [*values, FIRST_LOOK])
        yield from self._records(kind, [row[:3] for row in rows])
        if len(rows) == FIRST_LOOK:
            last, _, _, priority = rows[-1]
            rest: LiteralString = " AND (priority < %s OR (priority = %s AND key > %s))"
            rows = self._all(query + rest + order, [*values, priority, priority, last, None])
            yield from self._records(kind, [row[:3] for row in rows])

    # -- events

    def events(self, after: int, limit: int = 500) -> builtins.list[tuple[int, Event]]:
        """See `Store`."""
        rows = self._all("SELECT rev, body FROM events WHERE rev > %s ORDER BY rev LIMIT %s", (after, limit))
        return [(revision, msgspec.msgpack.decode(data, type=Event)) for revision, data in rows]

    def revision(self) -> int:
        """See `BaseStore`."""
        return self._counter("rev")

    def _counter(self, name: LiteralString) -> int:
        [(value,)] = self._all("SELECT value FROM counter WHERE name=%s", (name,))
        return int(value)

    def changed(self) -> bool:
        """See `Store`. Notices what is told of by events; one's own counts, too."""
        before, self._seen = self._seen, self.revision()
        return before != self._seen

    def mark_published(self, through: int) -> None:
        """See `BaseStore`."""
        self._execute("UPDATE counter SET value=%s WHERE name='published' AND value < %s", (through, through))

    def published_through(self) -> int:
        """See `BaseStore`."""
        return self._counter("published")

    def prune(
        self,
        *,
        events_before_ms: int | None = None,
        tasks_before_ms: int | None = None,
        unpublished: bool = False,
    ) -> int:
        """See `BaseStore`."""
        gone = 0
        if events_before_ms is not None:
            gone += self._execute(
                "DELETE FROM events WHERE ts_ms < %s "
                "AND (%s OR rev <= (SELECT value FROM counter WHERE name='published'))",
                (events_before_ms, unpublished),
            )
        if tasks_before_ms is not None:
            gone += self._execute(
                "DELETE FROM kv WHERE kind='task' AND state=ANY(%s) AND updated_ms < %s",
                (sorted(ENDED_STATES), tasks_before_ms),
            )
        return gone

    def _execute(self, statement: LiteralString, values: tuple[Any, ...]) -> int:
        """Do what does no harm when it is done again. How many rows it changed."""
        return self._read(lambda connection: connection.execute(statement, values).rowcount)

    # -- time

    def now_ms(self) -> int:
        """See `Store`. The server's clock unless this store was given one."""
        return self._time.now_ms() if self._clock is None else self._clock.now_ms()

    def adopt_clock(self, clock: Clock) -> None:
        """Nothing: the server's clock is the one that everybody shares."""

    def close(self) -> None:
        """Close the connections of every thread."""
        self._connections.close()


def _which(kind: str, state: str | None) -> tuple[LiteralString, builtins.list[Any]]:
    """The condition for a kind and a state, and its values."""
    if state is None:
        return "kind=%s", [kind]
    # Written out where an index has it so.
    return (
        ("kind=%s AND state='pending'", [kind])
        if state == "pending"
        else ("kind=%s AND state=%s", [kind, state])
    )
