"""How much, how fast, how often it goes wrong: one page of figures in groups, laid out for the width there is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.rates import ALL
from cosmo_doppler.tui import words
from cosmo_doppler.tui.bars import sparkline
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source

_RATES = Columns(
    Column("name", "signals", 20),
    Column("total", "all", 9, right=True),
    Column("rate", "per s", 6, right=True),
    Column("minute", "last 60 s", 60),
)


class MetricRows(Source):
    """Lines of figures."""

    hints: ClassVar[tuple[str, ...]] = ("pause", "view('traces')", "zoom", "command_palette", "help")

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._kinds: list[str] = []

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Metrics", ink.bold)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_RATES.header(width, ink)]

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("Nothing measured yet", ink.dim)], [("figures come with the first signal", ink.dim)]]

    def count(self) -> int:
        """Kinds of signals seen."""
        kinds = self._scene.board.metrics.rates.kinds
        self._kinds = [ALL, *sorted(kinds)] if kinds else []
        return len(self._kinds)

    def key(self, index: int) -> str:
        """The kind."""
        return self._kinds[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a kind stands."""
        return self._kinds.index(key) if isinstance(key, str) and key in self._kinds else None

    def touched(self, changes: Changes) -> bool:
        """Figures are read twice a second, not with each signal."""
        return changes.reset

    def stamp(self) -> Hashable:
        """Twice a second."""
        return int(self._scene.now * 2)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One kind of signal."""
        kind = self._kinds[index]
        board = self._scene.board
        series = board.metrics.rates.series(kind, self._scene.now)
        total = board.signals if kind == ALL else board.types[kind]
        return _RATES.row(
            width,
            {
                "name": [(safe(kind, 40) or "all", ink.family(kind) if kind else ink.bold)],
                "total": [(words.count(total), ink.plain)],
                "rate": [(words.rate(sum(series[-10:]) / 10), ink.plain)],
                "minute": [(sparkline(series, max(series)), ink.dim)],
            },
        )
