"""Time drawn in eighths of a cell: spans, axes with round ticks, sparklines. Pure text, no colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_FILLS = " ▏▎▍▌▋▊▉█"
_LEVELS = " ▁▂▃▄▅▆▇█"


class Bar(NamedTuple):
    """A span on a line of cells: `lead` empty cells, then a start glyph, full cells, and an end glyph.

    The start glyph is the complement of what it shows (blocks grow from the left only): paint it in reverse.
    """

    lead: int
    start: str
    body: str
    end: str

    @property
    def cells(self) -> int:
        """Cells up to and including the end glyph."""
        return self.lead + len(self.start) + len(self.body) + len(self.end)


def span(first: float, last: float, width: int) -> Bar:
    """A bar from `first` to `last`, fractions of `width` cells from 0 to 1; at least one eighth wide."""
    total = width * 8
    begin = min(max(0, round(first * total)), total - 1)
    finish = min(max(begin + 1, round(last * total)), total)
    lead, offset = divmod(begin, 8)
    whole, rest = divmod(finish, 8)
    if whole == lead or (whole == lead + 1 and rest == 0):
        # Inside one cell the glyph cannot float: keep its true width at the cell's left edge.
        return Bar(lead, "", "", _FILLS[finish - begin])
    start = _FILLS[offset] if offset else ""
    return Bar(lead, start, "█" * (whole - lead - bool(offset)), _FILLS[rest] if rest else "")


def countdown(fraction: float, width: int) -> str:
    """What is left of a window, as a bar that shrinks towards the left; `width` cells at a fraction of 1."""
    eighths = min(max(0, math.ceil(fraction * width * 8)), width * 8)
    return "█" * (eighths // 8) + (_FILLS[eighths % 8] if eighths % 8 else "")


def sparkline(values: Sequence[float], top: float) -> str:
    """One character for each value, from empty to `top`. A value above zero always shows."""
    if top <= 0:
        return " " * len(values)
    return "".join([_LEVELS[0 if value <= 0 else max(1, min(8, round(value / top * 8)))] for value in values])


def round_up(value: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `value`."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    for factor in (1, 2, 5, 10):
        if value <= factor * power * (1 + 1e-9):
            return factor * power
    return 10 * power


_MINUTES_FROM = 100.0
_HOURS_FROM = 7_200.0
"""Lengths of an axis from which on it counts in minutes and in hours, seconds."""


class Axis(NamedTuple):
    """A stretch of a time axis. One that starts at 0 ends on a round figure, so it grows in steps and never creeps."""

    length: float
    """Seconds."""
    step: float
    """Seconds between ticks."""
    start: float = 0.0
    """Seconds from 0 to its left end."""

    def place(self, at: float) -> float:
        """Where a moment lies, as a fraction of the length; beyond 0 and 1 when it is not on the stretch."""
        return (at - self.start) / self.length


def axis_for(seconds: float, width: int) -> Axis:
    """The axis for a span of `seconds` on `width` cells; a tick every 1, 2 or 5 units, about 10 cells apart."""
    longest = max(seconds, 0.001)
    step = step_for(longest, width)
    return Axis(step * max(1, math.ceil(longest / step - 1e-9)), step)


def step_for(seconds: float, width: int) -> float:
    """Seconds between ticks about 10 cells apart: 1, 2 or 5 times a power of ten, of seconds, minutes or hours."""
    apart = seconds * 10 / max(width, 10)
    unit = 1.0 if seconds < _MINUTES_FROM else 60.0 if seconds < _HOURS_FROM else 3600.0
    return round_up(apart / unit) * unit


def tick_labels(axis: Axis, width: int) -> str:
    """The axis as text: each figure starts at its tick; the unit stands once, at the first figure after 0."""
    scale, unit = _unit(axis)
    cells = [" "] * width
    free_from = 0
    named = False
    first = math.ceil(axis.start / axis.step - 1e-9)
    end = axis.start + axis.length
    for index in range(first, first + math.floor(axis.length / axis.step + 1e-9) + 1):
        at = index * axis.step
        label = f"{at * scale:.10g}" + (unit if index and not named else "")
        place = round(axis.place(at) * width)
        if not axis.start and at >= end * (1 - 1e-9):
            place = width - len(label)
        if place < free_from or place + len(label) > width:
            continue
        named = named or bool(index)
        cells[place : place + len(label)] = label
        free_from = place + len(label) + 1
    return "".join(cells)


def _unit(axis: Axis) -> tuple[float, str]:
    """By what seconds are multiplied, and the name of the unit."""
    if axis.step < 0.001:
        return 1_000_000, " us"
    if axis.start + axis.length < 2:
        return 1000, " ms"
    # The step tells in what it was chosen: no number of minutes is a round one of seconds, nor of hours.
    for unit, name in ((60.0, " min"), (3600.0, " h")):
        if math.isclose(round_up(axis.step / unit), axis.step / unit, rel_tol=1e-9):
            return 1 / unit, name
    return 1, " s"
