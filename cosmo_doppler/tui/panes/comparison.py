"""Two traces side by side, as rows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.compare import Comparison, Figure, Pair, Sameness
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source

_COLUMNS = Columns(
    Column("sign", "", 1),
    Column("what", "signal", 0),
    Column("who", "who", 26, middle=True, needs=84),
    Column("left", "", 10, right=True),
    Column("right", "", 10, right=True),
    Column("later", "later", 11, right=True),
)
_SIGNS: dict[Sameness, str] = {"both": "", "changed": "~", "left": "-", "right": "+"}
_DEEPEST = 8
_NO_UNIT = ("   ", Style())
"""Stands where durations have their unit, so that all digits end at one edge."""


class CompareRows(Source):
    """One row for each pair of signals, then the figures."""

    hints: ClassVar[tuple[str, ...]] = ("open", "help")
    fixed_rows = True

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison

    def title(self, ink: Ink) -> Cell:
        """Which traces."""
        left, right = self._comparison.left, self._comparison.right
        return [
            ("Compare", ink.bold),
            (f"  {short_id(left.id)} ", ink.plain),
            (safe(left.title, 28), ink.dim),
            (f"   with {short_id(right.id)} ", ink.plain),
            (safe(right.title, 28), ink.dim),
        ]

    def note(self, ink: Ink) -> Cell:
        """How different they are."""
        if self._comparison.left_out:
            return [(f"{words.many(self._comparison.left_out, 'signal')} not compared", ink.stop)]
        differing = sum(pair.sameness != "both" for pair in self._comparison.pairs)
        return [(words.many(differing, "difference") if differing else "the same signals", ink.dim)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles: the ids stand over the times."""
        left, right = self._comparison.left, self._comparison.right
        titles: dict[str, Cell] = {
            "what": [("signal", ink.dim)],
            "who": [("who", ink.dim)],
            "left": [(short_id(left.id), ink.dim)],
            "right": [(short_id(right.id), ink.dim)],
            "later": [("later", ink.dim)],
        }
        return [_COLUMNS.row(width, titles)]

    def empty(self, ink: Ink) -> list[Cell]:
        """A trace always has signals."""
        return []

    def count(self) -> int:
        """Pairs, a blank line, figures."""
        return len(self._comparison.pairs) + 1 + len(self._comparison.figures)

    def key(self, index: int) -> int:
        """Its place."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The place itself."""
        return key if isinstance(key, int) and key < self.count() else None

    def sequence(self, key: Hashable) -> int | None:
        """The signal at the right, or at the left where there is none."""
        pairs = self._comparison.pairs
        if not isinstance(key, int) or key >= len(pairs):
            return None
        node = pairs[key].right or pairs[key].left
        return node.seq if node is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One pair or one figure."""
        pairs = self._comparison.pairs
        if index < len(pairs):
            return _COLUMNS.row(width, _pair_cells(pairs[index], ink))
        figures = index - len(pairs) - 1
        return (
            _COLUMNS.row(width, _figure_cells(self._comparison.figures[figures], ink)) if figures >= 0 else []
        )


def _pair_cells(pair: Pair, ink: Ink) -> dict[str, Cell]:
    node = pair.left or pair.right
    if node is None:
        return {}
    same = pair.sameness == "both"
    weight = ink.plain if same else ink.bold
    who: Cell = [(safe(node.who, 60), weight)]
    if pair.sameness == "changed" and pair.left is not None and pair.right is not None:
        who = [(safe(pair.left.who, 40), ink.dim), (" → ", ink.dim), (safe(pair.right.who, 40), weight)]
    kind = ink.family(node.type) + (Style() if same else Style(bold=True))
    return {
        "sign": [(_SIGNS[pair.sameness], ink.bold)],
        "what": [("  " * min(node.depth, _DEEPEST), ink.dim), (safe(node.type, 40), kind)],
        "who": who,
        "left": _seconds(pair.left_s, ink),
        "right": _seconds(pair.right_s, ink),
        "later": _change(pair.later_s, ink),
    }


def _figure_cells(figure: Figure, ink: Ink) -> dict[str, Cell]:
    change = figure.right - figure.left
    if figure.unit == "s":
        cells = _seconds(figure.left, ink), _seconds(figure.right, ink), _change(change, ink)
    else:
        told: Cell = [(f"{change:+.4g}", ink.plain), _NO_UNIT] if change else [("", ink.dim)]
        cells = (
            [(f"{figure.left:.4g}", ink.plain), _NO_UNIT],
            [(f"{figure.right:.4g}", ink.plain), _NO_UNIT],
            told,
        )
    return {
        "what": [(figure.name, ink.dim)],
        "left": cells[0],
        "right": cells[1],
        "later": cells[2],
    }


def _seconds(seconds: float | None, ink: Ink) -> Cell:
    if seconds is None:
        return [("", ink.dim)]
    number, unit = words.duration(seconds)
    return [(number, ink.plain), (f" {unit:<2}", ink.dim)]


def _change(seconds: float | None, ink: Ink) -> Cell:
    if seconds is None:
        return [("", ink.dim)]
    number, unit = words.signed(seconds)
    return [(number, ink.plain if abs(seconds) >= 0.001 else ink.dim), (f" {unit:<2}", ink.dim)]
