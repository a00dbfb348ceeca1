"""A memory in a SQLite file that several processes share."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from cosmo_sdk._sqlite import SqliteFile
from cosmo_sdk.engram.base import Engram, Hit, Hits, ImprintReceipt
from cosmo_sdk.engram.memory import CAPABILITIES, JOURNAL_LIMIT, SEEN_LIMIT
from cosmo_sdk.engram.operations import Change, Entry, Outcome, Write, compensate, imprint
from cosmo_sdk.engram.search import search

# The table of entries has the columns released peers use, so that their files open here. They mark removed entries
# in deleted_at; we remove them, which also makes their ids free again.
_TABLES = """
    CREATE TABLE IF NOT EXISTS engram_entries (
        id TEXT PRIMARY KEY, engram_kind TEXT NOT NULL, merge_key TEXT, content TEXT NOT NULL,
        tags TEXT NOT NULL DEFAULT '[]', meta TEXT NOT NULL DEFAULT '{}', version INTEGER NOT NULL DEFAULT 1,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT
    );
    CREATE INDEX IF NOT EXISTS engram_entries_merge_key_idx ON engram_entries (merge_key)
        WHERE merge_key IS NOT NULL;
    CREATE TABLE IF NOT EXISTS engram_outcomes (
        number INTEGER PRIMARY KEY AUTOINCREMENT, engram_kind TEXT NOT NULL, imprint_id TEXT NOT NULL,
        outcome TEXT NOT NULL, UNIQUE (engram_kind, imprint_id)
    );
    CREATE TABLE IF NOT EXISTS engram_journal (
        number INTEGER PRIMARY KEY AUTOINCREMENT, engram_kind TEXT NOT NULL, trace_id TEXT NOT NULL,
        change TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS engram_journal_trace_idx ON engram_journal (engram_kind, trace_id);
"""
_COLUMNS = "rowid, id, merge_key, content, tags, meta, version, created_at, updated_at"


def _prepare(connection: sqlite3.Connection) -> None:
    # Not executescript: it would commit the transaction this runs in.
    for statement in _TABLES.split(";"):
        connection.execute(statement)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _entry(row: tuple[Any, ...]) -> Entry:
    order, entry_id, merge_key, content, tags, meta, version, created_at, updated_at = row
    return Entry(
        id=entry_id,
        content=msgspec.json.decode(content),
        tags=msgspec.json.decode(tags),
        meta=msgspec.json.decode(meta),
        merge_key=merge_key,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
        order=order,
    )


class _TableShelf:
    """Entries, receipts and journals of one kind of memory in a file, during one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, kind: str, seen_limit: int, journal_limit: int
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._seen_limit = seen_limit
        self._journal_limit = journal_limit
        self.journals_dropped = 0

    def candidates(self, merge_key: Any) -> list[Entry]:
        """What may fit a query: the entries with a merge key, where one is asked for."""
        keyed = isinstance(merge_key, str)
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM engram_entries WHERE engram_kind = ? AND deleted_at IS NULL"
            + (" AND merge_key = ?" if keyed else ""),
            (self._kind, merge_key) if keyed else (self._kind,),
        )
        return [_entry(row) for row in rows]

    def get(self, id: str) -> Entry | None:
        return self._one("id = ?", id)

    def last(self, merge_key: str) -> Entry | None:
        return self._one("engram_kind = ? AND merge_key = ?", self._kind, merge_key)

    def _one(self, condition: str, *values: str) -> Entry | None:
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM engram_entries WHERE {condition} AND deleted_at IS NULL "
            "ORDER BY rowid DESC LIMIT 1",
            values,
        ).fetchone()
        return None if row is None else _entry(row)

    def put(self, entry: Entry) -> None:
        self.remove(entry.id)
        # SQLite gives the highest row number out again once it is free, so a restored entry may find its place taken.
        taken = self._connection.execute(
            "SELECT 1 FROM engram_entries WHERE rowid = ?", (entry.order,)
        ).fetchone()
        self._connection.execute(
            f"INSERT INTO engram_entries ({_COLUMNS}, engram_kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                None if taken else entry.order or None,
                entry.id,
                entry.merge_key,
                _text(entry.content),
                _text(entry.tags),
                _text(entry.meta),
                entry.version,
                entry.created_at,
                entry.updated_at,
                self._kind,
            ),
        )

    def remove(self, id: str) -> None:
        self._connection.execute("DELETE FROM engram_entries WHERE id = ?", (id,))

    def outcome_of(self, imprint_id: str) -> Outcome | None:
        row = self._connection.execute(
            "SELECT outcome FROM engram_outcomes WHERE engram_kind = ? AND imprint_id = ?",
            (self._kind, imprint_id),
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=Outcome)

    def remember(self, imprint_id: str, outcome: Outcome) -> None:
        number = self._connection.execute(
            "INSERT INTO engram_outcomes (engram_kind, imprint_id, outcome) VALUES (?, ?, ?)",
            (self._kind, imprint_id, _text(outcome)),
        ).lastrowid
        self._connection.execute(
            "DELETE FROM engram_outcomes WHERE number <= ?", ((number or 0) - self._seen_limit,)
        )

    def note(self, trace_id: str, change: Change) -> None:
        known = self.has_journal(trace_id)
        self._connection.execute(
            "INSERT INTO engram_journal (engram_kind, trace_id, change) VALUES (?, ?, ?)",
            (self._kind, trace_id, _text(change)),
        )
        if not known:
            self._forget_oldest_journals()

    def has_journal(self, trace_id: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM engram_journal WHERE engram_kind = ? AND trace_id = ?", (self._kind, trace_id)
        ).fetchone()
        return row is not None

    def _forget_oldest_journals(self) -> None:
        oldest = self._connection.execute(
            "SELECT trace_id FROM engram_journal WHERE engram_kind = ? GROUP BY trace_id "
            "ORDER BY MAX(number) DESC LIMIT -1 OFFSET ?",
            (self._kind, self._journal_limit),
        ).fetchall()
        for (trace_id,) in oldest:
            self.take_journal(trace_id)
        self.journals_dropped += len(oldest)

    def take_journal(self, trace_id: str) -> list[Change]:
        rows = self._connection.execute(
            "SELECT change FROM engram_journal WHERE engram_kind = ? AND trace_id = ? ORDER BY number",
            (self._kind, trace_id),
        ).fetchall()
        self._connection.execute(
            "DELETE FROM engram_journal WHERE engram_kind = ? AND trace_id = ?", (self._kind, trace_id)
        )
        return [msgspec.json.decode(row[0], type=Change) for row in rows]


