"""Columns of a line: fixed ones, one that takes what is left, and some that wait for a wider pane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.tui.safe import cells, fit, fit_middle
from cosmo_doppler.tui.theme import Ink

Span = tuple[str, Style]
Cell = list[Span]
"""Styled pieces of one cell; texts are already safe."""


class Column(NamedTuple):
    """One column."""

    name: str
    """Key of its cell in a row."""
    title: str
    width: int
    """Cells; 0 takes what the others leave."""
    right: bool = False
    """Numbers stand at the right edge."""
    needs: int = 0
    """Shown only in panes at least this wide, cells."""
    middle: bool = False
    """Cut in the middle (ids, addresses), not at the end."""
    most: int = 0
    """For the column that takes the rest: no wider than this; 0 means no limit."""
    least: int = 0
    """For the column that takes the rest: no narrower than this, though the line is then longer than the pane."""


GAP = 2
_BETWEEN = Segment(" " * GAP)
_WIDTHS_KEPT = 64


class Columns:
    """Lays cells out on a line. One gap of two cells between columns, none at the edges."""

    def __init__(self, *columns: Column) -> None:
        self._columns = columns
        self._shown: dict[tuple[int, int], Sequence[tuple[Column, int]]] = {}

    def shown(self, width: int, extra: int = 0) -> Sequence[tuple[Column, int]]:
        """The columns a pane of `width` cells has, with the cells each gets in a line that is `extra` cells longer."""
        shown = self._shown.get((width, extra))
        if shown is None:
            if len(self._shown) >= _WIDTHS_KEPT:
                self._shown.clear()
            shown = self._shown[width, extra] = self._share_out(width, extra)
        return shown

    def _share_out(self, width: int, extra: int) -> Sequence[tuple[Column, int]]:
        columns = [column for column in self._columns if width >= column.needs]
        gaps = GAP * (len(columns) - 1)
        fixed = sum(column.width for column in columns) + gaps
        flexible = sum(column.width == 0 for column in columns)
        rest = max(0, width - fixed) // max(1, flexible)
        shares = [column.width or _bounded(column, rest) for column in columns]
        # What the others leave, and what is longer than the pane is wide, is shown in the first that has no limit.
        open_ended = [place for place, column in enumerate(columns) if not column.width and not column.most]
        if open_ended:
            shares[open_ended[0]] += max(0, width + extra - sum(shares) - gaps)
        return list(zip(columns, shares, strict=True))

    def length(self, width: int, texts: Mapping[str, str]) -> int:
        """Cells a row would take in such a pane with nothing cut off of these texts in columns that take the rest."""
        wide = [
            column.width or max(cells, cell_len(texts.get(column.name, "")))
            for column, cells in self.shown(width)
        ]
        return sum(wide) + GAP * (len(wide) - 1)

    def header(self, width: int, ink: Ink, extra: int = 0) -> list[Segment]:
        """The line of titles."""
        return self._line(width, {column.name: [(column.title, ink.dim)] for column in self._columns}, extra)

    def row(self, width: int, cells: Mapping[str, Cell], extra: int = 0) -> list[Segment]:
        """One row; missing cells stay empty."""
        return self._line(width, cells, extra)

    def _line(self, width: int, cells: Mapping[str, Cell], extra: int) -> list[Segment]:
        line: list[Segment] = []
        for index, (column, cells_wide) in enumerate(self.shown(width, extra)):
            if index:
                line.append(_BETWEEN)
            line.extend(
                place(cells.get(column.name, []), cells_wide, right=column.right, middle=column.middle)
            )
        return line


def _bounded(column: Column, rest: int) -> int:
    rest = max(rest, column.least)
    return min(rest, column.most) if column.most else rest


def width_of(line: Iterable[Segment]) -> int:
    """How many cells a line takes. Asked for every row of every frame, and most of what is shown is ASCII."""
    return sum([len(text) if text.isascii() else cell_len(text) for text, _, _ in line])


def place(cell: Cell, width: int, *, right: bool = False, middle: bool = False) -> list[Segment]:
    """A cell cut and padded to exactly `width` cells."""
    line: list[Segment] = []
    left = width
    for text, style in cell:
        if left <= 0:
            break
        used = cells(text)
        if used > left:
            text = fit_middle(text, left) if middle else fit(text, left)
            used = cells(text)
        line.append(Segment(text, style))
        left -= used
    if left > 0:
        blank = Segment(" " * left)
        line = [blank, *line] if right else [*line, blank]
    return line
