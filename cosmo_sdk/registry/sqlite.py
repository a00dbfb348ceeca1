"""A registry in a SQLite file that several processes share."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cosmo_sdk._sqlite import SqliteFile
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

_COLUMNS = {
    "neuron_id": "TEXT PRIMARY KEY",
    "capabilities": "TEXT NOT NULL DEFAULT '[]'",
    "version": "TEXT",
    "status": "TEXT NOT NULL DEFAULT 'registered'",
    "last_heartbeat": "TEXT",
    "registered_at": "TEXT NOT NULL DEFAULT ''",
    "role": "TEXT NOT NULL DEFAULT 'neuron'",
    "kind": "TEXT NOT NULL DEFAULT 'neuron'",
    "health": "TEXT",
    "host": "TEXT",
    "stale_since": "TEXT",
}
_NAMES = ", ".join(_COLUMNS)


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the table. A file of a released peer has the first six columns and gets the others."""
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    connection.execute(f"CREATE TABLE IF NOT EXISTS neurons ({columns})")
    present = {row[1] for row in connection.execute("PRAGMA table_info(neurons)")}
    for name, kind in _COLUMNS.items():
        if name not in present:
            connection.execute(f"ALTER TABLE neurons ADD COLUMN {name} {kind}")


def _to_row(record: NeuronRecord) -> dict[str, Any]:
    row = record.to_dict()
    row["capabilities"] = json.dumps(row["capabilities"])
    return row


def _from_row(row: tuple[Any, ...]) -> NeuronRecord:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["capabilities"] = json.loads(values["capabilities"] or "[]")
    for name in ("last_heartbeat", "registered_at", "stale_since"):
        text = values[name]
        values[name] = aware(datetime.fromisoformat(text)) if text else None
    # Other programs write these files too: what they left out has its default.
    return NeuronRecord(**{name: value for name, value in values.items() if value is not None})


def _find(connection: sqlite3.Connection, neuron_id: str) -> NeuronRecord | None:
    row = connection.execute(f"SELECT {_NAMES} FROM neurons WHERE neuron_id = ?", (neuron_id,)).fetchone()
    return None if row is None else _from_row(row)


def _save(connection: sqlite3.Connection, record: NeuronRecord) -> None:
    changes = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    connection.execute(
        f"INSERT INTO neurons ({_NAMES}) VALUES ({', '.join(':' + name for name in _COLUMNS)}) "
        f"ON CONFLICT (neuron_id) DO UPDATE SET {changes}",
        _to_row(record),
    )


class SqliteRegistryStore(RegistryStore):
    """Records in a file. Every change is a transaction; the file is opened on first use.

    Args:
        path: the file; `:memory:` forgets on `close`.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self._file = SqliteFile(path, _prepare)

    async def connect(self) -> None:
        """Open the file.

        Raises:
            sqlite3.Error: it cannot be opened or is no database.
        """
        await self._file.open()

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    async def upsert(self, record: NeuronRecord) -> None:
        """Add a participant, or replace what is known of it."""
        news = record.copy()
        await self._file.write(
            lambda connection: _save(connection, registered(_find(connection, news.neuron_id), news))
        )

    async def mark_deregistered(self, neuron_id: str) -> None:
        """It left."""

        def mark(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE neurons SET status = 'deregistered' WHERE neuron_id = ?", (neuron_id,))

        await self._file.write(mark)

    async def mark_stale(self, neuron_id: str, since: datetime) -> None:
        """It has been silent for too long."""

        def mark(connection: sqlite3.Connection) -> None:
            known = _find(connection, neuron_id)
            if known is not None and known.status not in GONE:
                _save(connection, replace(known, status="stale", stale_since=aware(since)))

        await self._file.write(mark)

    async def touch_heartbeat(self, neuron_id: str, ts: datetime, status: str | None = None) -> None:
        """It was heard of at `ts`."""

        def touch(connection: sqlite3.Connection) -> None:
            record = heard_from(_find(connection, neuron_id), neuron_id, ts, status)
            if record is not None:
                _save(connection, record)

        await self._file.write(touch)

    async def get(self, neuron_id: str) -> NeuronRecord | None:
        """One participant's record."""
        return await self._file.read(lambda connection: _find(connection, neuron_id))

    async def list(self, *, capability: str | None = None, include_deregistered: bool = False) -> Records:
        """The participants to be reckoned with."""

        def collect(connection: sqlite3.Connection) -> Records:
            rows = connection.execute(f"SELECT {_NAMES} FROM neurons ORDER BY rowid")
            return [
                record for record in map(_from_row, rows) if wanted(record, capability, include_deregistered)
            ]

        return await self._file.read(collect)

    async def forget(self, before: datetime, *, keep: int = GONE_KEPT) -> int:
        """Drop who has been gone for long."""

        def drop(connection: sqlite3.Connection) -> int:
            standings = ", ".join("?" for _ in GONE)
            rows = connection.execute(f"SELECT {_NAMES} FROM neurons WHERE status IN ({standings})", [*GONE])
            dropped = forgettable(map(_from_row, rows), before, keep)
            connection.executemany(
                "DELETE FROM neurons WHERE neuron_id = ?", [(each.neuron_id,) for each in dropped]
            )
            return len(dropped)

        return await self._file.write(drop)
