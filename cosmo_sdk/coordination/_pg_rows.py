"""What a PostgresStore writes in its transactions.

All commits that tell of something queue up for one row, the counter of revisions, which each holds from then until it
has ended. So revisions become visible in their order, without gaps, and nobody who reads on from one can miss another.
Before that row a commit holds at most the counter of submissions and its record, always in this order: no deadlocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec

from cosmo_sdk.coordination._pg_connections import LostConnection, Pg, driver
from cosmo_sdk.coordination._store_base import Record, columns_of
from cosmo_sdk.coordination.events import Event

PackedEvents: TypeAlias = list[tuple[str, int, str, str, str | None, bytes]]
"""Events as rows, packed before a transaction begins."""

INSERT = (
    "INSERT INTO kv(kind, value, state, pool_id, priority, seq, lease_ms, updated_ms, key, version) "
    "VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,1) ON CONFLICT (key) DO NOTHING"
)
UPDATE = (
    "UPDATE kv SET kind=%s, value=%s, state=%s, pool_id=%s, priority=%s, seq=%s, lease_ms=%s, updated_ms=%s, "
    "version=version+1 WHERE key=%s AND version=%s"
)
UPDATE_UNLESS_LOCKED = UPDATE.replace(
    "WHERE key=%s AND version=%s",
    "WHERE key=(SELECT key FROM kv WHERE key=%s AND version=%s FOR UPDATE SKIP LOCKED)",
)
DELETE = "DELETE FROM kv WHERE key=%s AND version=%s"

_TELL = (
    "WITH latest AS (UPDATE counter SET value=value+%s WHERE name='rev' RETURNING value) "
    "INSERT INTO events(rev, id, ts_ms, kind, subject, actor, body) "
    "SELECT latest.value-%s+told.place, told.id, told.ts_ms, told.kind, told.subject, told.actor, told.body "
    "FROM latest, unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[]) "
    "WITH ORDINALITY AS told(id, ts_ms, kind, subject, actor, body, place)"
)


class LostInCommit(Exception):
    """The connection broke when the end of a transaction was under way. What it was is its cause."""


def packed(events: Sequence[Event]) -> PackedEvents:
    """Events as rows.

    Raises:
        TypeError: JSON cannot say what one of them carries.
    """
    return [
        (each.id, each.ts_ms, each.kind, each.subject, each.actor, msgspec.msgpack.encode(each))
        for each in events
    ]


def next_seq(connection: Pg) -> int:
    """The next place in the order of submission. To be called in a transaction."""
    row = connection.execute("UPDATE counter SET value=value+1 WHERE name='seq' RETURNING value").fetchone()
    assert row is not None
    return int(row[0])


def begin(connection: Pg) -> None:
    """Begin a transaction.

    Raises:
        LostConnection: the connection was broken before.
    """
    safely(connection, lambda: connection.execute("BEGIN"))


def safely(connection: Pg, work: Any) -> Any:
    """Do something after which, where the connection breaks, nothing is written.

    Raises:
        LostConnection: it broke.
    """
    try:
        return work()
    except driver().OperationalError as error:
        if connection.broken:
            raise LostConnection(error) from error
        raise


def replace(
    connection: Pg,
    key: str,
    expected: int,
    row: Record | None,
    now_ms: int,
    events: PackedEvents,
    *,
    begun: bool = False,
    unless_locked: bool = False,
) -> int | None:
    """Write a record if it still has a version, or delete it, with its events, and end the transaction.

    Args:
        connection: idle, unless `begun`.
        key: the record.
        expected: the version it must have; 0 for none.
        row: what to write; None deletes.
        now_ms: the time.
        events: what tells of it.
        begun: a transaction was begun before.
        unless_locked: rather do nothing than wait for who is writing the record.

    Returns:
        The new version, 0 after a deletion; None when nothing was written.

    Raises:
        LostConnection: the connection broke before the end, and nothing is written.
        LostInCommit: it broke at the end.
    """
    try:
        written = safely(
            connection, lambda: _write(connection, key, expected, row, now_ms, begun, unless_locked)
        )
        if written:
            _end(connection, events)
        else:
            connection.execute("ROLLBACK")
    except BaseException:
        _give_up(connection)
        raise
    if not written:
        return None
    return 0 if row is None else expected + 1


def _write(
    connection: Pg,
    key: str,
    expected: int,
    row: Record | None,
    now_ms: int,
    begun: bool,
    unless_locked: bool,
) -> bool:
    # What goes in one pipeline is one way to the server and back.
    with connection.pipeline():
        if not begun:
            connection.execute("BEGIN")
        if row is None:
            done = connection.execute(DELETE, (key, expected))
        else:
            statement, values = _statement(key, expected, row, now_ms)
            done = connection.execute(UPDATE_UNLESS_LOCKED if unless_locked else statement, values)
    return done.rowcount > 0


def _statement(key: str, expected: int, row: Record, now_ms: int) -> tuple[Any, tuple[Any, ...]]:
    columns = (*columns_of(row, now_ms), key)
    return (UPDATE, (*columns, expected)) if expected else (INSERT, columns)


def _end(connection: Pg, events: PackedEvents) -> None:
    try:
        with connection.pipeline():
            if events:
                columns = [list(column) for column in zip(*events, strict=True)]
                connection.execute(_TELL, (len(events), len(events), *columns))
            connection.execute("COMMIT")
    except driver().OperationalError as error:
        if connection.broken:
            raise LostInCommit from error
        raise


def _give_up(connection: Pg) -> None:
    """Leave no transaction behind. A connection on which that fails is thrown away by who lent it."""
    if not connection.closed and connection.info.transaction_status.name != "IDLE":
        try:
            connection.rollback()
        except driver().Error:
            connection.close()
