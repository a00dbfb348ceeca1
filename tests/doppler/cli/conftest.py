"""A bus for the commands to work on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doppler.cli.commands import bus_process


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bus in a process of its own, shared by the tests of a module."""
    with bus_process(tmp_path_factory.mktemp("bus"), "--quiet") as (_, url):
        yield url


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """A namespace no other test uses."""
    return f"t{abs(hash(request.node.nodeid)):x}"


@pytest.fixture
def nobody_there() -> str:
    """The URL of a port that nothing listens on: the discard port, which only root could open."""
    return "cosmo://127.0.0.1:9"
