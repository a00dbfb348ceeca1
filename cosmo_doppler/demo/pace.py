"""How fast the demo lives, and its dice."""

from __future__ import annotations

import asyncio
import random


class Pace:
    """Stretches or squeezes every wait of the demo by one factor.

    Args:
        scale: 1.0 is calm enough to follow by eye; tests go faster.
        seed: the same seed makes the same choices.
    """

    def __init__(self, scale: float = 1.0, seed: int | None = None) -> None:
        self.scale = scale
        self.dice = random.Random(seed)

    def seconds(self, usual: float) -> float:
        """A span of `usual` seconds at this pace."""
        return usual * self.scale

    def milliseconds(self, usual: int) -> int:
        """A span of `usual` milliseconds at this pace; at least 40, or no bid would make it."""
        return max(40, round(usual * self.scale))

    async def wait(self, usual: float) -> None:
        """Wait about `usual` seconds: nobody takes exactly as long every time."""
        await asyncio.sleep(self.seconds(usual) * self.dice.uniform(0.8, 1.25))
