"""The sort menu: the orders of the focused list."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cosmo_doppler.tui.panes.ordered import Order
from cosmo_doppler.tui.screens.listing import ListActions


class Orders(Provider):
    """Lists the orders, the one in force marked."""

    async def discover(self) -> Hits:
        """All of them."""
        for name, order in self._all():
            yield DiscoveryHit(Content(name), partial(self._sort, order), name)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, order in self._all():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, Content(name), partial(self._sort, order), name)

    @property
    def _deck(self) -> ListActions:
        deck = self.screen
        assert isinstance(deck, ListActions)
        return deck

    def _all(self) -> list[tuple[str, Order | None]]:
        source = self._deck.sortable()
        if source is None:
            return []
        orders = [(source.usual, None), *((order.name, order) for order in source.orders)]
        return [
            (f"{name[:1].upper()}{name[1:]}{'  (now)' if order is source.order else ''}", order)
            for name, order in orders
        ]

    def _sort(self, order: Order | None) -> None:
        self._deck.sort(order)
