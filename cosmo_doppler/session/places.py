"""Places on a timeline as people write them: `00:01:12`, `40%`, `#18231`, `next type:ERROR`; and speeds: `4`, `max`."""

from __future__ import annotations

import re
import time
from typing import Literal, NamedTuple

from cosmo_doppler.errors import SettingError
from cosmo_doppler.query import Known, QueryError, Sieve, compile_filter
from cosmo_doppler.store import Store

_TIME = re.compile(r"\+?(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d+)?)|\+?(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SPEED = re.compile(r"(\d{1,3}(?:\.\d{0,6})?|\.\d{1,6})\s*x?")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 100.0, float("inf"))
"""Replay speeds; the last is as fast as folding goes."""

_ROWS_AT_ONCE = 512
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


def read_speed(text: str) -> float:
    """Read a speed of a replay.

    Args:
        text: how many times as fast as recorded, `0.1` to `100`, with an `x` if one likes; `max` for as fast as it goes.

    Returns:
        The factor; infinity for `max`.

    Raises:
        SettingError: it is none.
    """
    text = text.strip().lower()
    if text == "max":
        return SPEEDS[-1]
    read = _SPEED.fullmatch(text)
    speed = float(read[1]) if read else 0.0
    if not SPEEDS[0] <= speed <= SPEEDS[-2]:
        raise SettingError(
            f"{text[:40]!r} is no speed; write a number from {SPEEDS[0]:g} to {SPEEDS[-2]:g}, or max"
        )
    return speed


def read_hunt(text: str, store: Store, position: int, known: Known) -> Hunt | None:
    """Read `next EXPR` or `last EXPR`, the signal to look for from a position on; None when it is something else.

    Raises:
        SettingError: the expression cannot be meant.
    """
    word, _, expression = text.strip().partition(" ")
    if word not in ("next", "last"):
        return None
    try:
        wanted = compile_filter(expression.strip())
    except QueryError as error:
        raise SettingError(str(error)) from error
    return Hunt(Sieve(wanted, store, known), len(store), position, forward=word == "next")


class Hunt:
    """Looks for a signal in slices: forward from a position, or back from the one under it.

    Args:
        sieve: picks the signals that are meant.
        length: how many there are.
        position: where to begin.
        forward: which way.
    """

    def __init__(self, sieve: Sieve, length: int, position: int, *, forward: bool) -> None:
        self._sieve = sieve
        self._forward = forward
        self._left = (position, length) if forward else (0, max(0, position - 1))
        self._whole = max(1, self._left[1] - self._left[0])
        self.found: int | None = None
        """The position right after it."""

    @property
    def over(self) -> bool:
        """Whether it was found, or everything was looked at."""
        return self.found is not None or self._left[0] >= self._left[1]

    @property
    def done(self) -> float:
        """How much was looked at, 0 to 1."""
        return 1 - (self._left[1] - self._left[0]) / self._whole

    def look(self, stop_at: float) -> None:
        """Look on until the clock of `time.perf_counter` says stop."""
        while not self.over:
            first, last = self._left
            if self._forward:
                last = min(last, first + _ROWS_AT_ONCE)
                self._left = last, self._left[1]
            else:
                first = max(first, last - _ROWS_AT_ONCE)
                self._left = self._left[0], first
            picked = self._sieve.pick(first, last)
            if picked:
                self.found = picked[0 if self._forward else -1] + 1
            if time.perf_counter() >= stop_at:
                return
