"""Waiting for what another thread or another process does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        # The condition is about another thread: there is no event of this loop to wait for.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
