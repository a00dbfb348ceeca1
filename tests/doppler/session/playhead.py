"""Timelines over a few signals, and the time that passes for them."""

from __future__ import annotations

from cosmo_doppler.session.timeline import Timeline
from cosmo_doppler.store import Store
from tests.doppler.model.folding import frame

AGES = 1e9
"""A budget that is never used up, seconds."""


class Wall:
    """The time of day, set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def stored(*times: float) -> Store:
    store = Store()
    for number, at in enumerate(times):
        store.append(at, "cosmonapse.dev.TASK", frame("TASK", str(number), trace=str(number), who="n"))
    return store


def replay(*times: float, speed: float = 1.0) -> Timeline:
    return Timeline(stored(*times), live=False, speed=speed)


def settle(timeline: Timeline, budget_s: float = AGES) -> int:
    """Pump until a jump is done, and say how often that took."""
    pumps = 0
    while timeline.seeking is not None:
        timeline.pump(0.0, budget_s)
        pumps += 1
    return pumps
