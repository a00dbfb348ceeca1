"""Fixtures of the Dendrite tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sdk.dendrite.room import Room, open_room


@pytest.fixture
async def room(anyio_backend: str) -> AsyncIterator[Room]:
    async with open_room() as opened:
        yield opened
