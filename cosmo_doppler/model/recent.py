"""A memory of the latest: a dict that forgets what it has known for longest."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from cosmo_doppler.model.lasting import Table

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The latest `most` entries.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.entries: Table[K, V] = Table()
        """What is known, the oldest first. To be looked at; only `put` and `pop` change it."""
        self.forgotten = 0
        """Entries that went because there were too many."""

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def __iter__(self) -> Iterator[K]:
        return iter(self.entries)

    def get(self, key: K) -> V | None:
        """What is known under a key."""
        return self.entries.get(key)

    def put(self, key: K, value: V) -> V | None:
        """Remember. A known key keeps its age.

        Returns:
            What had to go for it.
        """
        entries = self.entries
        # That only adds an entry, which tables let pass.
        if entries.setdefault(key, value) is not value:
            entries[key] = value
        if len(entries) <= self._most:
            return None
        self.forgotten += 1
        gone: V = entries.pop(next(iter(entries)))
        return gone

    def pop(self, key: K) -> V | None:
        """Forget."""
        if key not in self.entries:
            return None
        gone: V = self.entries.pop(key)
        return gone
