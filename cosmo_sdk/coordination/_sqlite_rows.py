"""What a SqliteStore writes in its transactions, and how it asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from cosmo_sdk.coordination import _codec
from cosmo_sdk.coordination._codec import Index
from cosmo_sdk.coordination._store_base import Record, columns_of, numbered
from cosmo_sdk.coordination.events import Event


def where(kind: str, state: str | None) -> tuple[str, list[Any]]:
    """The condition for a kind and a state, and its values."""
    if state is None:
        return "kind=?", [kind]
    # Written out where an index has it so.
    return (
        ("kind=? AND state='pending'", [kind])
        if state == "pending"
        else ("kind=? AND state=?", [kind, state])
    )


def no_number() -> int:
    """For records that ask for none."""
    raise AssertionError("only a new record is numbered")


def columns(value: Any, index: Index | None, next_seq: Callable[[], int]) -> Record:
    """A value as it is written; what cannot be stored is refused here."""
    index = numbered(value, index, next_seq)
    return _codec.encode(value), index


def replace(
    connection: sqlite3.Connection,
    key: str,
    expected: int,
    row: Record,
    now_ms: int,
    events: Sequence[Event],
) -> int | None:
    """Write a record if it still has a version, with its events. Its new version, or None."""
    columns = columns_of(row, now_ms)
    if expected == 0:
        done = connection.execute(
            "INSERT OR IGNORE INTO kv(kind, value, state, pool_id, priority, seq, lease_ms, updated_ms, key, version) "
            "VALUES (?,?,?,?,?,?,?,?,?,1)",
            (*columns, key),
        )
    else:
        done = connection.execute(
            "UPDATE kv SET kind=?, value=?, state=?, pool_id=?, priority=?, seq=?, lease_ms=?, updated_ms=?, "
            "version=version+1 WHERE key=? AND version=?",
            (*columns, key, expected),
        )
    return _with_events(connection, done.rowcount, expected + 1, events)


def delete(connection: sqlite3.Connection, key: str, expected: int, events: Sequence[Event]) -> int | None:
    """Delete a record if it still has a version, with its events. 0, or None."""
    done = connection.execute("DELETE FROM kv WHERE key=? AND version=?", (key, expected))
    return _with_events(connection, done.rowcount, 0, events)


def _with_events(
    connection: sqlite3.Connection, written: int, version: int, events: Sequence[Event]
) -> int | None:
    if not written:
        return None
    connection.executemany(
        "INSERT INTO events(id, ts_ms, kind, subject, actor, body) VALUES (?,?,?,?,?,?)",
        [
            (each.id, each.ts_ms, each.kind, each.subject, each.actor, msgspec.msgpack.encode(each))
            for each in events
        ],
    )
    return version
