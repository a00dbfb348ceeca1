"""One bidder's record: what it promised, and how much of it came true."""

from __future__ import annotations

from typing import NamedTuple

from cosmo_doppler.model.sketch import Sketch

BUCKETS = 10
"""Parts of the scale from 0 to 1 in which confidence is held against success."""


class Promise:
    """What a winner said, and since when it is at work."""

    __slots__ = ("asked", "at", "award_id", "confidence", "cost", "eta_ms", "finalize", "neuron", "trace_id")

    def __init__(
        self,
        award_id: str,
        trace_id: str,
        neuron: str,
        at: float,
        *,
        cost: float | None,
        eta_ms: float | None,
        confidence: float | None,
        finalize: bool,
    ) -> None:
        self.award_id = award_id
        self.trace_id = trace_id
        self.neuron = neuron
        self.at = at
        self.cost = cost
        self.eta_ms = eta_ms
        self.confidence = confidence
        self.finalize = finalize
        self.asked = False
        """It asked somebody a question meanwhile."""


class Calibration(NamedTuple):
    """Winning bids that said about the same confidence."""

    least: float
    most: float
    promises: int
    kept: int
    """How many of them were answered without an ERROR."""


class Record:
    """One bidder's promises and deliveries."""

    __slots__ = (
        "buckets",
        "costs",
        "delivered",
        "failed",
        "late",
        "on_time",
        "over_cost",
        "said",
        "slack",
        "timed",
        "took",
        "wins",
        "within_cost",
    )

    def __init__(self) -> None:
        self.wins = 0
        self.delivered = 0
        """Answers that came."""
        self.failed = 0
        """ERRORs, and awards that had to pass on to somebody else."""
        self.took = Sketch()
        """Seconds from award to answer."""
        self.slack = Sketch()
        """Time taken as a multiple of the time promised."""
        self.timed = 0
        """Answers held against a promised time."""
        self.late = 0
        """Those among them that took longer than promised."""
        self.on_time = 0.0
        """Sum of promised / taken, each at most 1."""
        self.costs = 0
        """Answers whose reported cost was held against the price."""
        self.within_cost = 0.0
        """Sum of price / reported cost, each at most 1."""
        self.over_cost = Sketch()
        """Reported cost as a multiple of the price."""
        self.said = 0.0
        """Sum of the confidences of what was answered or failed."""
        self.buckets = [[0, 0] for _ in range(BUCKETS)]
        """By confidence: promises, and those kept."""

    @property
    def judged(self) -> int:
        """Promises whose end is known."""
        return self.delivered + self.failed

    @property
    def sure(self) -> int:
        """Those among them that named a confidence."""
        return sum(promises for promises, _ in self.buckets)

    @property
    def confidence(self) -> float | None:
        """The confidence it says on average; None when it never says one."""
        return self.said / self.sure if self.sure else None

    @property
    def success(self) -> float | None:
        """The share of promises that were answered at all, 0 to 1; None before the first."""
        return self.delivered / self.judged if self.judged else None

    @property
    def overconfidence(self) -> float | None:
        """Confidence said less success had, over the same promises; above 0 promises too much."""
        if not self.sure:
            return None
        return (self.said - sum(kept for _, kept in self.buckets)) / self.sure

    @property
    def honesty(self) -> float | None:
        """How far promises are kept, 0 to 1: the mean of time, price and success; None before the first delivery."""
        if not self.judged:
            return None
        parts = [self.delivered / self.judged]
        if self.timed:
            parts.append(self.on_time / self.timed)
        if self.costs:
            parts.append(self.within_cost / self.costs)
        return sum(parts) / len(parts)
