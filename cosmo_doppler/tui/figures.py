"""What figures are made of: a name, a number, and a small picture. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.style import Style

from cosmo_doppler.model.sketch import Sketch
from cosmo_doppler.tui import words
from cosmo_doppler.tui.bars import sparkline
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

TOP = 5
"""Rows of a ranking. Rankings keep their height, so that nothing below them moves."""

_UNIT = 3
"""Cells of a unit."""

_AIR = 8 / 6


class Figure(NamedTuple):
    """One line: what it is, how much, and a picture as wide as it is asked to be."""

    label: Cell
    value: Cell
    picture: Callable[[int], Cell] = lambda cells: []


class Group(NamedTuple):
    """Figures that belong together."""

    title: str
    figures: Sequence[Figure]


def plain(label: str, ink: Ink) -> Cell:
    """A label."""
    return [(label, ink.dim)]


def measure(amount: tuple[str, str], ink: Ink, style: Style | None = None) -> Cell:
    """A number and its unit, with the digits of all figures at one edge whatever the units are."""
    return [(amount[0], style or ink.plain), (f" {amount[1]:<{_UNIT}}", ink.dim)]


def unknown(ink: Ink) -> Cell:
    """What cannot be said yet."""
    return measure(("–", ""), ink, ink.dim)


def number(value: int, ink: Ink) -> Cell:
    """A count; none is quieter."""
    return measure((words.count(value), ""), ink, ink.plain if value else ink.dim)


def share(part: float, whole: float, ink: Ink) -> Cell:
    """A part in per cent."""
    return measure((f"{100 * part / whole:.1f}", "%"), ink) if whole else unknown(ink)


def span(seconds: float, ink: Ink, known: bool = True) -> Cell:
    """A duration."""
    return measure(words.duration(seconds), ink) if known else unknown(ink)


def spark(values: Sequence[float], ink: Ink) -> Callable[[int], Cell]:
    """Values as a line of blocks, summed up where there are more of them than cells."""

    def draw(cells: int) -> Cell:
        step = -(-len(values) // max(1, cells))
        sums = [sum(values[start : start + step]) for start in range(0, len(values), step)]
        # Lines of them stand close: the highest leaves some air to the one above.
        return [(sparkline(sums, max(sums, default=0) * _AIR), ink.dim)]

    return draw


def bar(part: float, whole: float, ink: Ink, kind: str) -> Callable[[int], Cell]:
    """A part of a whole as a line, in the colour of a type's family."""

    def draw(cells: int) -> Cell:
        halves = round(2 * cells * part / whole) if whole else 0
        return [("━" * (halves // 2) + "╸" * (halves % 2), ink.bar(kind))]

    return draw


def distribution(sketch: Sketch, ink: Ink) -> Callable[[int], Cell]:
    """How values lie between the least and the most."""
    return lambda cells: spark(sketch.histogram(cells), ink)(cells)


def quantiles(sketch: Sketch, ink: Ink) -> list[Figure]:
    """p50 with the distribution, p95, p99."""
    known = sketch.count > 0
    return [
        Figure(plain("p50", ink), span(sketch.quantile(0.5), ink, known), distribution(sketch, ink)),
        Figure(plain("p95", ink), span(sketch.quantile(0.95), ink, known)),
        Figure(plain("p99", ink), span(sketch.quantile(0.99), ink, known)),
    ]


def says(cell: Cell) -> Callable[[int], Cell]:
    """Words in place of a picture."""
    return lambda cells: cell


def ranking(title: str, rows: list[Figure], ink: Ink) -> Group:
    """The first rows of a list, and as many empty ones as are missing."""
    nobody = Figure(plain("" if rows else "–", ink), [])
    return Group(title, [*rows[:TOP], *[nobody, *[Figure([], [])] * TOP][: TOP - len(rows)]])
