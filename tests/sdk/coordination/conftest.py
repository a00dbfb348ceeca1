"""What the tests of coordination share: a clock that stands still, and a store of either kind."""

from __future__ import annotations

import pytest

from cosmo_sdk.coordination import ManualClock, MemoryStore, SqliteStore


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, clock):
    store = MemoryStore(clock) if request.param == "memory" else SqliteStore(tmp_path / "c.db", clock=clock)
    yield store
    store.close()


@pytest.fixture
def kinds(store):
    """The kinds of the events so far."""
    return lambda: [event.kind for _, event in store.events(0)]
