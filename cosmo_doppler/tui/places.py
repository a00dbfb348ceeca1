"""Everything one can go to by name: marks, participants, auctions, traces. Names from the bus are content, never markup."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cosmo_doppler.tui.safe import pad, safe, short_id
from cosmo_doppler.tui.screens.deck import Deck

_LISTED = 500
"""Of each kind, the newest are searched by name; more could be felt at each key press."""
_OFFERED = 12
"""Of each kind, before anything is written."""
_BY_ID = 20_000
"""Traces, and auctions, found by the end of their id."""
_SHORTEST_ID = 4
_KIND_CELLS = 13


class Place(NamedTuple):
    """One thing with a name."""

    kind: str
    name: str
    """Safe for a terminal."""
    key: str | int


class Places(Provider):
    """Finds places by some of the letters of their names, or by the end of an id."""

    @property
    def _deck(self) -> Deck:
        deck = self.screen
        assert isinstance(deck, Deck)
        return deck

    async def discover(self) -> Hits:
        """The newest of each kind."""
        for place in self._all(_OFFERED):
            yield DiscoveryHit(_display(place), partial(self._go, place), f"{place.kind} {place.name}")

    async def search(self, query: str) -> Hits:
        """What matches, the likeliest first."""
        matcher = self.matcher(query)
        for place in self._all(_LISTED):
            if (score := matcher.match(place.name)) > 0:
                yield Hit(score, _display(place), partial(self._go, place), place.name)
        for place in self._by_id(query.strip().upper()):
            yield Hit(1.0, _display(place), partial(self._go, place), place.name)

    def _all(self, most: int) -> list[Place]:
        deck = self._deck
        with deck.session.lock:
            return [*self._marks(most), *self._people(most), *self._auctions(most), *self._traces(most)]

    def _marks(self, most: int) -> Iterator[Place]:
        marks = list(self._deck.session.marks)[-most:]
        for mark in reversed(marks):
            note = safe(mark.note, 120) or "no note"
            yield Place("mark", f"#{mark.seq:,}  {note}", mark.seq)

    def _people(self, most: int) -> Iterator[Place]:
        for number, name in enumerate(self._deck.scene.board.roster):
            if number == most:
                return
            yield Place("participant", safe(name, 120), name)

    def _auctions(self, most: int) -> Iterator[Place]:
        board = self._deck.scene.board
        for key in board.auction_order[: -most - 1 : -1]:
            yield self._auction(key)

    def _traces(self, most: int) -> Iterator[Place]:
        board = self._deck.scene.board
        for key in board.trace_order[: -most - 1 : -1]:
            yield self._trace(key)

    def _auction(self, key: str) -> Place:
        needs = " ".join(self._deck.scene.board.auctions[key].capabilities)
        return Place("auction", f"{short_id(key)}  {safe(needs, 120)}", key)

    def _trace(self, key: str) -> Place:
        title = self._deck.scene.board.traces[key].title
        return Place("trace", f"{short_id(key)}  {safe(title, 120)}", key)

    def _by_id(self, end: str) -> list[Place]:
        if len(end) < _SHORTEST_ID:
            return []
        board = self._deck.scene.board
        with self._deck.session.lock:
            auctions = [key for key in board.auction_order[-_BY_ID:] if key.endswith(end)]
            traces = [key for key in board.trace_order[-_BY_ID:] if key.endswith(end)]
            known = {*board.auction_order[-_LISTED:], *board.trace_order[-_LISTED:]}
            return [
                *(self._auction(key) for key in auctions[-_OFFERED:] if key not in known),
                *(self._trace(key) for key in traces[-_OFFERED:] if key not in known),
            ]

    def _go(self, place: Place) -> None:
        stage = self._deck.stage
        if place.kind == "mark":
            stage.go("signals", "signals", place.key)
        elif place.kind == "participant":
            stage.go("registry", "registry", place.key)
        elif place.kind == "auction":
            stage.go("auctions", "auctions", place.key)
        else:
            stage.go("traces", "traces", place.key)


def _display(place: Place) -> Content:
    return Content.assemble((pad(place.kind, _KIND_CELLS), "$dim"), place.name)
