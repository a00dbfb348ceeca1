"""What the tests of memories share."""

from __future__ import annotations

import pytest

from tests.sdk.engram.wire import Wire


@pytest.fixture
async def wire():
    """A bus of this test's own; the memories on it end with it."""
    wire = Wire()
    yield wire
    for memory in wire.memories:
        await memory.stop()
    await wire.synapse.close()
