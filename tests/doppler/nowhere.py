"""A source that says nothing."""

from __future__ import annotations

import asyncio

from cosmo_doppler.session import Session


class Nowhere:
    """Waits until its session ends; what comes, a test brings."""

    async def run(self, session: Session) -> None:
        await asyncio.Event().wait()
