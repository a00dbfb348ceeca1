"""The search of `search.py`, done by SQLite: an index gives the latest entries, and only hits are read."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

import msgspec

from cosmo_sdk.engram.base import Hit, Hits
from cosmo_sdk.engram.operations import Entry
from cosmo_sdk.engram.search import Question, score

COLUMNS = "rowid, id, merge_key, content, tags, meta, version, created_at, updated_at"

INDEX = """
    CREATE INDEX IF NOT EXISTS engram_entries_recent_idx ON engram_entries (engram_kind, updated_at)
        WHERE deleted_at IS NULL
"""
"""Gives the latest changes without a look at the others."""

_ANYTHING_ELSE = (
    "(length(content) <> length(CAST(content AS BLOB)) OR instr(content, char(92)) > 0)"  # not ASCII; escaped
)


def read_entry(row: tuple[Any, ...]) -> Entry:
    """An entry from its `COLUMNS`."""
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


def find(connection: sqlite3.Connection, kind: str, question: Question) -> Hits:
    """The entries of a kind that fit, best first, of equal ones the latest change first."""
    folded = question.text.casefold()

    def fit(content: str) -> float | None:
        return score(msgspec.json.decode(content), question.text, folded)

    conditions, values = _conditions(kind, question, folded)
    where = " AND ".join(conditions)
    if folded:
        connection.create_function("engram_score", 1, fit)
        select = (
            f"SELECT * FROM (SELECT {COLUMNS}, engram_score(content) AS score FROM engram_entries WHERE {where}) "
            "WHERE score >= ? ORDER BY score DESC, updated_at DESC, rowid DESC LIMIT ?"
        )
    else:
        select = (
            f"SELECT {COLUMNS}, 1.0 FROM engram_entries WHERE {where} AND 1.0 >= ? "
            "ORDER BY updated_at DESC, rowid DESC LIMIT ?"
        )
    rows = connection.execute(select, (*values, question.min_confidence, question.top_k + 1)).fetchall()
    found = [(read_entry(row[:-1]), row[-1]) for row in rows[: question.top_k]]
    return Hits(
        (Hit(entry.id, entry.to_dict(), fits) for entry, fits in found), truncated=len(rows) > question.top_k
    )


def _conditions(kind: str, question: Question, folded: str) -> tuple[list[str], list[Any]]:
    conditions, values = ["engram_kind = ?", "deleted_at IS NULL"], [kind]
    if question.merge_key is not None:
        conditions.append("merge_key = ?")
        values.append(question.merge_key)
    for tag in question.tags:
        if re.fullmatch(r'[^\x00-\x1f"\\\x7f-\U0010ffff]*', tag):
            # Written in one way only: where its JSON is not found, nothing needs to be taken apart.
            conditions.append("instr(tags, ?) > 0")
            values.append(f'"{tag}"')
        conditions.append("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)")
        values.append(tag)
    for comparison, moment in ((">=", question.since), ("<=", question.until)):
        if moment is not None:
            conditions.append(f"updated_at {comparison} ?")
            values.append(_written(moment))
    if folded:
        _foresee(folded, conditions, values)
    return conditions, values


def _foresee(folded: str, conditions: list[str], values: list[Any]) -> None:
    """Leave out, fast, what cannot hold a text. What may hold it is looked at in Python."""
    if not folded.isascii():
        # Folding never makes other characters out of ASCII.
        conditions.append(_ANYTHING_ELSE)
    elif re.fullmatch(r"[a-z0-9 _-]{1,1000}", folded):
        # Written in one way only. An underscore stands for any character here, which finds more, never less.
        conditions.append(f"(content LIKE ? OR {_ANYTHING_ELSE})")
        values.append(f"%{folded}%")


def _written(moment: datetime) -> str:
    """A time as entries carry it: their texts compare like the times."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
