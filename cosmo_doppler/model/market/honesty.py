"""What winners promised against what they delivered.

Delivered means: the time from the award to the FINAL where the award asks for one, else to the AGENT_OUTPUT; the cost
that the answer reports, if it does; and whether it was an answer at all, not an ERROR. Who asks a question meanwhile is
not measured in time: the wait for the answer is not the winner's.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from cosmo_doppler.model.sketch import Sketch
from cosmo_doppler.model.wording import finite
from cosmo_sdk.header import Header

MOST_BIDDERS = 1_000
"""Bidders told apart; further ones are counted together under `OTHERS`."""

OTHERS = "(others)"

MOST_PROMISES = 20_000
"""Awards waited on at a time; beyond that the oldest are given up, counted in `Honesty.given_up`."""

BUCKETS = 10
"""Parts of the scale from 0 to 1 in which confidence is held against success."""

_COST_KEYS = ("cost", "cost_usd", "total_cost", "cosmo.cost")


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


class Honesty:
    """Every bidder's record, kept up to date."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        """By bidder, as they first won."""
        self.revision = 0
        """Grows with every promise made, kept or broken."""
        self.given_up = 0
        """Promises that were dropped because too many waited."""
        self._waiting: OrderedDict[str, Promise] = OrderedDict()
        self._at_work: dict[tuple[str, str], str] = {}

    def of(self, neuron: str) -> float | None:
        """How honest a bidder is, 0 to 1; None when nothing is known."""
        record = self.records.get(neuron)
        return record.honesty if record is not None else None

    def promised(self, promise: Promise, *, instead_of: str = "") -> None:
        """Work was awarded.

        Args:
            promise: what the winner said.
            instead_of: the award that this one takes the place of, which is broken thereby.
        """
        broken = self._waiting.get(instead_of) if instead_of else None
        if broken is not None:
            self._end(broken, kept=False)
        self.revision += 1
        self._record(promise.neuron).wins += 1
        if len(self._waiting) >= MOST_PROMISES:
            self.given_up += 1
            self._forget(next(iter(self._waiting.values())))
        self._waiting[promise.award_id] = promise
        self._at_work[promise.trace_id, promise.neuron] = promise.award_id

    def saw(self, header: Header, at: float) -> None:
        """Something came that may end, or interrupt, the work on an award."""
        promise = self._waiting.get(header.parent_id or "")
        if promise is None:
            # Released workers answer under a task id that never crossed the bus.
            promise = self._waiting.get(self._at_work.get((header.trace_id, header.who), ""))
        if promise is None:
            return
        if header.type in ("CLARIFICATION", "PERMISSION"):
            promise.asked = True
        elif header.type == "ERROR":
            self._end(promise, kept=False)
        elif header.type == "FINAL" or not promise.finalize:
            self._deliver(promise, header, at)

    def ranked(self, least: int = 1) -> list[tuple[str, Record]]:
        """Bidders with at least so many promises judged, those that keep the least of them first."""
        judged = [
            (record.honesty, -record.judged, name, record)
            for name, record in self.records.items()
            if record.honesty is not None and record.judged >= least
        ]
        return [(name, record) for _, _, name, record in sorted(judged, key=lambda each: each[:3])]

    def calibration(self) -> list[Calibration]:
        """Confidence against success over all bidders, by tenths; tenths nobody said are left out."""
        sums = [[0, 0] for _ in range(BUCKETS)]
        for record in self.records.values():
            for sum_, (promises, kept) in zip(sums, record.buckets, strict=True):
                sum_[0] += promises
                sum_[1] += kept
        return [
            Calibration(index / BUCKETS, (index + 1) / BUCKETS, promises, kept)
            for index, (promises, kept) in enumerate(sums)
            if promises
        ]

    def _deliver(self, promise: Promise, header: Header, at: float) -> None:
        record = self._record(promise.neuron)
        taken = max(0.0, at - promise.at)
        if not promise.asked:
            record.took.add(taken)
            if promise.eta_ms is not None and promise.eta_ms > 0:
                eta = promise.eta_ms / 1000
                record.timed += 1
                record.late += taken > eta
                record.on_time += min(1.0, eta / taken) if taken else 1.0
                record.slack.add(taken / eta)
        spent = reported_cost(header)
        if spent is not None and promise.cost is not None:
            record.costs += 1
            record.within_cost += 1.0 if spent <= promise.cost else promise.cost / spent
            if promise.cost > 0:
                record.over_cost.add(spent / promise.cost)
        self._end(promise, kept=True)

    def _end(self, promise: Promise, *, kept: bool) -> None:
        self.revision += 1
        record = self._record(promise.neuron)
        if kept:
            record.delivered += 1
        else:
            record.failed += 1
        if promise.confidence is not None and 0 <= promise.confidence <= 1:
            bucket = record.buckets[min(BUCKETS - 1, int(promise.confidence * BUCKETS))]
            bucket[0] += 1
            bucket[1] += kept
            record.said += promise.confidence
        self._forget(promise)

    def _forget(self, promise: Promise) -> None:
        del self._waiting[promise.award_id]
        place = (promise.trace_id, promise.neuron)
        if self._at_work.get(place) == promise.award_id:
            del self._at_work[place]

    def _record(self, neuron: str) -> Record:
        record = self.records.get(neuron)
        if record is None:
            if len(self.records) >= MOST_BIDDERS:
                neuron = OTHERS
            record = self.records.setdefault(neuron, Record())
        return record


def reported_cost(header: Header) -> float | None:
    """What an answer says it cost: in its meta, its output, or the `usage` of that; None when it does not say."""
    payload = header.read_payload()
    answer = payload.get("output", payload.get("result"))
    places: list[Any] = [header.read_meta(), answer]
    if isinstance(answer, dict):
        places.append(answer.get("usage"))
    for place in places:
        if not isinstance(place, dict):
            continue
        for key in _COST_KEYS:
            cost = finite(place.get(key))
            if cost is not None and cost >= 0:
                return cost
    return None
