"""The server's clock, without asking it each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

MEASURE_AGAIN_S = 10.0
"""Between questions what time it is."""

_QUESTION = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def _elapsed_s() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class ServerTime:
    """What time it is on a server, to about the time a question takes.

    Args:
        read: does something with a connection.
    """

    def __init__(self, read: Callable[[Callable[[Any], Any]], Any]) -> None:
        self._read = read
        # One object, so that threads see a pair that belongs together: when it was measured, and the time there less ours.
        self._measured: tuple[float, float] | None = None

    def now_ms(self) -> int:
        """Epoch milliseconds there."""
        measured = self._measured
        now = _elapsed_s()
        if measured is None or not 0 <= now - measured[0] < MEASURE_AGAIN_S:
            measured = self._measured = self._measure()
            now = _elapsed_s()
        return round(now * 1000 + measured[1])

    def _measure(self) -> tuple[float, float]:
        before = _elapsed_s()
        [there_ms] = self._read(lambda connection: connection.execute(_QUESTION).fetchone())
        after = _elapsed_s()
        return after, int(there_ms) - (before + after) / 2 * 1000
