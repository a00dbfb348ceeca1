"""The saved filters, to choose one by typing."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cosmo_doppler.tui.safe import pad, safe
from cosmo_doppler.tui.screens.saving import SavedFilterActions

_NAME_CELLS = 16


class SavedFilters(Provider):
    """Finds a filter by its name, or by what it says."""

    @property
    def _deck(self) -> SavedFilterActions:
        deck = self.screen
        assert isinstance(deck, SavedFilterActions)
        return deck

    async def discover(self) -> Hits:
        """All of them, by name."""
        for name, text in sorted(self._deck.scene.named().items()):
            yield DiscoveryHit(display(name, text), partial(self._deck.narrow, f"${name}"), f"${name}")

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, text in sorted(self._deck.scene.named().items()):
            score = max(matcher.match(f"${name}"), matcher.match(text) * 0.8)
            if score > 0:
                yield Hit(score, display(name, text), partial(self._deck.narrow, f"${name}"), f"${name}")


def display(name: str, text: str) -> Content:
    """A saved filter as lists show it."""
    return Content.assemble(pad(f"${name}", _NAME_CELLS), "  ", (safe(text, 200), "$dim"))
