"""Stores as their mirrors show them: how far each is told, and what of it never came."""

from __future__ import annotations

MOST_GAPS = 32
"""Gaps of a store that are remembered, so that what comes late can fill them."""


class SeenStore:
    """A store of which a mirror tells."""

    __slots__ = ("at", "gaps", "id", "missing", "rev")

    def __init__(self, id: str, rev: int, at: float) -> None:
        self.id = id
        self.rev = rev
        """The latest event that was heard of."""
        self.at = at
        """When something was heard last, epoch seconds."""
        self.gaps: list[tuple[int, int]] = []
        """First and last of events that were skipped."""
        self.missing = 0
        """Events that were skipped and have not come since."""

    def hear(self, rev: int, at: float) -> int:
        """An event was told.

        Returns:
            How many were skipped before it.
        """
        self.at = at
        if rev > self.rev:
            skipped = rev - self.rev - 1
            if skipped:
                self.missing += skipped
                self.gaps = [*self.gaps, (self.rev + 1, rev - 1)][-MOST_GAPS:]
            self.rev = rev
            return skipped
        self._fill(rev)
        return 0

    def _fill(self, rev: int) -> None:
        for place, (first, last) in enumerate(self.gaps):
            if first <= rev <= last:
                self.missing -= 1
                parts = [(first, rev - 1), (rev + 1, last)]
                rest = [part for part in parts if part[0] <= part[1]]
                self.gaps = [*self.gaps[:place], *rest, *self.gaps[place + 1 :]][-MOST_GAPS:]
                return
