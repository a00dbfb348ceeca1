"""Waiting for what another thread or another process does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from cosmo_doppler.model.board import Board
from cosmo_doppler.session import Session

PATIENCE_S = 45.0


async def until(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE_S):
        # The condition is about another thread: there is no event of this loop to wait for.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def until_shown(session: Session, condition: Callable[[Board], object]) -> None:
    """Return as soon as the board of a session that runs by itself shows it."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert session.failure is None
        with session.lock:
            if condition(session.timeline.board):
                return
            seen = dict(session.timeline.board.types)
        assert time.monotonic() < deadline, f"it never happened; seen: {seen}"
        time.sleep(0.02)
