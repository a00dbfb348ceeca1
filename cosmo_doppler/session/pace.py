"""How the engine shares its time between taking signals in, folding them, and leaving the processor to the screen.

Two threads compute in turns, so what one does not use the other one has. First comes what would be lost otherwise:
signals wait on the bus for a moment only, then they are dropped. What has been taken in can be folded later. And
while a person waits for the answer to a key, nothing but taking in goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable

TICK_S = 1 / 60
"""Time between two turns of the engine while nothing waits to be folded."""

_BREATH_S = 0.001
"""The same while something does: sockets, and whoever waits for the lock, get their turn even then."""

_FOLD_S = 0.008
"""Most time of a turn for folding."""

_PRESSED_S = 0.001
"""The same while signals press in: the board falls behind rather than the bus dropping them."""

_PRESSING = 200
"""Signals that came within one turn mean that more of them wait outside."""

_POLITE_FOLD_S = 0.0005
_POLITE_S = 0.008
"""Folding, and time between two turns, while a person waits."""

_PATIENCE_S = 0.15
"""How long the engine makes way for one key at most, seconds."""


class Pace:
    """Says how long each turn may fold, and how long to rest after it.

    Args:
        clock: seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen = 0
        self._polite_until = 0.0

    def make_way(self) -> None:
        """A person waits for the screen. May be called from any thread."""
        self._polite_until = self._clock() + _PATIENCE_S

    @property
    def polite(self) -> bool:
        """Whether a person waits just now."""
        return self._clock() < self._polite_until

    def fold_s(self, signals: int) -> float:
        """How long this turn may fold, seconds.

        Args:
            signals: how many have come in, in all.
        """
        came, self._seen = signals - self._seen, signals
        if self.polite:
            return _POLITE_FOLD_S
        return _PRESSED_S if came >= _PRESSING else _FOLD_S

    def rest_s(self, behind: bool) -> float:
        """How long to wait until the next turn, seconds.

        Args:
            behind: whether something is left to fold.
        """
        if not behind:
            return TICK_S
        return _POLITE_S if self.polite else _BREATH_S
