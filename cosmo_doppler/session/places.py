"""Places on a timeline as people write them: `00:01:12`, `40%`, `#18231`, `next type:ERROR`."""

from __future__ import annotations

import re
import time
from typing import Literal, NamedTuple

from cosmo_doppler.errors import SettingError
from cosmo_doppler.query import Query, QueryError, StoreRow, compile_query
from cosmo_doppler.store import Store

_TIME = re.compile(r"\+?(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)|\+?(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_ROWS_AT_ONCE = 256
"""Rows looked at between two looks at the clock."""


class Place(NamedTuple):
    """A place that can be found once enough of the recording is known."""

    unit: Literal["seconds", "part", "signal"]
    """seconds since the first signal; part of the whole time, 0 to 1; signals."""
    value: float


def read_place(text: str) -> Place:
    """Read a place.

    Args:
        text: `72s`, `1:12`, `00:01:12.5` since the first signal; `40%` of the time; `#18231`, that many signals.

    Raises:
        SettingError: it is none of these.
    """
    text = text.strip()
    if text.startswith("#") and text[1:].replace(",", "").isdecimal():
        return Place("signal", float(text[1:].replace(",", "")))
    if text.endswith("%") and re.fullmatch(r"\d+(\.\d+)?", text[:-1].strip()):
        return Place("part", min(100.0, float(text[:-1])) / 100)
    found = _TIME.fullmatch(text)
    if found is None:
        raise SettingError(f"{text[:40]!r} is no place; write 00:01:12, 90s, 40%, #18231 or: next type:ERROR")
    hours, minutes, seconds, amount, unit = found.groups()
    if unit is not None:
        return Place("seconds", float(amount) * _UNIT_S[unit])
    return Place("seconds", int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds))


def read_hunt(text: str, store: Store, position: int) -> Hunt | None:
    """Read `next EXPR` or `last EXPR`, the signal to look for from a position on; None when it is something else.

    Raises:
        SettingError: the expression cannot be meant.
    """
    word, _, expression = text.strip().partition(" ")
    if word not in ("next", "last"):
        return None
    try:
        query = compile_query(expression.strip())
    except QueryError as error:
        raise SettingError(str(error)) from error
    return Hunt(query, store, position, forward=word == "next")


class Hunt:
    """Looks for a signal in slices: forward from a position, or back from the one under it."""

    def __init__(self, query: Query, store: Store, position: int, *, forward: bool) -> None:
        self._matches = query.matches
        self._row = StoreRow(store)
        self._store = store
        self._seq = self._begin = position if forward else position - 2
        self._forward = forward
        self.found: int | None = None
        """The position right after it."""
        self.over = False
        """Whether everything was looked at, or something was found."""

    @property
    def done(self) -> float:
        """How much was looked at, 0 to 1."""
        whole = len(self._store) - self._begin if self._forward else self._begin + 1
        return min(1.0, abs(self._seq - self._begin) / whole) if whole > 0 else 1.0

    def look(self, stop_at: float) -> None:
        """Look on until the clock of `time.perf_counter` says stop."""
        step = 1 if self._forward else -1
        while not self.over:
            for _ in range(_ROWS_AT_ONCE):
                if not 0 <= self._seq < len(self._store):
                    self.over = True
                    return
                self._row.move(self._seq)
                if self._matches(self._row):
                    self.found, self.over = self._seq + 1, True
                    return
                self._seq += step
            if time.perf_counter() >= stop_at:
                return
