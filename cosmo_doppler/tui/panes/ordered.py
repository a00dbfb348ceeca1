"""Lists in an order that a person chose. The usual order is the one the rows come in.

An order is made in slices, a few milliseconds of each turn of the screen, and made again when rows came or changed, once
a second at most: rows that wander while one reads them could not be read. Until the first one is finished the rows stand
as usual. Nested rows stand flat in it, and those folded away are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.faults import Fault
from cosmo_doppler.tui.fault_list import FaultList
from cosmo_doppler.tui.panes.faults import FaultRows
from cosmo_doppler.tui.panes.sifted import SiftedAuctions, SiftedRoster, SiftedTraces
from cosmo_doppler.tui.panes.through import Through
from cosmo_doppler.tui.panes.traces import took
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.source import Source

SLICE_S = 0.003
AGAIN_S = 1.0
"""An order is made again this long after the last one at the earliest, seconds."""

_CHUNK = 64
"""Rows between two looks at the clock."""


class Order(NamedTuple):
    """One way to sort a list."""

    name: str
    """For the menu and the title: what comes first."""
    value: Callable[[Scene, Any], Any]
    """What rows are compared by, from their key; least first."""


class Ordered(Through):
    """Rows of another source, sorted.

    Args:
        scene: for what the rows are compared by.
        whole: the rows as usual.
    """

    usual: ClassVar[str]
    """The order the rows come in, in words."""
    orders: ClassVar[tuple[Order, ...]]

    def __init__(self, scene: Scene, whole: Source) -> None:
        super().__init__(whole)
        self._scene = scene
        self.order: Order | None = None
        """None for the usual one."""
        self._sorted: list[Hashable] | None = None
        self._places: dict[Hashable, int] = {}
        self._making: dict[Hashable, Any] | None = None
        """What was compared so far of an order that is not finished."""
        self._next = 0
        self._stale = False
        self._made_at = 0.0
        self._version = 0

    def sort(self, order: Order | None) -> None:
        """Sort; None gives the usual order back. The session's lock must be held."""
        self.order, self._sorted, self._making = order, None, None
        self._places.clear()
        if order is not None:
            self._begin()
            self._advance()

    def _begin(self) -> None:
        self._making, self._next, self._stale = {}, 0, False

    def _advance(self) -> None:
        """Go on with the order for a slice of time."""
        if self._making is None:
            due = self._stale or self._sorted is None or len(self._sorted) != self.whole.count()
            if not due or time.perf_counter() - self._made_at < AGAIN_S:
                return
            self._begin()
        assert self.order is not None
        assert self._making is not None
        until = time.perf_counter() + SLICE_S
        count = self.whole.count()
        while self._next < count and time.perf_counter() < until:
            for index in range(self._next, min(self._next + _CHUNK, count)):
                key = self.whole.key(index)
                # Who was forgotten to make room has nothing to be compared by, and no row.
                with suppress(KeyError):
                    self._making[key] = self.order.value(self._scene, key)
            self._next += _CHUNK
        if self._next >= count:
            self._finish()

    def _finish(self) -> None:
        making = self._making or {}
        self._sorted = sorted(making, key=making.__getitem__)
        self._places = {key: place for place, key in enumerate(self._sorted)}
        self._making, self._made_at = None, time.perf_counter()
        self._version += 1

    def title(self, ink: Ink) -> Cell:
        """The pane's name, and by what it is sorted."""
        title = self.whole.title(ink)
        if self.order is None:
            return title
        wait = " ..." if self._sorted is None else ""
        return [*title, (f"  {self.order.name}{wait}", ink.dim)]

    def count(self) -> int:
        """Rows in the order."""
        return self.whole.count() if self._sorted is None else len(self._sorted)

    def key(self, index: int) -> Hashable:
        """The key of a row."""
        return self.whole.key(index) if self._sorted is None else self._sorted[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a row stands."""
        return self.whole.index(key, near) if self._sorted is None else self._places.get(key)

    def reach(self, index: int) -> int:
        """How long the row is."""
        place = index if self._sorted is None else self.whole.index(self._sorted[index], index)
        return 0 if place is None else self.whole.reach(place)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """The row as it is without an order; empty when it is gone by now."""
        if self._sorted is None:
            return self.whole.row(index, width, ink)
        place = self.whole.index(self._sorted[index], index)
        return [] if place is None else self.whole.row(place, width, ink)

    def rest(self, current: Hashable | None) -> Hashable | None:
        """What comes first, while sorted."""
        return self.whole.rest(current) if self._sorted is None else Source.rest(self, current)

    def stamp(self) -> Hashable:
        """What is shown of the time, and which order."""
        if self.order is not None:
            self._advance()
        return self.whole.stamp(), self._version

    def touched(self, changes: Changes) -> bool:
        """Whether these changes may show."""
        touched = self.whole.touched(changes)
        self._stale = self._stale or touched
        if changes.reset and self.order is not None:
            self.sort(self.order)
        return touched

    def seek(self, key: Hashable) -> None:
        """A row that has no place yet is shown in the usual order."""
        self.whole.seek(key)
        if self._sorted is not None and key not in self._places and self.whole.index(key, 0) is not None:
            self.sort(None)

    def fold(self, key: Hashable) -> Hashable | None:
        """Nothing is nested while sorted."""
        return self.whole.fold(key) if self._sorted is None else None

    def unfold(self, key: Hashable) -> bool:
        """Nothing is nested while sorted."""
        return self._sorted is None and self.whole.unfold(key)


_WORST = {"failed": 0, "waiting": 1, "stopped": 2, "open": 3, "done": 4}


class OrderedTraces(Ordered):
    """Traces."""

    hints: ClassVar[tuple[str, ...]] = SiftedTraces.hints
    follows = SiftedTraces.follows
    usual = "newest first"
    orders: ClassVar[tuple[Order, ...]] = (
        Order("longest first", lambda scene, key: -took(scene.board.traces[key], scene.now)),
        Order("most signals first", lambda scene, key: -scene.board.traces[key].signals),
        Order("worst first", lambda scene, key: _WORST.get(scene.board.traces[key].status, 9)),
        Order("by what was asked", lambda scene, key: scene.board.traces[key].title.casefold()),
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, SiftedTraces(scene))


class OrderedAuctions(Ordered):
    """Auctions."""

    hints: ClassVar[tuple[str, ...]] = SiftedAuctions.hints
    follows = SiftedAuctions.follows
    usual = "newest first"
    orders: ClassVar[tuple[Order, ...]] = (
        Order("most bids first", lambda scene, key: -len(scene.board.auctions[key].bids)),
        Order("fewest bids first", lambda scene, key: len(scene.board.auctions[key].bids)),
        Order("longest window first", lambda scene, key: -scene.board.auctions[key].deadline_ms),
        Order("by state", lambda scene, key: scene.board.auctions[key].state),
        Order("by need", lambda scene, key: scene.board.auctions[key].capabilities),
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, SiftedAuctions(scene))


class OrderedRoster(Ordered):
    """Participants."""

    hints: ClassVar[tuple[str, ...]] = SiftedRoster.hints
    usual = "as they came"
    orders: ClassVar[tuple[Order, ...]] = (
        Order("by name", lambda scene, key: key.casefold()),
        Order("by role", lambda scene, key: (scene.board.roster[key].role, key)),
        Order("silent longest first", lambda scene, key: scene.board.roster[key].last_seen),
        Order("busiest first", lambda scene, key: -(scene.board.roster[key].load or 0.0)),
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, SiftedRoster(scene))


_GRAVEST = {"error": 0, "warning": 1, "note": 2}


def _fault(scene: Scene, key: object) -> Fault:
    fault = FaultList(scene).get(key)
    if fault is None:
        raise KeyError(key)
    return fault


class OrderedFaults(Ordered):
    """Faults."""

    hints: ClassVar[tuple[str, ...]] = FaultRows.hints
    follows = FaultRows.follows
    newest_last = FaultRows.newest_last
    usual = "as they were found"
    orders: ClassVar[tuple[Order, ...]] = (
        Order("newest first", lambda scene, key: -_fault(scene, key).at),
        Order("worst first", lambda scene, key: _GRAVEST[_fault(scene, key).severity]),
        Order("by kind", lambda scene, key: _fault(scene, key).kind),
        Order("most often first", lambda scene, key: -_fault(scene, key).count),
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, FaultRows(scene))
