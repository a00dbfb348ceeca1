"""The counts of a bus for Prometheus, as text over HTTP. Needs the extra `metrics`."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from cosmo_bus.errors import BusError
from cosmo_bus.hub import BusStatistics

if TYPE_CHECKING:
    from prometheus_client import Metric

PREFIX = "cosmo_bus_"

_ANSWER_S = 5.0
"""How long the bus may take to count, seconds."""

GAUGES = {
    "sessions": "Clients connected.",
    "subscriptions": "Subscriptions held.",
    "held": "Messages held by gates.",
}
"""What goes up and down."""

COUNTERS = {
    "published": "Messages accepted from clients.",
    "delivered": "Copies queued for clients.",
    "unheard": "Messages published while nobody was subscribed.",
    "skipped": "Copies not sent because the receiver cannot read a line that long.",
    "dropped": "Copies that observers lost because they did not keep up.",
    "evicted": "Clients disconnected because they did not read.",
    "lost": "Copies that waited for a client that was evicted or closed.",
    "refused": "Lines answered with an error.",
    "faults": "Messages that met a fault on demand.",
}
"""What only grows since the bus started."""


class MetricsError(BusError):
    """The metrics cannot be served."""


class MetricsServer:
    """Answers `GET /metrics` on a port of this machine, from a thread of its own, until closed.

    Args:
        statistics: the counts; called on the loop that made this object.
        port: TCP port; 0 picks a free one, see `port`.
        host: where to listen.

    Raises:
        MetricsError: the port is taken, or `prometheus-client` is not installed.
    """

    def __init__(self, statistics: Callable[[], BusStatistics], port: int, host: str = "127.0.0.1") -> None:
        try:
            from prometheus_client import start_http_server
            from prometheus_client.registry import CollectorRegistry
        except ImportError:
            raise MetricsError(
                "metrics need prometheus-client: pip install 'cosmo-doppler[metrics]'"
            ) from None
        self._statistics = statistics
        self._loop = asyncio.get_running_loop()
        registry = CollectorRegistry()
        registry.register(_Collector(self._collect))
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise MetricsError(f"metrics cannot be served on {host} port {port}: {error.strerror}") from None
        self.port = int(self._server.server_port)

    async def close(self) -> None:
        """Answer no more. Calling it again does nothing."""
        # In a thread: whoever asks just now waits for this loop.
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _collect(self) -> BusStatistics:
        """The counts, read on the loop they belong to."""
        counted: concurrent.futures.Future[BusStatistics] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(lambda: counted.set_result(self._statistics()))
        return counted.result(_ANSWER_S)


class _Collector:
    """What the registry asks for every time somebody looks."""

    def __init__(self, read: Callable[[], BusStatistics]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the bus need not be asked for what it counts."""
        return []

    def collect(self) -> Iterable[Metric]:
        """One metric for each count."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name, value in asdict(self._read()).items():
            if name in GAUGES:
                yield GaugeMetricFamily(PREFIX + name, GAUGES[name], value=value)
            elif name in COUNTERS:
                yield CounterMetricFamily(PREFIX + name, COUNTERS[name], value=value)
