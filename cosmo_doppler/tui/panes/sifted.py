"""Lists that a filter narrows: the same rows, but only those it means."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.tui import words
from cosmo_doppler.tui.filtering import Filtering, auction_began, trace_began
from cosmo_doppler.tui.panes.auctions import AuctionRows
from cosmo_doppler.tui.panes.registry import RosterRows
from cosmo_doppler.tui.panes.signals import SignalRows
from cosmo_doppler.tui.panes.through import Through
from cosmo_doppler.tui.panes.traces import TraceRows
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.source import Source, find_near


def with_filter(hints: tuple[str, ...]) -> tuple[str, ...]:
    """The same hints and, among the first, that there is a filter."""
    return (*hints[:2], "filter", *hints[2:])


def some_match(number: int, whole: int, ink: Ink) -> Cell:
    """How many of how many match."""
    return [(words.count(number), ink.bold), (f" of {words.count(whole)} match", ink.dim)]


def nothing_matches(filtering: Filtering, whole: int, ink: Ink) -> list[Cell]:
    """That nothing of so many matches, and the way back; while it is still looked for, how far that is."""
    searching = filtering.hits.searching if filtering.hits is not None else None
    if searching is not None:
        return [[(f"searching {searching:.0%}", ink.dim)]]
    return [
        [(f"0 of {whole:,} match", ink.plain)],
        *_why(filtering, ink),
        [("/", ink.bold), (" changes the filter, ", ink.dim), ("esc", ink.bold), (" clears it", ink.dim)],
    ]


def _why(filtering: Filtering, ink: Ink) -> list[Cell]:
    """What matches elsewhere, or the condition that nothing meets."""
    hits, unmet = filtering.hits, filtering.unmet
    if hits is not None and len(hits):
        last = words.time_of_day(filtering.arrival(hits[len(hits) - 1]))[:8]
        told = f"{words.many(len(hits), 'signal')} {'matches' if len(hits) == 1 else 'match'}"
        return [[(f"{told}, the last at {last}; ", ink.dim), ("5", ink.bold), (" shows them", ink.dim)]]
    if unmet is None or not unmet.known or not unmet.several:
        return []
    if not unmet.conditions:
        return [[("each condition is met by some signal, all of them by none", ink.dim)]]
    return [[("no signal meets  ", ink.dim), (safe(each, 80), ink.plain)] for each in unmet.conditions]


class Sifted(Through):
    """Rows of another source that the filter means; all of them while there is no filter.

    Args:
        scene: has the filter.
        whole: the rows.
    """

    def __init__(self, scene: Scene, whole: Source) -> None:
        super().__init__(whole)
        self._scene = scene

    @property
    def _filter(self) -> Filtering:
        return self._scene.filtering

    @property
    def _narrowed(self) -> bool:
        return self._filter.hits is not None

    @abstractmethod
    def _matching(self) -> int:
        """How many rows match."""

    @abstractmethod
    def _match(self, index: int) -> Hashable:
        """The key of a matching row."""

    @abstractmethod
    def _place(self, key: Hashable, near: int) -> int | None:
        """Where a key is among those that match."""

    def count(self) -> int:
        """Rows that match."""
        return self._matching() if self._narrowed else self.whole.count()

    def key(self, index: int) -> Hashable:
        """The same key as without a filter."""
        return self._match(index) if self._narrowed else self.whole.key(index)

    def index(self, key: Hashable, near: int) -> int | None:
        """Where it is among those that match."""
        return self._place(key, near) if self._narrowed else self.whole.index(key, near)

    def reach(self, index: int) -> int:
        """How long the row is."""
        place = self.whole.index(self.key(index), index) if self._narrowed else index
        return 0 if place is None else self.whole.reach(place)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """The row as it is without a filter."""
        if not self._narrowed:
            return self.whole.row(index, width, ink)
        key = self.key(index)
        place = self.whole.index(key, index)
        if place is None:
            # It is folded away.
            self.whole.seek(key)
            place = self.whole.index(key, index)
        return [] if place is None else self.whole.row(place, width, ink)

    def note(self, ink: Ink) -> Cell:
        """How many of how many match."""
        if not self._narrowed:
            return self.whole.note(ink)
        return some_match(self.count(), self.whole.count(), ink)

    def empty(self, ink: Ink) -> list[Cell]:
        """That nothing matches, and the way back."""
        if not self._narrowed or not self.whole.count():
            return self.whole.empty(ink)
        return nothing_matches(self._filter, self.whole.count(), ink)

    def rest(self, current: Hashable | None) -> Hashable | None:
        """As without a filter while that is shown, else the newest."""
        if not self._narrowed:
            return self.whole.rest(current)
        if current is not None and self.whole.rest(current) == current and self.index(current, 0) is not None:
            return current
        return Source.rest(self, current)

    def stamp(self) -> Hashable:
        """What is shown of the time, and what the filter found."""
        return self.whole.stamp(), self._filter.version

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return self.whole.head(width, ink) if self.count() else []

    def fold(self, key: Hashable) -> Hashable | None:
        """Fold a branch."""
        return None if self._narrowed else self.whole.fold(key)

    def unfold(self, key: Hashable) -> bool:
        """Unfold a branch."""
        return not self._narrowed and self.whole.unfold(key)


class SiftedTraces(Sifted):
    """Traces with a signal that matches, newest first."""

    hints: ClassVar[tuple[str, ...]] = with_filter(TraceRows.hints)
    follows = TraceRows.follows

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, TraceRows(scene))

    def _matching(self) -> int:
        return len(self._filter.traces)

    def _match(self, index: int) -> Hashable:
        return self._filter.traces.newest(index)

    def _place(self, key: Hashable, near: int) -> int | None:
        began = trace_began(self._scene.board, key) if isinstance(key, str) else None
        return None if began is None else self._filter.traces.index(str(key), began)


class SiftedAuctions(Sifted):
    """Auctions with an offer, a bid, an award or a decline that matches, newest first."""

    hints: ClassVar[tuple[str, ...]] = with_filter(AuctionRows.hints)
    follows = AuctionRows.follows

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, AuctionRows(scene))

    def _matching(self) -> int:
        return len(self._filter.auctions)

    def _match(self, index: int) -> Hashable:
        return self._filter.auctions.newest(index)

    def _place(self, key: Hashable, near: int) -> int | None:
        began = auction_began(self._scene.board, key) if isinstance(key, str) else None
        return None if began is None else self._filter.auctions.index(str(key), began)


class SiftedRoster(Sifted):
    """Participants that a matching signal names."""

    hints: ClassVar[tuple[str, ...]] = with_filter(RosterRows.hints)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, RosterRows(scene))

    def _matching(self) -> int:
        return len(self._filter.people)

    def _match(self, index: int) -> Hashable:
        return self._filter.people[index]

    def _place(self, key: Hashable, near: int) -> int | None:
        return find_near(self._filter.people, key, near)


class SiftedSignals(Sifted):
    """Signals that match."""

    hints: ClassVar[tuple[str, ...]] = with_filter(SignalRows.hints)
    newest_last = SignalRows.newest_last
    follows = SignalRows.follows
    fixed_rows = SignalRows.fixed_rows

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, SignalRows(scene))

    def _matching(self) -> int:
        return len(self._filter.hits or ())

    def _match(self, index: int) -> Hashable:
        hits = self._filter.hits
        return None if hits is None else hits[index]

    def _place(self, key: Hashable, near: int) -> int | None:
        hits = self._filter.hits
        if hits is None or not isinstance(key, int) or key not in hits:
            return None
        return hits.index(key)
