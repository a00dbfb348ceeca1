"""How a memory looks for entries (PROTOCOL 8.4): what a question means, and the search as a pure function."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.engram.base import EngramError, Hit, Hits
from cosmo_sdk.engram.operations import Entry

DEFAULT_TOP_K = 50


class _Query(msgspec.Struct):
    """The parts of a query this kind of memory understands; others are ignored."""

    text: str | None = None
    tag: str | None = None
    merge_key: str | None = None
    top_k: int | None = None


class _Filters(msgspec.Struct):
    tags: list[str] | None = None
    since: Any = None
    until: Any = None


@dataclass(frozen=True)
class Question:
    """What is looked for."""

    text: str
    """Anywhere in the content, in any case; empty: everything fits."""
    tags: frozenset[str]
    """The entry has all of them."""
    merge_key: str | None
    since: datetime | None
    """Changed then or later."""
    until: datetime | None
    """Changed then or before."""
    top_k: int
    """Hits at most."""
    min_confidence: float
    """Hits that score lower are of no use."""


def read_question(
    query: dict[str, Any], filters: dict[str, Any] | None = None, min_confidence: float | None = None
) -> Question:
    """What a RECALL asks for.

    Args:
        query: `text` (anywhere in the content, in any case), `tag`, `merge_key`, `top_k` (50 when left out).
        filters: `tags` (has all of them), `since` and `until` (ISO 8601, of the last change).
        min_confidence: leaves out hits that score lower.

    Raises:
        EngramError: a part of the query or of the filters has the wrong type.
    """
    asked, kept = _read(query, _Query, "query"), _read(filters or {}, _Filters, "filters")
    return Question(
        text=asked.text or "",
        tags=frozenset([*(kept.tags or ()), *([asked.tag] if asked.tag is not None else ())]),
        merge_key=asked.merge_key,
        since=_moment(kept.since, "since"),
        until=_moment(kept.until, "until"),
        top_k=DEFAULT_TOP_K if asked.top_k is None else max(0, asked.top_k),
        min_confidence=0.0 if min_confidence is None else _read(min_confidence, float, "min_confidence"),
    )


def search(entries: Iterable[Entry], question: Question) -> Hits:
    """The entries that fit, best first, of equal ones the latest change first."""
    found: list[tuple[float, Entry]] = []
    folded = question.text.casefold()
    for entry in entries:
        if question.merge_key is not None and question.merge_key != entry.merge_key:
            continue
        if not question.tags.issubset(entry.tags) or not _within(entry, question.since, question.until):
            continue
        fit = score(entry.content, question.text, folded) if folded else 1.0
        if fit is not None and fit >= question.min_confidence:
            found.append((fit, entry))
    best = heapq.nlargest(
        question.top_k, found, key=lambda pair: (pair[0], pair[1].updated_at, pair[1].order)
    )
    return Hits(
        (Hit(entry.id, entry.to_dict(), fit) for fit, entry in best),
        truncated=len(found) > question.top_k,
    )


def score(content: Any, text: str, folded: str) -> float | None:
    """How well a content fits a text, or None when it does not: a text that fills it fits best.

    Args:
        content: of an entry.
        text: what is looked for.
        folded: the text, `casefold()`ed.
    """
    written = content if isinstance(content, str) else msgspec.json.encode(content).decode()
    if folded not in written.casefold():
        return None
    return min(1.0, len(text) / max(1, len(written)))


T = TypeVar("T")


def _read(given: Any, form: type[T], name: str) -> T:
    try:
        return msgspec.convert(given, form)
    except msgspec.ValidationError as error:
        raise EngramError(f"{name} is not usable: {error}") from None


def _moment(value: Any, name: str) -> datetime | None:
    if value is None:
        return None
    moment = read_timestamp(value)
    if moment is None:
        raise EngramError(f"filters.{name} is no ISO 8601 time")
    return moment


def _within(entry: Entry, since: datetime | None, until: datetime | None) -> bool:
    if since is None and until is None:
        return True
    changed = read_timestamp(entry.updated_at)
    if changed is None:
        return False
    return (since is None or changed >= since) and (until is None or changed <= until)
