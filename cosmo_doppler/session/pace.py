"""How the engine shares its time between taking signals in, folding them, and leaving the processor to the screen.

Two threads compute in turns, so what one does not use the other one has. First comes what would be lost otherwise:
signals wait on the bus for a moment only, then they are dropped. What has been taken in can be folded later. And
while a person waits for the answer to a key, nothing but taking in goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

TICK_S = 1 / 60
"""Time between two turns of the engine while nothing waits to be folded."""

_FOLD_S = 0.008
"""Most time of a turn for folding."""

_LEAST_FOLD_S = 0.0005
"""Least time: the board falls behind rather than the bus dropping signals."""

_A_TURN = 400
"""Signals a turn may bring: when more come, turns get shorter by what they fold, so that sockets are looked at sooner."""

_SHORTER, _LONGER = 0.5, 1.25
"""What the time for folding is multiplied by after a turn that brought more, and after one that did not."""

_TAKE_IN_S = 0.1
"""Most time for taking in between two turns: where more comes than can be taken in, the board still moves."""

_POLITE_S = 0.008
"""Time between two turns while a person waits; what they fold is the least."""

_PATIENCE_S = 0.15
"""How long the engine makes way for one key at most, seconds."""


class Pace:
    """Says how long each turn may fold, and how long to rest after it.

    Args:
        clock: seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._polite_until = 0.0
        self._seen = 0
        self._fold_s = _FOLD_S

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
        longer = self._fold_s * (_SHORTER if came > _A_TURN else _LONGER)
        self._fold_s = min(_FOLD_S, max(_LEAST_FOLD_S, longer))
        return _LEAST_FOLD_S if self.polite else self._fold_s

    def rest_s(self, behind: bool) -> float:
        """How long to wait until the next turn, seconds.

        Args:
            behind: whether something is left to fold.
        """
        if not behind:
            return TICK_S
        return _POLITE_S if self.polite else 0.0

    async def take_in(self, count: Callable[[], int]) -> None:
        """Return when nothing more comes in: what waits outside goes before what waits to be folded.

        Args:
            count: how many signals have come in, in all.
        """
        enough = self._clock() + _TAKE_IN_S
        before = -1
        while (now := count()) != before and self._clock() < enough:
            before = now
            # A loop looks at its sockets once a turn, and reads them after whatever was due already.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
