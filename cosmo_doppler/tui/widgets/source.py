"""What a line widget asks of the thing it shows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import ClassVar, Literal

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

Glance = Literal[
    "next",
    "in",
    "out",
    "fit",
    "earlier",
    "later",
    "waterfall",
    "tree",
    "lanes",
    "flame",
    "bids",
    "what if",
    "promises",
]
"""Show the same in the next way; zoom the time axis; go along it; show a trace or an auction in the way of that name."""


class Source(ABC):
    """Rows, asked for one at a time and only when they are on the screen.

    Rows are known by key, so that a cursor stays on what it points at while rows come and go around it. Nothing
    here knows of widgets: a source turns keys into styled text. Its owner holds the session's lock while it asks.
    """

    hints: ClassVar[tuple[str, ...]] = ()
    """Names of the actions the footer offers while this pane has the focus, most useful first."""
    newest_last: ClassVar[bool] = False
    """Whether the newest row is the last one; following then means resting at the bottom."""
    follows: ClassVar[bool] = False
    """Whether the pane starts out following what arrives."""
    fixed_rows: ClassVar[bool] = False
    """Whether a row once drawn never changes, so that drawn rows may be kept when others arrive."""

    shift: int = 0
    """Cells by which the pane was moved along rows that are longer than it is wide; they and the head are drawn as
    many cells wider."""

    @abstractmethod
    def title(self, ink: Ink) -> Cell:
        """The left of the title line; its first piece is the pane's name."""

    def note(self, ink: Ink) -> Cell:
        """The right of the title line."""
        return []

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Lines between the title and the rows that do not scroll."""
        return []

    @abstractmethod
    def empty(self, ink: Ink) -> list[Cell]:
        """What stands in the middle while there is no row: what would be here, and what makes it so."""

    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def key(self, index: int) -> Hashable:
        """What the row at `index` is known by."""

    @abstractmethod
    def index(self, key: Hashable, near: int) -> int | None:
        """Where the row is now, or None when it is gone; `near` is where it was last."""

    @abstractmethod
    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One row, at most `width` cells and `shift`."""

    def reach(self, index: int) -> int:
        """Cells a row takes with nothing cut off; 0 where none is ever moved along."""
        return 0

    def shape(self) -> Hashable:
        """How rows are laid out; in another shape those already drawn are drawn again."""
        return None

    def scope(self) -> Hashable:
        """What the rows belong to; when it changes the cursor starts over at the top."""
        return None

    def rest(self, current: Hashable | None) -> Hashable | None:
        """Where the cursor rests while following. Normally the newest row."""
        count = self.count()
        if count == 0:
            return None
        return self.key(count - 1 if self.newest_last else 0)

    def touched(self, changes: Changes) -> bool:
        """Whether these changes may show."""
        return bool(changes)

    def stamp(self) -> Hashable:
        """What is shown of the passing time; a new value means paint again."""
        return None

    def marked(self, key: Hashable) -> bool:
        """Whether the row under the cursor stays marked while another pane has the focus: it is what that one shows."""
        return True

    def sequence(self, key: Hashable) -> int | None:
        """The signal behind a row, as its position in the store; None when there is none."""
        return None

    def copied(self, key: Hashable) -> str:
        """What is copied when the cursor is on a row; empty when that is all of the signal."""
        return ""

    def seek(self, key: Hashable) -> None:
        """Somebody wants to see the row of a key: have it among the rows if that is possible."""
        return

    def fold(self, key: Hashable) -> Hashable | None:
        """Fold the branch of a row, or the one it is in.

        Returns:
            The key of the row where the cursor belongs then; None when there is nothing to fold.
        """
        return None

    def unfold(self, key: Hashable) -> bool:
        """Unfold the branch of a row. False when there is nothing to unfold."""
        return False

    def look(self, how: Glance, key: Hashable = None, cell: int | None = None) -> bool:
        """Show the same in another way, or another stretch of its time.

        Args:
            how: what to change.
            key: the row the cursor is on.
            cell: where the mouse is, from the left edge of the rows.

        Returns:
            False when this pane has nothing of that kind.
        """
        return False

    def look_at(self, first: int, last: int) -> bool:
        """Show the stretch of time between two cells of a row. False when no time is drawn there."""
        return False


def find_near(keys: Sequence[Hashable], key: Hashable, near: int) -> int | None:
    """Index of `key`, looking first around where it was: rows move little between two paints."""
    count = len(keys)
    for reach in range(64):
        for index in (near + reach, near - reach):
            if 0 <= index < count and keys[index] == key:
                return index
    try:
        return keys.index(key)
    except ValueError:
        return None
