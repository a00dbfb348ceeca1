"""Released peers as fixtures."""

from __future__ import annotations

import pytest

from tests.interop.peers import VERSIONS, Peer, install


@pytest.fixture(scope="session", params=VERSIONS)
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each released version in turn."""
    return install(request.param)


@pytest.fixture(scope="session")
def latest_peer() -> Peer:
    """The last released version."""
    return install(VERSIONS[-1])