class SqliteEngram(Engram):
    """A memory in a file. Every write is a transaction together with its journal; the file is opened on first use.

    Memories of one kind on one file are one memory, also in several processes: a request that reaches all of them
    is done once. Memories of different kinds share a file without seeing each other.

    Args:
        path: the file; `:memory:` forgets on `close`.
        engram_id: its address.
        engram_kind: its kind.
        capabilities: what it announces.
        version: what it announces.
        seen_limit: how many IMPRINT ids are remembered.
        journal_limit: how many traces can be rolled back.
    """

    def __init__(
        self,
        *,
        path: str | Path = ":memory:",
        engram_id: str = "engram-sqlite",
        engram_kind: str = "relational",
        capabilities: list[str] | None = None,
        version: str | None = None,
        seen_limit: int = SEEN_LIMIT,
        journal_limit: int = JOURNAL_LIMIT,
    ) -> None:
        self.engram_id = engram_id
        self.engram_kind = engram_kind
        self.capabilities = list(CAPABILITIES if capabilities is None else capabilities)
        self.version = version
        self._seen_limit = seen_limit
        self._journal_limit = journal_limit
        self._journals_dropped = 0
        self._file = SqliteFile(path, _prepare)

    @property
    def journals_dropped(self) -> int:
        """Traces that can no longer be rolled back because newer ones needed the room."""
        return self._journals_dropped

    def _shelf(self, connection: sqlite3.Connection) -> _TableShelf:
        return _TableShelf(connection, self.engram_kind, self._seen_limit, self._journal_limit)

    async def connect(self) -> None:
        """Open the file.

        Raises:
            sqlite3.Error: it cannot be opened or is no database.
        """
        await self._file.open()

    async def close(self) -> None:
        """Close the file."""
        await self._file.close()

    async def recall(
        self,
        query: dict[str, Any],
        *,
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        min_confidence: float | None = None,
    ) -> list[Hit]:
        """Find entries; see `cosmo_sdk.engram.search`."""

        def find(connection: sqlite3.Connection) -> Hits:
            entries = self._shelf(connection).candidates(query.get("merge_key"))
            return search(entries, query, filters, min_confidence)

        return await self._file.read(find)

    async def imprint(
        self,
        op: str,
        entry: dict[str, Any],
        *,
        merge_key: str | None = None,
        imprint_id: str | None = None,
        trace_id: str | None = None,
    ) -> ImprintReceipt:
        """Write; see `cosmo_sdk.engram.operations`. What cannot be done is the receipt's `error`."""
        write = Write(op=op, entry=entry, merge_key=merge_key, imprint_id=imprint_id, trace_id=trace_id)

        def perform(connection: sqlite3.Connection) -> tuple[Outcome, int]:
            shelf = self._shelf(connection)
            return imprint(shelf, write), shelf.journals_dropped

        outcome, dropped = await self._file.write(perform)
        self._journals_dropped += dropped
        return ImprintReceipt(self.engram_id, op, outcome.id, outcome.version, error=outcome.error)

    async def compensate(self, trace_id: str) -> int:
        """Undo what the trace wrote."""
        return await self._file.write(lambda connection: compensate(self._shelf(connection), trace_id))

    async def commit(self, trace_id: str) -> None:
        """Forget how to undo the trace."""
        # Every FINAL of the namespace comes by here, and most of them have nothing to do with this memory.
        if await self._file.read(lambda connection: self._shelf(connection).has_journal(trace_id)):
            await self._file.write(lambda connection: self._shelf(connection).take_journal(trace_id))
