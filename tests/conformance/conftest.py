"""What the conformance tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.interop.border import PeerRoom, peer_room
from tests.interop.peers import install
from tests.interop.versions import ABILITIES
from tests.sdk.dendrite.room import Room, open_room

LATEST = list(ABILITIES)[-1]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for a module: a peer's process serves many tests."""
    return "asyncio"


@pytest.fixture(scope="module")
async def latest(anyio_backend: str) -> AsyncIterator[PeerRoom]:
    """The latest released version, in a process that does what it is told."""
    async with peer_room(install(LATEST)) as room:
        yield room


@pytest.fixture
async def room(anyio_backend: str) -> AsyncIterator[Room]:
    """A bus in memory with a clock of its own."""
    async with open_room() as opened:
        yield opened
