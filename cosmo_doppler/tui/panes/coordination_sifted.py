"""What is coordinated, narrowed by the filter: objects that a matching signal tells of."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

from cosmo_doppler.model.coordination.notice import KINDS, Kind
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.coordination import GROUP, STATES, CoordinationRows, Row
from cosmo_doppler.tui.panes.sifted import nothing_matches, some_match, with_filter
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

_AT_ONCE = 2_000
"""With more objects than this to choose from they are chosen once a second."""


class SiftedCoordination(CoordinationRows):
    """The same rows while there is no filter; with one, the objects it means, under their kinds."""

    hints: ClassVar[tuple[str, ...]] = with_filter(CoordinationRows.hints)

    @property
    def _narrowed(self) -> bool:
        return self._scene.filtering.hits is not None

    def _material(self) -> Hashable:
        if not self._narrowed:
            return super()._material()
        filtering = self._scene.filtering
        many = len(filtering.objects) > _AT_ONCE
        return *self._made_with, int(self._scene.now) if many else filtering.version

    @property
    def _made_with(self) -> tuple[Hashable, ...]:
        book = self._scene.board.coordination
        return id(book), self._scene.filtering.text, self._folded, self._unfolded, self._wanted

    def _all(self) -> Iterator[Row]:
        if not self._narrowed:
            yield from super()._all()
            return
        matching = self._matching()
        for kind in KINDS:
            if kind in matching:
                yield Row(f"{GROUP}{kind}", kind)
                if kind not in self._folded:
                    yield from self._of_states(kind, matching[kind])

    def _matching(self) -> dict[Kind, dict[str, list[Thing]]]:
        """Objects by kind and state, the latest to be heard of first."""
        book = self._scene.board.coordination
        found: dict[Kind, dict[str, list[Thing]]] = {}
        for key in reversed(self._scene.filtering.objects):
            thing = book.find(key)
            if thing is not None:
                found.setdefault(thing.kind, {}).setdefault(thing.state, []).append(thing)
        return found

    def _of_states(self, kind: Kind, by_state: dict[str, list[Thing]]) -> Iterator[Row]:
        for state in STATES[kind]:
            things = by_state.get(state, [])
            most = self._most(kind, state)
            for place, thing in enumerate(things):
                if place < most or thing.key == self._wanted:
                    yield Row(thing.key, kind, thing)
            if len(things) > most:
                yield Row(f"more {kind} {state}", kind, more=len(things) - most, state=state)

    def _counts(self, kind: Kind) -> list[str]:
        if not self._narrowed:
            return super()._counts(kind)
        matching = sum(1 for key in self._scene.filtering.objects if key.startswith(f"{kind} "))
        return [f"{words.count(matching)} of {words.count(len(self._scene.board.coordination.shelf(kind)))}"]

    def stamp(self) -> Hashable:
        """What is known, and what the filter found."""
        return super().stamp(), self._scene.filtering.version

    def note(self, ink: Ink) -> Cell:
        """How many of how many match."""
        if not self._narrowed:
            return super().note(ink)
        return some_match(len(self._scene.filtering.objects), len(self._scene.board.coordination), ink)

    def empty(self, ink: Ink) -> list[Cell]:
        """That nothing matches, and the way back."""
        whole = len(self._scene.board.coordination)
        if not self._narrowed or not whole:
            return super().empty(ink)
        return nothing_matches(self._scene.filtering, whole, ink)
