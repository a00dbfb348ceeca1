"""Rows of another source, shown in another way; what is not said here is as there."""

from __future__ import annotations

from collections.abc import Hashable

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.source import Glance, Source


class Through(Source):
    """Passes everything on.

    Args:
        whole: the other source.
    """

    def __init__(self, whole: Source) -> None:
        self.whole = whole

    @property
    def shift(self) -> int:
        """How far it was moved along its rows."""
        return self.whole.shift

    @shift.setter
    def shift(self, cells: int) -> None:
        self.whole.shift = cells

    def reach(self, index: int) -> int:
        """How long a row is."""
        return self.whole.reach(index)

    def shape(self) -> Hashable:
        """How rows are laid out."""
        return self.whole.shape()

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return self.whole.title(ink)

    def note(self, ink: Ink) -> Cell:
        """How many."""
        return self.whole.note(ink)

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return self.whole.head(width, ink)

    def empty(self, ink: Ink) -> list[Cell]:
        """What makes a row appear."""
        return self.whole.empty(ink)

    def count(self) -> int:
        """How many rows there are."""
        return self.whole.count()

    def key(self, index: int) -> Hashable:
        """What a row is known by."""
        return self.whole.key(index)

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a row is now."""
        return self.whole.index(key, near)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One row."""
        return self.whole.row(index, width, ink)

    def rest(self, current: Hashable | None) -> Hashable | None:
        """Where the cursor rests while following."""
        return self.whole.rest(current)

    def stamp(self) -> Hashable:
        """What is shown of the time."""
        return self.whole.stamp()

    def scope(self) -> Hashable:
        """What the rows belong to."""
        return self.whole.scope()

    def touched(self, changes: Changes) -> bool:
        """Whether these changes may show."""
        return self.whole.touched(changes)

    def marked(self, key: Hashable) -> bool:
        """Whether the row is what other panes show."""
        return self.whole.marked(key)

    def sequence(self, key: Hashable) -> int | None:
        """The signal behind a row."""
        return self.whole.sequence(key)

    def copied(self, key: Hashable) -> str:
        """What is copied of a row."""
        return self.whole.copied(key)

    def seek(self, key: Hashable) -> None:
        """Have a row among the others."""
        self.whole.seek(key)

    def fold(self, key: Hashable) -> Hashable | None:
        """Fold a branch."""
        return self.whole.fold(key)

    def unfold(self, key: Hashable) -> bool:
        """Unfold a branch."""
        return self.whole.unfold(key)

    def look(self, how: Glance, key: Hashable = None, cell: int | None = None) -> bool:
        """Show the same in another way."""
        return self.whole.look(how, key, cell)

    def look_at(self, first: int, last: int) -> bool:
        """Show another stretch of time."""
        return self.whole.look_at(first, last)
