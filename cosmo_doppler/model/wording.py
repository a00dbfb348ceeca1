"""Values, amounts and ids in a few words. Plain strings, bounded in length, not yet safe for a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

LIMIT = 240
"""Characters of a description at the most."""

_DEEPEST = 16
"""Wrappers of one key looked into for a telling text."""

_TEXT_KEYS = (
    "text",
    "prompt",
    "query",
    "question",
    "content",
    "task",
    "title",
    "q",
    "message",
    "summary",
    "response",
    "value",
)


def shorten(text: str, limit: int = LIMIT) -> str:
    """One line of at most `limit` characters, cut at the end with an ellipsis."""
    room = limit * 2
    if len(text) <= room:
        line = " ".join(text.split())
        if len(line) <= limit:
            return line
    else:
        line = " ".join(text[:room].split())
    return line[: limit - 1] + "…"


def finite(value: Any) -> float | None:
    """A JSON number that can be calculated with, or None. JSON booleans are no numbers."""
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        try:
            value = float(value)
        except OverflowError:
            return None
    return value if math.isfinite(value) else None


def short_id(id: str) -> str:
    """The last 8 characters: the first are a timestamp and look alike."""
    return id[-8:]


def say(value: Any, limit: int = LIMIT) -> str:
    """Any JSON value as one line: its most telling text if it has one, else compact JSON."""
    for _ in range(_DEEPEST):
        if isinstance(value, str):
            return shorten(value, limit)
        if type(value) is not dict and not isinstance(value, Mapping):
            break
        for key in _TEXT_KEYS:
            telling = value.get(key)
            if telling and isinstance(telling, str):
                return shorten(telling, limit)
        inner = next(iter(value.values())) if len(value) == 1 else None
        if not isinstance(inner, str | Mapping):
            break
        value = inner
    if value is None or value == {}:
        return ""
    try:
        return shorten(msgspec.json.encode(value).decode("utf-8", "replace"), limit)
    except (TypeError, ValueError, RecursionError):
        return ""


def duration(seconds: float) -> tuple[str, str]:
    """A span of time as number and unit, three significant digits at most: `("812", "ms")`, `("3.1", "s")`."""
    seconds = max(0.0, seconds)
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f}", "ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}", "ms"
    if seconds < 99.95:
        return f"{seconds:.1f}", "s"
    return age(seconds)


def age(seconds: float) -> tuple[str, str]:
    """How long ago, whole units: `("4", "s")`, `("12", "min")`, `("3", "h")`, `("2", "d")`."""
    seconds = max(0.0, seconds)
    if seconds < 100:
        return f"{seconds:.0f}", "s"
    if seconds < 5970:
        return f"{seconds / 60:.0f}", "min"
    if seconds < 100 * 3600:
        return f"{seconds / 3600:.0f}", "h"
    return f"{seconds / 86400:.0f}", "d"


def joined(quantity: tuple[str, str]) -> str:
    """Number and unit with a space between."""
    return f"{quantity[0]} {quantity[1]}"


def format_duration(seconds: float) -> str:
    """`812ms`, `1.9s`, `2m05s`, `1h04m`: at most five characters until ten hours."""
    if seconds < 0:
        seconds = 0.0
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"


def format_bytes(count: int) -> str:
    """`512 B`, `48 kB`, `1.2 MB`; decimal units."""
    size = float(count)
    if size < 1000:
        return f"{count} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"
    raise AssertionError("unreachable")
