"""What winners promised against what they delivered.

Delivered means: the time from the award to the FINAL where the award asks for one, else to the AGENT_OUTPUT; the cost
that the answer reports, if it does; and whether it was an answer at all, not an ERROR. Who asks a question meanwhile is
not measured in time: the wait for the answer is not the winner's.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from cosmo_doppler.model.market.record import BUCKETS, Calibration, Promise, Record
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.wording import finite

MOST_BIDDERS = 1_000
"""Bidders told apart; further ones are counted together under `OTHERS`."""

OTHERS = "(others)"

MOST_PROMISES = 20_000
"""Awards waited on at a time; beyond that the oldest are given up, counted in `Honesty.given_up`."""

_COST_KEYS = ("cost", "cost_usd", "total_cost", "cosmo.cost")
_COST = b"cost"
"""What all of these contain: an answer without it is not read."""


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

    def saw(self, seen: Observed) -> None:
        """Something came that may end, or interrupt, the work on an award."""
        header = seen.header
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
            self._deliver(promise, seen)

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

    def _deliver(self, promise: Promise, seen: Observed) -> None:
        record = self._record(promise.neuron)
        taken = max(0.0, seen.at - promise.at)
        if not promise.asked:
            record.took.add(taken)
            if promise.eta_ms is not None and promise.eta_ms > 0:
                eta = promise.eta_ms / 1000
                record.timed += 1
                record.late += taken > eta
                record.on_time += min(1.0, eta / taken) if taken else 1.0
                record.slack.add(taken / eta)
        spent = reported_cost(seen)
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


def reported_cost(seen: Observed) -> float | None:
    """What an answer says it cost: in its meta, its output, or the `usage` of that; None when it does not say."""
    if _COST not in bytes(seen.header.payload) and not seen.header.mentions(_COST):
        return None
    payload = seen.payload
    answer = payload.get("output", payload.get("result"))
    places: list[Any] = [seen.meta, answer]
    if isinstance(answer, dict):
        places.append(answer.get("usage"))
    for place in places:
        if not isinstance(place, dict):
            continue
        for key in _COST_KEYS:
            if key in place:
                cost = finite(place[key])
                if cost is not None and cost >= 0:
                    return cost
    return None
