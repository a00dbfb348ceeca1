"""Released peers as fixtures."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from cosmo_bus.testing import running_bus
from tests.interop.border import Border, PeerRoom, peer_room
from tests.interop.peers import VERSIONS, Peer, install, install_nats
from tests.interop.versions import ABILITIES
from tests.nats_server import running_nats

_NAMESPACES = itertools.count(1)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for a module: a peer's process serves many tests."""
    return "asyncio"


@pytest.fixture(scope="session", params=VERSIONS)
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each released version in turn."""
    return install(request.param)


@pytest.fixture(scope="session")
def latest_peer() -> Peer:
    """The last released version."""
    return install(VERSIONS[-1])


@pytest.fixture(scope="module")
async def room(version: str, anyio_backend: str) -> AsyncIterator[PeerRoom]:
    """A process of a released version that does what it is told. `version` is a parameter of the tests."""
    async with peer_room(install(version)) as room:
        yield room


@pytest.fixture(scope="module")
async def bus_url(whose_bus: str, version: str, room: PeerRoom) -> AsyncIterator[str]:
    """A bus of ours, of theirs or of neither, as the parameter `whose_bus` says."""
    if whose_bus == "ours":
        async with running_bus() as bus:
            yield bus.url
    elif whose_bus == "nats":
        install_nats(install(version))
        with running_nats() as server:
            yield server.url
    else:
        yield await room.do("bus")


@pytest.fixture
async def border(version: str, bus_url: str, room: PeerRoom) -> AsyncIterator[Border]:
    """A namespace of its own for every conversation, left by everybody afterwards."""
    namespace = f"talk{next(_NAMESPACES)}"
    room.forget()
    async with AsyncExitStack() as stack:
        yield Border(version, bus_url, namespace, room, stack=stack)
    await room.do("leave", namespace=namespace)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that crosses a border runs for each version that is able to, on all buses."""
    if "border" not in metafunc.fixturenames:
        return
    needed = metafunc.definition.get_closest_marker("needs")
    able = [
        version
        for version, abilities in ABILITIES.items()
        if needed is None or getattr(abilities, needed.args[0])
    ]
    metafunc.parametrize("version", able, scope="module")
    metafunc.parametrize("whose_bus", ["ours", "theirs", "nats"], scope="module")
