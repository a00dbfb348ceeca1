"""Values as people write them: numbers with units, times of day, truths."""

from __future__ import annotations

import math
import re
from typing import Literal

Kind = Literal["type", "text", "id", "number", "seconds", "bytes", "time", "truth", "any"]
"""How a field's value is read and compared. `id` also matches by its end, `time` is a time of day (UTC)."""


_NUMBER = re.compile(r"([+-]?\d{1,30}(?:\.\d{0,30})?|[+-]?\.\d{1,30})([a-zA-Z]*)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,9})?))?")

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"b": 1.0, "kb": 1e3, "mb": 1e6}
_MONEY = {"usd": 1.0}
UNITS: dict[Kind, dict[str, float]] = {
    "number": _MONEY,
    "seconds": _SECONDS,
    "bytes": _BYTES,
    "any": {},
}
"""The units of each kind of number. A number without one is of the unit that counts 1."""


def read_number(text: str, kind: Kind) -> float | None:
    """A number with a unit of its kind; None when the text is none."""
    if kind == "time":
        return _read_clock(text)
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    factor = UNITS[kind].get(found[2].lower()) if found[2] else 1.0
    return None if factor is None else float(found[1]) * factor


def as_number(value: object) -> float | None:
    """A number of a payload, as it is compared; None for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(number) else number


def as_text(value: object) -> str | None:
    """A value of a payload, as it is compared with text; None for what has no short form."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value) if isinstance(value, int | float) else None
    except ValueError:  # an integer of thousands of digits
        return None


def expected(kind: Kind) -> str:
    """What a value of a kind looks like, for messages."""
    return {
        "seconds": "a span of time like 250ms, 2s or 1h",
        "bytes": "a size like 1000, 64kb or 2mb",
        "time": "a time of day like 12:04:31",
        "truth": "true or false",
    }.get(kind, "a number like 0.01")


def _read_clock(text: str) -> float | None:
    found = _CLOCK.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    seconds = float(found[3] or 0)
    return int(found[1]) * 3600 + int(found[2]) * 60 + seconds if seconds < 60 else None
