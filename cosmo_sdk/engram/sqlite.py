"""A memory in a SQLite file that several processes share."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from cosmo_sdk._sqlite import SqliteFile
from cosmo_sdk.engram.base import Engram, Hit, ImprintReceipt
from cosmo_sdk.engram.memory import CAPABILITIES, GIVEN_UP, JOURNAL_LIMIT, JOURNAL_LINES, SEEN_LIMIT, counted
from cosmo_sdk.engram.operations import Change, Entry, Outcome, Write, compensate, imprint
from cosmo_sdk.engram.search import read_question
from cosmo_sdk.engram.sqlite_search import COLUMNS, INDEX, find, read_entry

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
    CREATE TABLE IF NOT EXISTS engram_given_up (
        number INTEGER PRIMARY KEY AUTOINCREMENT, engram_kind TEXT NOT NULL, trace_id TEXT NOT NULL,
        UNIQUE (engram_kind, trace_id)
    );
"""


def _prepare(connection: sqlite3.Connection) -> None:
    # Not executescript: it would commit the transaction this runs in.
    for statement in (*_TABLES.split(";"), INDEX):
        connection.execute(statement)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class _TableShelf:
    """Entries, receipts and journals of one kind of memory in a file, during one transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        kind: str,
        seen_limit: int,
        journal_limit: int,
        journal_lines: int,
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._seen_limit = seen_limit
        self._journal_limit = journal_limit
        self._journal_lines = journal_lines
        self.journals_dropped = 0

    def get(self, id: str) -> Entry | None:
        return self._one("id = ?", id)

    def last(self, merge_key: str) -> Entry | None:
        return self._one("engram_kind = ? AND merge_key = ?", self._kind, merge_key)

    def _one(self, condition: str, *values: str) -> Entry | None:
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM engram_entries WHERE {condition} AND deleted_at IS NULL "
            "ORDER BY rowid DESC LIMIT 1",
            values,
        ).fetchone()
        return None if row is None else read_entry(row)

    def put(self, entry: Entry) -> None:
        self.remove(entry.id)
        # SQLite gives the highest row number out again once it is free, so a restored entry may find its place taken.
        taken = self._connection.execute(
            "SELECT 1 FROM engram_entries WHERE rowid = ?", (entry.order,)
        ).fetchone()
        self._connection.execute(
            f"INSERT INTO engram_entries ({COLUMNS}, engram_kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        number = self._connection.execute(
            "INSERT INTO engram_journal (engram_kind, trace_id, change) VALUES (?, ?, ?)",
            (self._kind, trace_id, _text(change)),
        ).lastrowid
        if not known:
            self._give_up(
                "SELECT trace_id FROM engram_journal WHERE engram_kind = ? GROUP BY trace_id "
                "ORDER BY MAX(number) DESC LIMIT -1 OFFSET ?",
                self._journal_limit,
            )
        self._give_up(
            "SELECT DISTINCT trace_id FROM engram_journal WHERE engram_kind = ? AND number <= ?",
            (number or 0) - self._journal_lines,
        )

    def has_journal(self, trace_id: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM engram_journal WHERE engram_kind = ? AND trace_id = ?", (self._kind, trace_id)
        ).fetchone()
        return row is not None

    def _give_up(self, which: str, limit: int) -> None:
        """Give up the journals of the traces that a statement names."""
        for (trace_id,) in self._connection.execute(which, (self._kind, limit)).fetchall():
            self.take_journal(trace_id)
            self.journals_dropped += 1
            number = self._connection.execute(
                "INSERT OR REPLACE INTO engram_given_up (engram_kind, trace_id) VALUES (?, ?)",
                (self._kind, trace_id),
            ).lastrowid
            self._connection.execute(
                "DELETE FROM engram_given_up WHERE number <= ?",
                ((number or 0) - GIVEN_UP * self._journal_limit,),
            )

    def gave_up(self, trace_id: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM engram_given_up WHERE engram_kind = ? AND trace_id = ?", (self._kind, trace_id)
        ).fetchone()
        return row is not None

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
        journal_lines: how many writes with a trace may follow its first before a trace can no longer be rolled back.
    """

    def __init__(
        self,
        path: str | Path = ":memory:",
        *,
        engram_id: str = "engram-sqlite",
        engram_kind: str = "relational",
        capabilities: list[str] | None = None,
        version: str | None = None,
        seen_limit: int = SEEN_LIMIT,
        journal_limit: int = JOURNAL_LIMIT,
        journal_lines: int = JOURNAL_LINES,
    ) -> None:
        self.engram_id = engram_id
        self.engram_kind = engram_kind
        self.capabilities = list(CAPABILITIES if capabilities is None else capabilities)
        self.version = version
        self._seen_limit = seen_limit
        self._journal_limit = journal_limit
        self._journal_lines = journal_lines
        self._journals_dropped = 0
        self._file = SqliteFile(path, _prepare)

    @property
    def journals_dropped(self) -> int:
        """Traces that can no longer be rolled back because newer ones needed the room."""
        return self._journals_dropped

    def _shelf(self, connection: sqlite3.Connection) -> _TableShelf:
        return _TableShelf(
            connection, self.engram_kind, self._seen_limit, self._journal_limit, self._journal_lines
        )

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

        question = read_question(query, filters, min_confidence)
        return await self._file.read(lambda connection: find(connection, self.engram_kind, question))

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
        """Undo what the trace wrote.

        Raises:
            RollbackIncomplete: its journal was given up to make room.
        """
        return counted(
            await self._file.write(lambda connection: compensate(self._shelf(connection), trace_id))
        )

    async def commit(self, trace_id: str) -> None:
        """Forget how to undo the trace."""
        # Every FINAL of the namespace comes by here, and most of them have nothing to do with this memory.
        if await self._file.read(lambda connection: self._shelf(connection).has_journal(trace_id)):
            await self._file.write(lambda connection: self._shelf(connection).take_journal(trace_id))
