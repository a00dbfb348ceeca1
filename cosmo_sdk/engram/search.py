"""How a memory looks for entries (PROTOCOL 8.4): what a question means, and the search as a pure function."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.engram.base import EngramError, Hit, Hits
from cosmo_sdk.engram.operations import Entry

DEFAULT_TOP_K = 50

_LATEST = attrgetter("updated_at", "order")


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
    fitting = _fitting(entries, question)
    folded, least = question.text.casefold(), question.min_confidence
    if not folded:
        found = list(fitting) if least <= 1.0 else []
        # Memories keep their entries in the order of writing: from the end, the first are the best nearly always.
        latest = heapq.nlargest(question.top_k, reversed(found), key=_LATEST)
        best = [(1.0, entry) for entry in latest]
        return _hits(best, len(found))
    scored: list[tuple[float, Entry]] = []
    for entry in fitting:
        fit = score(entry.content, question.text, folded)
        if fit is not None and fit >= least:
            scored.append((fit, entry))
    best = heapq.nlargest(
        question.top_k, scored, key=lambda pair: (pair[0], pair[1].updated_at, pair[1].order)
    )
    return _hits(best, len(scored))


def _fitting(entries: Iterable[Entry], question: Question) -> Iterable[Entry]:
    """The entries that meet every condition but the text. What is not asked costs nothing: there may be many."""
    if (key := question.merge_key) is not None:
        entries = [entry for entry in entries if entry.merge_key == key]
    if wanted := question.tags:
        entries = [entry for entry in entries if wanted.issubset(entry.tags)]
    if question.since is not None or question.until is not None:
        entries = [entry for entry in entries if _within(entry, question.since, question.until)]
    return entries


def _hits(best: list[tuple[float, Entry]], found: int) -> Hits:
    return Hits((Hit(entry.id, entry.to_dict(), fit) for fit, entry in best), truncated=found > len(best))


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
    changed = read_timestamp(entry.updated_at)
    if changed is None:
        return False
    return (since is None or changed >= since) and (until is None or changed <= until)
