"""What a received Signal sets in motion: reactions by type, in protocol order, as data (PROTOCOL 6.20)."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from cosmo_sdk.clock import Clock
from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType

logger = logging.getLogger("cosmo_sdk.dendrite")

Reaction = Callable[[Signal], Literal["done"] | None]
"""Looks at a Signal and returns at once; waiting work is spawned. `done` ends the walk."""

ONCE_S = 60.0
"""How long a repeated event id is recognised, seconds (PROTOCOL 3.3)."""

ONCE_LIMIT = 65_536

RUN_ONCE = frozenset({SignalType.TASK, SignalType.TASK_AWARDED, SignalType.IMPRINT, SignalType.STOP})
"""Types that act: a duplicate must not act again."""


class Inbound:
    """Walks a Signal through its reactions. A plain function per Signal: order is the order of arrival.

    Args:
        clock: ages the memory of ids.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reactions: dict[SignalType, list[Reaction]] = {type: [] for type in SignalType}
        self._seen: OrderedDict[str, float] = OrderedDict()
        self.duplicates = 0
        """Signals that were dropped because their id had acted already."""
        self.again: dict[SignalType, Reaction] = {}
        """By type: what a duplicate sets in motion instead. Nothing, for most."""

    def react(self, types: frozenset[SignalType] | set[SignalType], reaction: Reaction) -> None:
        """Add a reaction, behind the ones added before."""
        for type in types:
            self._reactions[type].append(reaction)

    def receive(self, signal: Signal) -> None:
        """Walk a Signal through its reactions. One that fails is logged, and the walk goes on."""
        reactions = self._reactions[signal.type]
        if signal.type in RUN_ONCE and self.repeated(signal):
            again = self.again.get(signal.type)
            reactions = [] if again is None else [again]
        for reaction in reactions:
            try:
                if reaction(signal) == "done":
                    return
            except Exception:
                name = getattr(reaction, "__qualname__", repr(reaction))
                logger.exception("%s failed on %s %s", name, signal.type, signal.id)

    def repeated(self, signal: Signal) -> bool:
        """Whether a Signal with this id has come within the last minute. From now on it has."""
        id = signal.id
        now = self._clock.monotonic()
        seen = self._seen
        while seen:
            oldest, until = next(iter(seen.items()))
            if until > now and len(seen) < ONCE_LIMIT:
                break
            del seen[oldest]
        if id in seen:
            self.duplicates += 1
            return True
        seen[id] = now + ONCE_S
        return False
