"""What the tests on NATS share: a server, and synapses on it."""

from __future__ import annotations

import pytest

from cosmo_sdk.synapse import Synapse, connect_synapse
from tests.nats_server import RunningServer, running_nats


@pytest.fixture(scope="session")
def server():
    """A server for all tests of this process."""
    with running_nats() as server:
        yield server


@pytest.fixture
async def join(server: RunningServer):
    """Opens a synapse on it, another one each time."""
    opened: list[Synapse] = []

    async def another() -> Synapse:
        opened.append(await connect_synapse(server.url))
        return opened[-1]

    yield another
    for synapse in opened:
        await synapse.close()
