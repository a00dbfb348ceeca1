"""Counts of what managers do. Called after the change is committed, and never in its way."""

from __future__ import annotations

import logging
import threading
from typing import Any, Protocol

_logger = logging.getLogger("cosmo_sdk.coordination")


class Collector(Protocol):
    """Where counts go: ours, or an adapter of prometheus_client or OpenTelemetry."""

    def inc(self, name: str, value: float = 1) -> None:
        """Add to a counter."""
        ...

    def gauge(self, name: str, value: float) -> None:
        """Set a gauge."""
        ...


class MetricsCollector:
    """Counters and gauges in memory. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[str, float] = {}
        self._gauges: dict[str, float] = {}

    def inc(self, name: str, value: float = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[name] = self._counters.get(name, 0) + value

    def gauge(self, name: str, value: float) -> None:
        """Set a gauge."""
        with self._lock:
            self._gauges[name] = value

    def snapshot(self) -> dict[str, float]:
        """Everything by name, as of now."""
        with self._lock:
            return {**self._counters, **self._gauges}

    def format_prometheus(self) -> str:
        """Everything in the text format of Prometheus."""
        with self._lock:
            kinds = [("counter", self._counters), ("gauge", self._gauges)]
            lines = [
                line
                for kind, values in kinds
                for name, value in sorted(values.items())
                for line in (f"# TYPE {name} {kind}", f"{name} {value:g}")
            ]
        return "".join(f"{line}\n" for line in lines)


class CoordinationMetrics:
    """What managers report, as counters and gauges of a collector.

    A manager looks each method up and passes over one that is missing, so a part of this may be given instead.

    Args:
        collector: has `inc(name, value)` and `gauge(name, value)`.
    """

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def _count(self, name: str, value: float = 1) -> None:
        self._collector.inc(f"{name}_total", value)

    def task_submitted(self) -> None:
        """A task was submitted."""
        self._count("task_submitted")

    def task_claimed(self) -> None:
        """An agent got a task."""
        self._count("task_claimed")

    def task_claim_lost(self) -> None:
        """An agent tried to get a task that somebody else has."""
        self._count("task_claim_lost")

    def task_completed(self) -> None:
        """A result was reported."""
        self._count("task_completed")

    def task_failed(self) -> None:
        """A task failed."""
        self._count("task_failed")

    def task_cancelled(self) -> None:
        """A task was cancelled."""
        self._count("task_cancelled")

    def task_released(self, count: int = 1) -> None:
        """Claims ended without a result."""
        self._count("task_released", count)

    def task_seconds(self, phase: str, seconds: float) -> None:
        """How long a task was `queued` or `held`; the sum, whose count is that of claims or ends."""
        self._count(f"task_{phase}_seconds", seconds)

    def pending_tasks(self, count: int) -> None:
        """How many tasks wait, as far as this process knows."""
        self._collector.gauge("pending_tasks", count)

    def pool_created(self) -> None:
        """A pool was created."""
        self._count("pool_created")

    def pool_join(self) -> None:
        """An agent joined a pool."""
        self._count("pool_join")

    def pool_leave(self) -> None:
        """An agent left a pool."""
        self._count("pool_leave")

    def pool_size(self, count: int) -> None:
        """Members of the pool that changed last."""
        self._collector.gauge("pool_size", count)

    def bid(self, accepted: bool, reason: str = "") -> None:
        """A bid was taken or refused."""
        self._count("bid_accepted" if accepted else f"bid_refused_{reason}")

    def auction_resolved(self, status: str) -> None:
        """An auction ended."""
        self._count(f"auction_{status}")

    def negotiation(self, state: str) -> None:
        """A negotiation came to a state."""
        self._count(f"negotiation_{state}")

    def vote_cast(self, accepted: bool) -> None:
        """A vote was taken or refused."""
        self._count("vote_cast" if accepted else "vote_refused")

    def vote_closed(self, status: str) -> None:
        """A vote was counted."""
        self._count(f"vote_closed_{status}")

    def delegation(self, event: str) -> None:
        """Authority was granted, revoked, expired or denied."""
        self._count(f"delegation_{event}")

    def unknown_id(self) -> None:
        """A call named something that does not exist."""
        self._count("unknown_id")

    def store_retry(self) -> None:
        """Somebody else wrote first, and the step was done again."""
        self._count("store_retry")

    def store_busy(self) -> None:
        """A step was given up because others kept writing."""
        self._count("store_busy")

    def mirror(self, what: str, count: int = 1) -> None:
        """Events were `published`, `dropped` or `failed` on their way to a bus, or `snapshots` are there."""
        self._count(f"mirror_{what}", count)


class Reporter:
    """Calls a metrics object, if there is one, and is stopped by nothing it does."""

    def __init__(self, metrics: Any = None) -> None:
        self.metrics = metrics
        self._told: set[type[Exception]] = set()

    def __call__(self, name: str, *values: Any) -> None:
        """Report one thing."""
        method = getattr(self.metrics, name, None)
        if method is not None:
            self.quietly(method, *values)

    def quietly(self, call: Any, *values: Any) -> None:
        """Call something whose failure is its own affair; each kind of failure is logged once."""
        try:
            call(*values)
        except Exception as error:
            if type(error) not in self._told:
                self._told.add(type(error))
                _logger.exception("%r failed after the change it was told of; that stands", call)
