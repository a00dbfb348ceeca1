"""How much, how fast, how often it goes wrong: one page of figures in groups, laid out for the width there is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui.figure_groups import groups_of
from cosmo_doppler.tui.figures import Figure, Group
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Source

NARROWEST = 36
"""Cells a column of groups has at least."""

GUTTER = 3
_LABEL, _VALUE = 16, 10
_LONGEST = 48
"""Cells a column has at most: wide is not bigger."""


class MetricRows(Source):
    """Lines of the page."""

    hints: ClassVar[tuple[str, ...]] = (
        "view('traces')",
        "view('faults')",
        "view('topology')",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._width = 0
        self._stamp: Hashable = None
        self._columns: list[list[list[Segment]]] = []
        self._told: list[list[str]] = []
        """The same lines with nothing cut off."""
        self._cells = 0

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Metrics", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """What the figures are about."""
        return [("since the first signal; times from arrival to arrival, quantiles within 2 %", ink.dim)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Nothing stands still here; but this is where the page learns how wide it is."""
        stamp = (width, ink, id(self._scene.board), self.stamp())
        if stamp != self._stamp:
            self._stamp = stamp
            self._lay_out(width, ink)
        return [[]]

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("Nothing measured yet", ink.dim)], [("figures come with the first signal", ink.dim)]]

    def count(self) -> int:
        """Lines of the longest column."""
        if not self._scene.board.signals:
            return 0
        return max((len(column) for column in self._columns), default=0)

    def key(self, index: int) -> int:
        """Its place."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The key is the place."""
        return key if isinstance(key, int) and key < self.count() else None

    def touched(self, changes: Changes) -> bool:
        """Figures are read twice a second, not with each signal."""
        return changes.reset

    def stamp(self) -> Hashable:
        """Twice a second; with every step while time stands still."""
        timeline = self._scene.session.timeline
        return int(self._scene.now * 2), timeline.position if timeline.paused else 0

    def marked(self, key: Hashable) -> bool:
        """No line is about another pane."""
        return False

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One line of the page: a line of each column."""
        line: list[Segment] = []
        for number, column in enumerate(self._columns):
            if number:
                line.append(Segment(" " * GUTTER))
            line += column[index] if index < len(column) else [Segment(" " * self._cells)]
        return line

    def _lay_out(self, width: int, ink: Ink) -> None:
        number = max(1, (width + GUTTER) // (NARROWEST + GUTTER))
        self._cells = min(_LONGEST, (width - GUTTER * (number - 1)) // number)
        groups = groups_of(self._scene, ink)
        columns = deal(groups, number)
        self._columns = [[line for group in column for line in self._lines(group, ink)] for column in columns]
        self._told = [[line for group in column for line in _whole(group)] for column in columns]

    def copied(self, key: Hashable) -> str:
        """All of a line: long names are cut in the columns."""
        if not isinstance(key, int):
            return ""
        return "   ".join(column[key] for column in self._told if key < len(column) and column[key])

    def _lines(self, group: Group, ink: Ink) -> list[list[Segment]]:
        heading = place([(group.title, ink.bold)], self._cells)
        return [heading, *(self._line(figure) for figure in group.figures), place([], self._cells)]

    def _line(self, figure: Figure) -> list[Segment]:
        rest = self._cells - _LABEL - _VALUE - 2
        return [
            *place(figure.label, _LABEL, middle=True),
            *place(figure.value, _VALUE, right=True),
            *([Segment("  "), *place(figure.picture(rest), rest)] if rest > 0 else []),
        ]


def _whole(group: Group) -> list[str]:
    """The lines of a group with nothing cut off."""
    told = [
        " ".join(" ".join(text for text, _ in cell).split())
        for cell in (f.label + f.value for f in group.figures)
    ]
    return [group.title, *told, ""]


def deal(groups: Sequence[Group], number: int) -> list[list[Group]]:
    """Groups in so many columns, in reading order from the top left, none much longer than the others."""
    heights = [len(group.figures) + 2 for group in groups]
    longest = max(heights, default=0)
    while _columns_needed(heights, longest) > number:
        longest += 1
    columns: list[list[Group]] = [[]]
    used = 0
    for group, height in zip(groups, heights, strict=True):
        if columns[-1] and used + height > longest:
            columns.append([])
            used = 0
        columns[-1].append(group)
        used += height
    return columns


def _columns_needed(heights: Sequence[int], longest: int) -> int:
    columns, used = 1, 0
    for height in heights:
        if used and used + height > longest:
            columns, used = columns + 1, 0
        used += height
    return columns
