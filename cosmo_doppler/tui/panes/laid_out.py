"""A pane about one thing: lines that are made anew when it is drawn and are known by their places."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.source import Source


class LaidOut(Source):
    """Lines about what is selected elsewhere.

    Args:
        scene: what is selected.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._cells: Sequence[Cell] = ()

    @abstractmethod
    def describe(self, width: int, ink: Ink) -> Sequence[Cell]:
        """All lines, for so many cells."""

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """No line of it stands still; here the pane learns how much room there is."""
        self._cells = self.describe(width, ink)
        return []

    def count(self) -> int:
        """Lines."""
        return len(self._cells)

    def key(self, index: int) -> int:
        """Its place."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The key is the place."""
        return key if isinstance(key, int) and key < len(self._cells) else None

    def touched(self, changes: Changes) -> bool:
        """The stamp tells."""
        return changes.reset

    def marked(self, key: Hashable) -> bool:
        """No line is about another pane."""
        return False

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One line."""
        return [Segment(text, style) for text, style in self._cells[index]]
