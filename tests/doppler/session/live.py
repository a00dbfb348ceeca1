"""A session that watches a bus."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from cosmo_doppler.session import Session
from cosmo_doppler.session.live import BusSource, open_live


@asynccontextmanager
async def watching(url: str, **options):
    """A live session whose engine runs."""
    session = open_live(url, "dev", **options)
    session.source = BusSource(url, "dev", retry_s=0.02)
    session.start()
    try:
        yield session
    finally:
        await asyncio.to_thread(session.stop)
    assert session.failure is None


def is_live(session: Session) -> bool:
    return session.status().state == "live"
