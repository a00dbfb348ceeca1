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


class Places:
    """Peers and buses, opened when first needed and kept to the end of the module, in whatever order tests come."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._rooms: dict[str, PeerRoom] = {}
        self._urls: dict[str, str] = {}
        self._nats: set[str] = set()
        """The versions that are known to have what it takes to speak to NATS."""

    async def room(self, version: str) -> PeerRoom:
        """The process of a released version."""
        if version not in self._rooms:
            self._rooms[version] = await self._stack.enter_async_context(peer_room(install(version)))
        return self._rooms[version]

    async def url(self, whose: str, version: str) -> str:
        """A bus of ours, of this version, or NATS."""
        if whose == "nats" and version not in self._nats:
            install_nats(install(version))
            self._nats.add(version)
        key = f"{whose} {version}" if whose == "theirs" else whose
        if key not in self._urls:
            self._urls[key] = await self._open(whose, version)
        return self._urls[key]

    async def _open(self, whose: str, version: str) -> str:
        if whose == "ours":
            return (await self._stack.enter_async_context(running_bus())).url
        if whose == "nats":
            return self._stack.enter_context(running_nats()).url
        return str(await (await self.room(version)).do("bus"))


@pytest.fixture(scope="module")
async def places(anyio_backend: str) -> AsyncIterator[Places]:
    """What the tests of a module share."""
    async with AsyncExitStack() as stack:
        yield Places(stack)


@pytest.fixture
async def room(version: str, places: Places) -> PeerRoom:
    """A process of a released version that does what it is told. `version` is a parameter of the tests."""
    return await places.room(version)


@pytest.fixture
async def border(version: str, whose_bus: str, room: PeerRoom, places: Places) -> AsyncIterator[Border]:
    """A namespace of its own for every conversation, left by everybody afterwards."""
    url = await places.url(whose_bus, version)
    namespace = f"talk{next(_NAMESPACES)}"
    room.forget()
    async with AsyncExitStack() as stack:
        yield Border(version, url, namespace, room, stack=stack)
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
    metafunc.parametrize("version", able)
    metafunc.parametrize("whose_bus", ["ours", "theirs", "nats"])
