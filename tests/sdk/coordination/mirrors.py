"""What tests of mirrors give them."""

from __future__ import annotations

import asyncio

from cosmo_bus.backoff import Backoff

AT_ONCE = Backoff(first_s=0.005, longest_s=0.02)


class Failing:
    """Metrics that wait for a failure of the mirror."""

    def __init__(self):
        self.failed = asyncio.Event()

    def mirror(self, what, count):
        if what == "failed":
            self.failed.set()
