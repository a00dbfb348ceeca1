"""Alerts: what a person wants to be told when a signal comes that an expression means. Live buses only.

Signals are tested as they arrive, also while the view is paused, in slices of a turn. What an expression asks about a trace
or an auction is asked at that moment. An alert rings once in a while at most and then says how often it would have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cosmo_doppler.config import AlertDeed
from cosmo_doppler.query import Filter, Known
from cosmo_doppler.query.sieve import Sieve
from cosmo_doppler.session import Session

RING_EVERY_S = 10.0
"""Between two rings of one alert, seconds."""

SLICE_S = 0.002
"""How long each turn tests signals for all alerts."""

_ROWS = 256
"""Rows between two looks at the clock."""


@dataclass(frozen=True)
class AlertRule:
    """One alert of the settings."""

    wanted: Filter
    deeds: tuple[AlertDeed, ...]


class Ring(NamedTuple):
    """An alert that rings now."""

    rule: AlertRule
    seq: int
    """The first of the signals it is about, as its position in the store."""
    times: int
    """Signals since it rang last."""


class _Watch:
    """One rule and how far it has looked."""

    def __init__(self, rule: AlertRule, position: int) -> None:
        self.rule = rule
        self.position = position
        self.first: int | None = None
        """The first signal that was not told yet."""
        self.count = 0
        self.rang_at = float("-inf")


class Alerts:
    """Tests what arrives at one session.

    Args:
        session: whose signals.
        rules: the alerts; what arrived before counts for none of them.
        clock: seconds that only grow.
    """

    def __init__(
        self, session: Session, rules: Sequence[AlertRule], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rules = tuple(rules)
        self._session = session
        self._clock = clock
        here = len(session.store)
        self._watches = [_Watch(rule, here) for rule in rules] if session.kind != "replay" else []

    def turn(self) -> list[Ring]:
        """Test some of what came, and return what rings. The session's lock must be held."""
        until = time.perf_counter() + SLICE_S
        for watch in self._watches:
            self._look(watch, until)
        now = self._clock()
        return [ring for watch in self._watches if (ring := _due(watch, now)) is not None]

    def _look(self, watch: _Watch, until: float) -> None:
        store, timeline = self._session.store, self._session.timeline
        end = len(store)
        if watch.position >= end:
            return
        sieve = Sieve(watch.rule.wanted, store, Known(timeline.board, timeline.now, self._session.marks))
        # One slice is always looked at, so that no rule keeps another one from its turn.
        while watch.position < end:
            last = min(end, watch.position + _ROWS)
            found = sieve.pick(watch.position, last)
            watch.position = last
            watch.count += len(found)
            if found and watch.first is None:
                watch.first = found[0]
            if time.perf_counter() >= until:
                return


def _due(watch: _Watch, now: float) -> Ring | None:
    if watch.first is None or now - watch.rang_at < RING_EVERY_S:
        return None
    ring = Ring(watch.rule, watch.first, watch.count)
    watch.first, watch.count, watch.rang_at = None, 0, now
    return ring
