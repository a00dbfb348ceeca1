"""The lines of an outline that are to be seen: branches may be folded away, and other outlines opened in place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from cosmo_doppler.model.outline import Outline, Placed

MOST = 256
"""Branches folded or opened by hand that are remembered; then the oldest is forgotten."""

DEEPEST = 16
"""Outlines opened inside each other."""

P = TypeVar("P", bound=Placed)


class Piece(NamedTuple, Generic[P]):
    """Neighbouring lines of one outline."""

    row: int
    """Row of the first one."""
    outline: Outline[P]
    first: int
    """Its line there."""
    last: int
    """The line after the last one."""
    via: tuple[P, ...]
    """The items whose insides these are, the outermost first; empty for the outline itself."""


class Unfolded(Generic[P]):
    """Which rows are seen.

    Args:
        name: what an item is known by.
        inside: what opens in place of an item; None for items that are not doors.
    """

    def __init__(
        self, name: Callable[[P], Hashable], inside: Callable[[P], Outline[P] | None] = lambda item: None
    ) -> None:
        self._name = name
        self._inside = inside
        self._folded: dict[Hashable, P] = {}
        self._opened: dict[Hashable, P] = {}
        self._pieces: list[Piece[P]] = []
        self._firsts: list[int] = []
        self._versions: list[tuple[Outline[P], int]] = []
        self._count = 0
        self._changed = True

    # Folding

    def folded(self, item: P) -> bool:
        """Whether an item's branch is hidden; doors are closed unless opened."""
        if self._inside(item) is not None:
            return self._name(item) not in self._opened
        return self._name(item) in self._folded

    def fold(self, item: P) -> None:
        """Hide a branch, or close a door."""
        self._opened.pop(self._name(item), None)
        if self._inside(item) is None:
            self._remember(self._folded, item)
        self._changed = True

    def unfold(self, item: P) -> None:
        """Show a branch, or open a door."""
        self._folded.pop(self._name(item), None)
        if self._inside(item) is not None:
            self._remember(self._opened, item)
        self._changed = True

    def _remember(self, among: dict[Hashable, P], item: P) -> None:
        among[self._name(item)] = item
        if len(among) > MOST:
            del among[next(iter(among))]

    def renew(self, find: Callable[[P], P | None]) -> None:
        """Everything was made anew: hold on to what is folded and opened under the same names."""
        for among in (self._folded, self._opened):
            found = {name: find(item) for name, item in among.items()}
            among.clear()
            among.update({name: item for name, item in found.items() if item is not None})
        self._changed = True

    # Rows

    def take(self, outline: Outline[P]) -> None:
        """Look at this outline, as it is now."""
        unchanged = not self._changed and self._versions and self._versions[0][0] is outline
        if unchanged and all(each.version == version for each, version in self._versions):
            return
        self._changed = False
        self._pieces, self._versions, self._count = [], [], 0
        self._unfold(outline, ())
        self._firsts = [piece.row for piece in self._pieces]

    def __len__(self) -> int:
        return self._count

    def at(self, row: int) -> tuple[P, tuple[P, ...]]:
        """The item in a row, and the doors one came through."""
        piece = self._pieces[bisect_right(self._firsts, row) - 1]
        return piece.outline.at(piece.first + row - piece.row), piece.via

    def row(self, item: P, outline: Outline[P]) -> int | None:
        """The row of an item of one of the outlines; None when it is folded away."""
        if not item.stands_in(outline):
            return None
        line = outline.line(item)
        for piece in self._pieces:
            if piece.outline is outline and piece.first <= line < piece.last:
                return piece.row + line - piece.first
        return None

    def _unfold(self, outline: Outline[P], via: tuple[P, ...]) -> None:
        self._versions.append((outline, outline.version))
        here = 0
        for line, last, item in self._cuts(outline):
            if line < here:
                continue
            self._add(outline, here, line + 1, via)
            here = last
            door = self._inside(item)
            if door is not None and len(via) < DEEPEST:
                self._unfold(door, (*via, item))
        self._add(outline, here, len(outline), via)

    def _cuts(self, outline: Outline[P]) -> list[tuple[int, int, P]]:
        """Where the lines are interrupted: the line before, the one after, and the item that is the reason."""
        cuts = []
        for item in (*self._folded.values(), *self._opened.values()):
            if item.stands_in(outline):
                line = outline.line(item)
                cuts.append((line, outline.last(item), item))
        return sorted(cuts, key=_first)

    def _add(self, outline: Outline[P], first: int, last: int, via: tuple[P, ...]) -> None:
        if last > first:
            self._pieces.append(Piece(self._count, outline, first, last, via))
            self._count += last - first


def _first(cut: tuple[int, int, object]) -> int:
    return cut[0]
