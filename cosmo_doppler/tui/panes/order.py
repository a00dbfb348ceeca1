"""Rows that come newest first out of a list that grows at its end."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.cache import FIFOCache

from cosmo_doppler.tui.widgets.source import find_near


class NewestFirst:
    """Turns places in a list by arrival into rows, newest first, remembering where it last found a key."""

    def __init__(self) -> None:
        self._places: FIFOCache[Hashable, int] = FIFOCache(16)

    def key(self, keys: Sequence[str], row: int) -> str:
        """The key of a row."""
        return keys[len(keys) - 1 - row]

    def row(self, keys: Sequence[str], key: Hashable) -> int | None:
        """The row of a key, or None when it is gone."""
        place = find_near(keys, key, self._places.get(key, len(keys) - 1))
        if place is None:
            return None
        self._places[key] = place
        return len(keys) - 1 - place
