"""Searching a store of any size in slices, so that whoever paints is never kept waiting."""

from __future__ import annotations

from cosmo_doppler.query.compiler import Query
from cosmo_doppler.query.rows import StoreRow
from cosmo_doppler.store import Store


class Search:
    """Looks at every row there was when it began, newest first.

    Args:
        query: what to look for.
        columns: the store. Rows that come later are not looked at: they are tested as they come.
    """

    def __init__(self, query: Query, columns: Store) -> None:
        self._matches = query.matches
        self._row = StoreRow(columns)
        self.total = self._left = len(columns)

    @property
    def done(self) -> bool:
        """Whether every row was looked at."""
        return self._left == 0

    @property
    def fraction(self) -> float:
        """How much was looked at, 0 to 1."""
        return 1.0 if self.total == 0 else 1 - self._left / self.total

    def step(self, budget: int) -> list[int]:
        """Look at so many more rows.

        Args:
            budget: rows; 2,000 take a few milliseconds.

        Returns:
            The numbers of those that match, newest first.
        """
        first = max(0, self._left - max(0, budget))
        hits = []
        row, matches = self._row, self._matches
        for seq in range(self._left - 1, first - 1, -1):
            row.move(seq)
            if matches(row):
                hits.append(seq)
        self._left = first
        return hits
