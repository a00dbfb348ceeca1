"""Quantiles of a stream in bounded memory: counts in buckets that grow by a constant factor."""

from __future__ import annotations

import math
from math import ceil, log

_GROWTH = 1.04
"""Width of a bucket; a quantile is off by at most 2 % of its value."""

_LOG_GROWTH = math.log(_GROWTH)
_LOWEST = math.ceil(math.log(1e-6) / _LOG_GROWTH)
_HIGHEST = math.ceil(math.log(1e7) / _LOG_GROWTH)
"""Everything beyond a microsecond and four months falls into the outermost buckets, so there are at most 764."""

_BEYOND = 1e15

_MIDDLE = 2 / (1 + _GROWTH)


class Sketch:
    """How values are distributed. Exact: count, total, least, most. Within 2 %: quantiles."""

    __slots__ = ("_buckets", "count", "least", "most", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.least = math.inf
        self.most = 0.0
        self._buckets: dict[int, int] = {}

    def add(self, value: float) -> None:
        """Take in a value; negative ones count as 0, and what is beyond all measure as the largest there is."""
        if not 0.0 <= value <= _BEYOND:
            value = min(max(0.0, value), _BEYOND)
        self.count += 1
        self.total += value
        if value < self.least:
            self.least = value
        if value > self.most:
            self.most = value
        bucket = _LOWEST
        if value > 1e-6:
            bucket = ceil(log(value) / _LOG_GROWTH)
            if bucket > _HIGHEST:
                bucket = _HIGHEST
        buckets = self._buckets
        buckets[bucket] = buckets.get(bucket, 0) + 1

    @property
    def mean(self) -> float:
        """The average; 0 when there is no value."""
        return self.total / self.count if self.count else 0.0

    def quantile(self, share: float) -> float:
        """The value that `share` (0 to 1) of all values do not exceed; 0 when there is none."""
        if not self.count:
            return 0.0
        wanted = max(1, math.ceil(share * self.count))
        for bucket in sorted(self._buckets):
            wanted -= self._buckets[bucket]
            if wanted <= 0:
                value = 0.0 if bucket == _LOWEST else math.exp(bucket * _LOG_GROWTH) * _MIDDLE
                return min(max(value, self.least), self.most)
        return self.most

    def histogram(self, bins: int) -> list[int]:
        """How many values lie in each of `bins` steps from the least to the most, each step growing by one factor."""
        counts = [0] * bins
        if not self._buckets:
            return counts
        first, last = min(self._buckets), max(self._buckets)
        for bucket, count in self._buckets.items():
            counts[(bucket - first) * bins // (last - first + 1)] += count
        return counts
