"""Waiting before a return."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """How long to wait before each attempt to reconnect."""

    first_s: float = 0.1
    longest_s: float = 5.0
    jitter: float = 0.3
    """Each wait is made longer or shorter by up to this fraction, so that clients do not return all at once."""

    def delay(self, attempt: int) -> float:
        """Seconds before attempt number `attempt`, counted from 1."""
        steady = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        return steady * random.uniform(1 - self.jitter, 1 + self.jitter)
