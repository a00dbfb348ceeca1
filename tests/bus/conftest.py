"""A bus, and those who speak to it by hand."""

from __future__ import annotations

import pytest

from cosmo_bus.testing import running_bus
from tests.bus.raw import raw_client


@pytest.fixture
async def bus():
    """A bus of this test's own."""
    async with running_bus() as server:
        yield server


@pytest.fixture
async def three(bus):
    """An owner, a publisher, a subscriber."""
    async with (
        raw_client(bus.port) as owner,
        raw_client(bus.port) as publisher,
        raw_client(bus.port) as subscriber,
    ):
        await subscriber.subscribe("cosmonapse.dev.>")
        yield owner, publisher, subscriber
