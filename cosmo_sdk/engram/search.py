"""How a memory looks for entries (PROTOCOL 8.4): a pure function over them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

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


def search(
    entries: Iterable[Entry],
    query: dict[str, Any],
    filters: dict[str, Any] | None = None,
    min_confidence: float | None = None,
) -> Hits:
    """The entries that fit, best first, of equal ones the latest change first.

    Args:
        entries: all there are.
        query: `text` (anywhere in the content, in any case), `tag`, `merge_key`, `top_k` (50 when left out).
        filters: `tags` (has all of them), `since` and `until` (ISO 8601, of the last change).
        min_confidence: leaves out hits that score lower.

    Raises:
        EngramError: a part of the query or of the filters has the wrong type.
    """
    asked, kept = _read(query, _Query, "query"), _read(filters or {}, _Filters, "filters")
    since, until = _moment(kept.since, "since"), _moment(kept.until, "until")
    found: list[tuple[float, Entry]] = []
    for entry in entries:
        score = _score(entry, asked)
        if score is None or (min_confidence is not None and score < min_confidence):
            continue
        if set(kept.tags or ()) <= set(entry.tags) and _within(entry, since, until):
            found.append((score, entry))
    found.sort(key=lambda pair: (pair[0], pair[1].updated_at, pair[1].order), reverse=True)
    top_k = DEFAULT_TOP_K if asked.top_k is None else max(0, asked.top_k)
    return Hits(
        (Hit(entry.id, entry.to_dict(), score) for score, entry in found[:top_k]),
        truncated=len(found) > top_k,
    )


def _read(given: dict[str, Any], form: type[Any], name: str) -> Any:
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


def _score(entry: Entry, asked: _Query) -> float | None:
    """How well an entry fits, or None when it does not: a text that fills the content fits best."""
    if asked.tag is not None and asked.tag not in entry.tags:
        return None
    if asked.merge_key is not None and asked.merge_key != entry.merge_key:
        return None
    if not asked.text:
        return 1.0
    content = entry.content if isinstance(entry.content, str) else msgspec.json.encode(entry.content).decode()
    if asked.text.casefold() not in content.casefold():
        return None
    return min(1.0, len(asked.text) / max(1, len(content)))
